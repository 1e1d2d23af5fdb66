"""Compares the embedding speed of this library with its peers, on models in published shapes.

The weights are random, so the figures say nothing about retrieval. On one thread, speeds are texts
per second of processor time.
"""

import argparse
import signal
import sys
from pathlib import Path

import checkpoints
from comparison import LEAST_COSINE_RANDOM, Comparison
from contest import chosen, say
from default_model import fetch_model
from document import BENCHMARKS, write_between_markers
from graphs import prepare
from lineup import REFERENCE, Contender, Setup, for_large_models, lineup, reranking, with_graphs
from models_report import ModelsReport, load_runs, save_run
from report import Report
from texts import (
    CALIBRATION_LARGE,
    FULL_LARGE,
    QUICK_LARGE,
    RERANKED,
    TextSet,
    make_pairs,
    make_sets,
    open_tokenizer,
    write_texts,
)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("papers", type=Path, help="JSON lines with `title` and `abstract`, or .jsonl.gz")
    add(
        "--model",
        default=",".join(checkpoints.SHAPES),
        metavar="NAMES",
        help="models, separated by commas (%(default)s)",
    )
    add("--threads", default="1,2", metavar="NUMBERS", help="numbers of threads (%(default)s)")
    add("--rounds", type=int, help="turns of each contender on each set (5; quick: 2)")
    add("--only", metavar="NAMES", help="contenders, separated by commas")
    add("--seed", type=int, default=1, help="seed for the choice of papers")
    add("--quick", action="store_true", help="run on few texts, to test the setup")
    add("--checkpoints", type=Path, help="folder of the checkpoints (default: in the work folder)")
    add("--table", action="store_true", help="measure nothing, and format the saved results")
    add("--work", type=Path, required=True, help="folder for all generated files")
    add("--binaries", type=Path, required=True, help="folder of the programs built from `rust/`")
    return parser.parse_args()


class Models:
    """The models and the texts of a run."""

    def __init__(self, options: argparse.Namespace, work: Path):
        self.options = options
        self.work = work
        self.checkpoints = (options.checkpoints or work / "checkpoints").resolve()
        self.binaries = options.binaries.resolve()
        self.rounds = options.rounds or (2 if options.quick else 5)

    def measure(self, name: str) -> None:
        say(f"\n# {name}")
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        model = self.checkpoints / name
        papers = self.options.papers
        checkpoints.write(name, model, lambda: fetch_model(self.options.work), papers)
        reranks = checkpoints.SHAPES[name].pooling is None
        sets = self.pairs(model, folder) if reranks else self.sets(model, folder)
        for threads in map(int, self.options.threads.split(",")):
            setup = Setup(model, folder / "texts.json", threads)
            everyone = reranking(self.binaries) if reranks else self.embedding(threads, folder)
            able, failures = self.prepared(setup, chosen(everyone, self.options.only), folder)
            reference = next(one for one in everyone if one.name == REFERENCE)
            run = self.compare(setup, able, reference, sets, folder)
            run.failures |= failures
            save_run(folder, threads, self.rounds, sets, run)

    def sets(self, model: Path, folder: Path) -> dict[str, TextSet]:
        sizes = QUICK_LARGE if self.options.quick else FULL_LARGE
        tokenizer = open_tokenizer(model)
        sets, calibration = make_sets(
            self.options.papers, tokenizer, sizes, self.options.seed, CALIBRATION_LARGE
        )
        write_texts(folder / "texts.json", sets, calibration)
        return sets

    def pairs(self, model: Path, folder: Path) -> dict[str, TextSet]:
        count = 8 if self.options.quick else RERANKED
        sets = {"pairs": make_pairs(self.options.papers, model, count, self.options.seed)}
        write_texts(folder / "texts.json", sets, [])
        return sets

    def graphs(self, folder: Path) -> Path:
        return self.options.work.resolve() / "graphs-of-models" / folder.name

    def embedding(self, threads: int, folder: Path) -> list[Contender]:
        return for_large_models(lineup(self.graphs(folder), self.binaries), threads)

    def prepared(
        self, setup: Setup, contenders: list[Contender], folder: Path
    ) -> tuple[list[Contender], dict[str, str]]:
        """Returns the contenders whose models could be prepared, and the reasons for the others."""
        if not any(mode.graph for one in contenders for mode in one.modes):
            return contenders, {}
        say("preparing the models of the peers")
        prepare(setup, self.graphs(folder))
        return with_graphs(contenders, self.graphs(folder))

    def compare(
        self,
        setup: Setup,
        contenders: list[Contender],
        reference: Contender,
        sets: dict[str, TextSet],
        folder: Path,
    ) -> Comparison:
        say(f"\n{setup.threads} {'thread' if setup.threads == 1 else 'threads'}")
        cpu_time = setup.threads == 1
        run = Comparison(setup, contenders, sets, folder, LEAST_COSINE_RANDOM, cpu_time)
        run.make_references(reference)
        choices = {one.name: run.choose(one, None) for one in run.remaining()}
        for name, found in sets.items():
            say(f"\n{name}: {found.describe()}")
            run.measure(name, choices, self.rounds)
            say(Report(run.measured(), sets).times(name))
        return run


def main() -> None:
    # Exit through the context managers, which kill the stopped contenders.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    options = parse()
    names = options.model.split(",")
    for name in names:
        if name not in checkpoints.SHAPES:
            known = ", ".join(checkpoints.SHAPES)
            sys.exit(f"`{name}` is not a model, expected one or more of {known}")
    work = (options.work / ("models-quick" if options.quick else "models")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    if not options.table:
        models = Models(options, work)
        for name in names:
            models.measure(name)
    text = ModelsReport(load_runs(work, names)).text()
    say(f"\n{text}\n")
    if options.quick or options.only:
        say(f"{BENCHMARKS.name} is unchanged: this was not a full run")
    elif not write_between_markers(BENCHMARKS, "peers:models", text):
        say(f"{BENCHMARKS.name} has no markers for the table")


if __name__ == "__main__":
    main()
