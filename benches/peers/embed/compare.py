"""Compares the embedding speed of this repository's library with that of its peers.

Contenders are long-lived processes. One runs at a time while the others are stopped. They take
turns, round by round, so that a slow period of the machine affects all of them. The embeddings of
each contender are compared with those of sentence-transformers before it is timed.
"""

import argparse
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from comparison import Comparison
from contest import chosen, say
from default_model import fetch_model
from document import BENCHMARKS, write_between_markers
from graphs import prepare
from lineup import REFERENCE, Setup, lineup, with_graphs
from report import Report
from texts import FULL, QUICK, make_sets, open_tokenizer, write_texts


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add(
        "papers", type=Path, help="JSON lines with `title` and `abstract`, or .jsonl.gz"
    )
    add("--model", type=Path, help="folder of all-MiniLM-L6-v2")
    add("--threads", type=int, default=len(os.sched_getaffinity(0)))
    add("--rounds", type=int, help="turns of each contender on each set (7; quick: 2)")
    add("--only", metavar="NAMES", help="contenders, separated by commas")
    add("--seed", type=int, default=1, help="seed for the choice of papers")
    add(
        "--choices",
        type=Path,
        help="settings found by an earlier run: its choices.json",
    )
    add("--quick", action="store_true", help="run on few texts, to test the setup")
    add("--work", type=Path, required=True, help="folder for all generated files")
    add("--binaries", type=Path, required=True, help="folder of the programs built from `rust/`")
    return parser.parse_args()


def save(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=1, default=str) + "\n")


def main() -> None:
    # Exit through the context managers, which kill the stopped contenders.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    options = parse()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    model = (options.model or fetch_model(work)).resolve()
    rounds = options.rounds or (2 if options.quick else 7)

    sizes = QUICK if options.quick else FULL
    sets, calibration = make_sets(
        options.papers, open_tokenizer(model), sizes, options.seed
    )
    setup = Setup(model, work / "texts.json", options.threads)
    write_texts(setup.texts, sets, calibration)
    for name, found in sets.items():
        say(f"{name}: {found.describe()}")

    say("\npreparing the models of the peers")
    graphs = work / "graphs"
    prepare(setup, graphs)

    everyone, failures = with_graphs(lineup(graphs, options.binaries.resolve()), graphs)
    comparison = Comparison(setup, chosen(everyone, options.only), sets, work)
    comparison.failures |= failures
    say(f"\ncomputing the reference embeddings with {REFERENCE}")
    comparison.make_references(next(one for one in everyone if one.name == REFERENCE))

    say("\nchoosing settings")
    known = json.loads(options.choices.read_text()) if options.choices else {}
    choices = {}
    for contender in comparison.remaining():
        settings = comparison.choose(contender, known.get(contender.name))
        if settings:
            choices[contender.name] = settings
            words = (f"{name} {one.mode} {one.batch}" for name, one in settings.items())
            say(f"  {contender.name}: {', '.join(words)}")
    save(
        work / "choices.json",
        {
            contender: {name: asdict(one) for name, one in settings.items()}
            for contender, settings in choices.items()
        },
    )

    for name, found in sets.items():
        say(f"\n{name}: {found.describe()}")
        comparison.measure(name, choices, rounds)
        say(Report(comparison.measured(), sets).times(name))
    say("\nfirst embeddings")
    comparison.measure_first_embeddings(rounds)

    save(work / "results.json", [asdict(result) for result in comparison.measured()])
    report = Report(comparison.measured(), sets)
    text = report.text(options.threads, rounds, comparison.failures)
    say(f"\n{text}\n")
    if options.quick or options.only:
        say(f"{BENCHMARKS.name} is unchanged: this was not a full run")
    elif not write_between_markers(BENCHMARKS, "peers:embed", text):
        say(f"{BENCHMARKS.name} has no markers for the table")


if __name__ == "__main__":
    main()
