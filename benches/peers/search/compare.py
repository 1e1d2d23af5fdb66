"""Compares the speed of this repository's exact search with that of its peers.

Contenders are long-lived processes. One runs at a time while the others are stopped. They take
turns, round by round, so that a slow period of the machine affects all of them. The answers of each
contender are checked before it is timed.
"""

import argparse
import json
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from comparison import MOST, NEIGHBORS, Comparison
from contest import chosen, say
from document import BENCHMARKS, write_between_markers
from lineup import Setup, lineup
from report import Table, text
from rows import NEIGHBORS_MAX, Rows, Truth, random_rows

SIZES = [10_000, 100_000, 1_000_000]
QUICK_SIZES = [2_000]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("rows", type=Path, nargs="?", help="unit vectors: a .npy of float32 [n, dim]")
    add(
        "--random", action="store_true", help="also search Gaussian rows, or only these without ROWS"
    )
    add("--seed", type=int, default=1, help="seed of the Gaussian rows")
    add("--sizes", type=numbers, help="rows searched, separated by commas")
    add("--threads", type=int, default=2)
    add("--rounds", type=int, default=3, help="turns of each contender on each task")
    add("--only", metavar="NAMES", help="contenders, separated by commas")
    add("--hnsw-max", type=int, default=100_000, help="most rows in an HNSW graph")
    add("--quick", action="store_true", help="run on few rows, one round, to test the setup")
    add("--write", action="store_true", help=f"put the tables into {BENCHMARKS.name}")
    add("--work", type=Path, required=True, help="folder for all generated files")
    add("--binaries", type=Path, required=True, help="folder of the programs built from `rust/`")
    options = parser.parse_args()
    if options.rows is None and not options.random:
        parser.error("expected ROWS.npy or `--random`")
    return options


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def save(path: Path, tables: list[Table], options: argparse.Namespace) -> None:
    content = {"options": vars(options), "tables": [asdict(table) for table in tables]}
    path.write_text(json.dumps(content, indent=1, default=str) + "\n")


def main() -> None:
    # Exit through the context managers, which kill the stopped contenders.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    options = parse()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    wanted = options.sizes or (QUICK_SIZES if options.quick else SIZES)
    rounds = 1 if options.quick else options.rounds
    contenders = chosen(
        lineup(options.binaries.resolve(), options.hnsw_max), options.only
    )

    kinds = [Rows("Embeddings", options.rows.resolve())] if options.rows else []
    if options.random:
        say("generating random rows")
        kinds.append(random_rows(work, max(wanted), options.seed))
    tables: list[Table] = []
    for rows in kinds:
        rows.check()
        for count in rows.sizes(wanted):
            say(f"\n{rows.kind}, {count:,} rows: computing the correct answers")
            truths = {"queries": Truth(rows, count, MOST)}
            if count <= NEIGHBORS_MAX:
                truths["neighbors"] = Truth(rows, count, NEIGHBORS.k, neighbors=True)
            say("running the contenders")
            with tempfile.TemporaryDirectory(dir=work) as folder:
                setup = Setup(rows.path, count, options.threads, Path(folder))
                comparison = Comparison(setup, rows.kind, contenders)
                comparison.run(truths, rounds, work)
            tables.append(comparison.table)
            save(work / "results.json", tables, options)
            say(f"\n{comparison.table.text()}")

    found = text(tables, options.threads, rounds)
    say(f"\n\n{found}\n")
    if options.write and not write_between_markers(BENCHMARKS, "peers:search", found):
        say(f"{BENCHMARKS.name} has no markers for the tables")


if __name__ == "__main__":
    main()
