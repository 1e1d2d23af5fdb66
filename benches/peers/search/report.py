"""What was measured, and the tables of it."""

from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median

from contest import OURS
from document import disturbance, failures, fill, machine, table
from lineup import Contender
from process import Turn
from rows import NEIGHBORS, QUERIES

PARTS = ("faiss-cpu", "usearch", "numpy", "torch", "hnswlib")
HEADS = (
    "",
    "one query, k = 10",
    "one query, k = 100",
    f"batch of {QUERIES}, k = 10",
    "neighbours of rows, k = 10",
    "recall@10",
)


@dataclass
class Result:
    """What was measured of one contender."""

    contender: Contender
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    recall: float | None = None

    def medians(self, task: str) -> list[float]:
        """Seconds of a search, round by round."""
        return [median(turn.seconds) for turn in self.turns.get(task, [])]


@dataclass
class Table:
    """All results for some rows."""

    kind: str
    count: int
    results: dict[str, Result] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def fail(self, contender: Contender, error: Exception) -> None:
        """Takes a contender out, and with it what was measured of it."""
        self.failures[contender.name] = str(error)
        self.results.pop(contender.name, None)

    def ratio(self, result: Result, task: str) -> float | None:
        """How often cognate's time goes into this one: the median of the rounds."""
        ours = self.results.get(OURS)
        if ours is None:
            return None
        pairs = zip(result.medians(task), ours.medians(task))
        return median(theirs / our for theirs, our in pairs)

    def cell(self, result: Result, task: str, show) -> str:
        times = result.medians(task)
        if not times:
            return "–"
        ratio = self.ratio(result, task)
        shown = show(median(times))
        return shown if ratio is None else f"{shown} ({ratio:.2f})"

    def row(self, result: Result) -> list[str]:
        return [
            result.contender.label,
            self.cell(result, "one-10", milliseconds),
            self.cell(result, "one-100", milliseconds),
            self.cell(result, "batch-10", queries_a_second),
            self.cell(result, "neighbors-10", rows_a_second),
            "exact" if result.contender.exact else f"{result.recall:.4f}",
        ]

    def text(self) -> str:
        of_tasks = (
            turns for result in self.results.values() for turns in result.turns.values()
        )
        disturbed = disturbance(turn for turns in of_tasks for turn in turns)
        blocks = [
            fill(f"{self.kind}, {self.count:,} rows. {disturbed}"),
            table(HEADS, map(self.row, self.results.values())),
        ]
        if self.failures:
            blocks.append(failures(self.failures))
        return "\n\n".join(blocks)


def text(tables: list[Table], threads: int, rounds: int) -> str:
    """The tables, with what one must know to read them."""
    introduction = (
        f"Exact search of unit vectors with {threads} threads on {machine()}: the time of one "
        f"query, queries a second in a batch of {QUERIES}, and rows a second whose neighbours "
        f"among all rows are found, measured over {NEIGHBORS:,} rows, medians of {rounds} "
        "alternating rounds; in brackets how many times as long it takes as cognate takes, above 1 where "
        "cognate is faster."
    )
    versions = ", ".join(f"{name} {version(name)}" for name in PARTS)
    blocks = [fill(introduction), fill(f"{versions}."), *(one.text() for one in tables)]
    return "\n\n".join(blocks)


def milliseconds(seconds: float) -> str:
    return f"{digits(seconds * 1e3)} ms"


def queries_a_second(seconds: float) -> str:
    return f"{digits(QUERIES / seconds)}/s"


def rows_a_second(seconds: float) -> str:
    return f"{digits(NEIGHBORS / seconds)}/s"


def digits(value: float) -> str:
    """Three figures, or all before the point."""
    places = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{places}f}"
