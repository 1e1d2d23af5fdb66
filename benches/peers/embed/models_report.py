"""Saves the measurements of each model, and formats the tables of all of them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from checkpoints import SHAPES
from comparison import Comparison
from contest import OURS
from document import disturbance, failures, fill, machine, table
from process import Turn
from report import mean_and_least, megabytes, versions
from texts import TextSet

# What the sets are called in the tables.
SETS = {"documents": "documents", "queries": "titles", "pairs": "pairs"}


@dataclass
class Run:
    """The measurements of one model with one number of threads."""

    model: str
    threads: int
    rounds: int
    # Descriptions and numbers of texts.
    sets: dict[str, tuple[str, int]]
    results: list[dict]
    failures: dict[str, str]

    def turns(self, result: dict, name: str) -> list[Turn]:
        return [Turn(**turn) for turn in result["turns"].get(name, [])]

    def all_turns(self) -> list[Turn]:
        return [
            turn
            for result in self.results
            for name in self.sets
            for turn in self.turns(result, name)
        ]

    def speed(self, result: dict, name: str) -> float:
        return self.sets[name][1] / median(turn.seconds for turn in self.turns(result, name))

    def fastest_peer(self, precision: str, name: str) -> dict | None:
        peers = [
            result
            for result in self.results
            if result["contender"]["label"] != OURS
            and result["contender"]["precision"] == precision
            and self.turns(result, name)
        ]
        return max(peers, key=lambda peer: self.speed(peer, name), default=None)

    def ours(self, precision: str) -> dict | None:
        return next(
            (
                result
                for result in self.results
                if result["contender"]["label"] == OURS
                and result["contender"]["precision"] == precision
            ),
            None,
        )

    def ratio(self, precision: str, of_peer: str, name: str) -> str:
        """Returns the median of our speed over the fastest peer's, of each round."""
        ours, peer = self.ours(precision), self.fastest_peer(of_peer, name)
        if not ours or not peer or not self.turns(ours, name):
            return "–"
        pairs = zip(self.turns(ours, name), self.turns(peer, name))
        ratio = median(their.seconds / our.seconds for our, their in pairs)
        return f"{ratio:.2f} ({peer['contender']['label']})"


def path_of(folder: Path, threads: int) -> Path:
    return folder / f"results-{threads}.json"


def save_run(
    folder: Path, threads: int, rounds: int, sets: dict[str, TextSet], run: Comparison
) -> None:
    described = {name: (found.describe(), len(found.texts)) for name, found in sets.items()}
    results = [asdict(result) for result in run.measured()]
    saved = Run(folder.name, threads, rounds, described, results, run.failures)
    path_of(folder, threads).write_text(json.dumps(asdict(saved), indent=1, default=str) + "\n")


def load_runs(work: Path, names: list[str]) -> list[Run]:
    paths = [path for name in names for path in sorted((work / name).glob("results-*.json"))]
    return [Run(**json.loads(path.read_text())) for path in paths]


class ModelsReport:
    def __init__(self, runs: list[Run]):
        self.runs = runs

    def text(self) -> str:
        """Formats the tables, with the conditions of the measurements."""
        rounds = sorted({run.rounds for run in self.runs})
        turns = [turn for run in self.runs for turn in run.all_turns()]
        blocks = [
            fill(
                "Models in the shapes of published ones, with random weights, on "
                f"{machine()}: texts per second, of processor time on one thread and of time on "
                f"more, medians of {' or '.join(map(str, rounds))} alternating rounds. The cosine "
                "is the one with sentence-transformers in f32 (for scores, their correlation); the "
                f"memory is the peak of a process that embedded the first set. {disturbance(turns)}"
            ),
            fill(f"{self.described()}."),
            fill(f"{versions()}."),
            self.speeds(),
            "Cognate's speed over that of the fastest peer, named in brackets; int8 over the "
            "fastest in int8, and over the fastest in f32:",
            self.ratios(),
        ]
        failed = {
            f"{SHAPES[run.model].label}: {name}": reason
            for run in self.runs
            for name, reason in run.failures.items()
        }
        if failed:
            blocks.append(failures(failed))
        return "\n\n".join(blocks)

    def described(self) -> str:
        sets = {}
        for run in self.runs:
            for name, (description, _) in run.sets.items():
                sets.setdefault(f"{SETS[name]} for {SHAPES[run.model].label}", description)
        return "; ".join(f"{name}: {description}" for name, description in sets.items())

    @staticmethod
    def speed(run: Run, result: dict, name: str) -> str:
        return f"{run.speed(result, name):.2f}" if run.turns(result, name) else "–"

    def speeds(self) -> str:
        rows = []
        for run in self.runs:
            for result in run.results:
                contender = result["contender"]
                cells = [SHAPES[run.model].label, str(run.threads)]
                cells += [contender["label"], contender["precision"]]
                speeds = [self.speed(run, result, name) for name in run.sets]
                cells += speeds + ["–"] * (2 - len(speeds))
                cells += [mean_and_least(result["cosines"]), megabytes(result["peak_memory"])]
                rows.append(cells)
        headings = ["model", "threads", "contender", "precision", "documents or pairs", "titles"]
        return table([*headings, "cosine: mean, least", "peak memory"], rows)

    def ratios(self) -> str:
        rows = []
        for run in self.runs:
            for ours, peer in [("f32", "f32"), ("int8", "int8"), ("int8", "f32")]:
                ratios = [run.ratio(ours, peer, name) for name in run.sets]
                if all(ratio == "–" for ratio in ratios):
                    continue
                cells = [SHAPES[run.model].label, str(run.threads), f"{ours} over {peer}"]
                rows.append(cells + ratios + ["–"] * (2 - len(ratios)))
        return table(["model", "threads", "precision", "documents or pairs", "titles"], rows)
