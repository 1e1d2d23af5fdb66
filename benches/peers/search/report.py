"""Measurements and their tables."""

from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median

from contest import OURS
from document import disturbance, failures, fill, machine, table
from lineup import Contender
from process import Turn
from rows import NEIGHBORS, QUERIES

PARTS = ("faiss-cpu", "usearch", "numpy", "torch", "hnswlib")
HEADINGS = (
    "",
    "one query, k = 10",
    "one query, k = 100",
    f"batch of {QUERIES}, k = 10",
    "neighbors of rows, k = 10",
    "recall@10",
)


@dataclass
class Result:
    """The measurements of one contender."""

    contender: Contender
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    recall: float | None = None

    def medians(self, task: str) -> list[float]:
        """Returns the median seconds of a search for each round."""
        return [median(turn.seconds) for turn in self.turns.get(task, [])]


@dataclass
class Table:
    """All results for one set of rows."""

    kind: str
    count: int
    results: dict[str, Result] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def fail(self, contender: Contender, error: Exception) -> None:
        """Removes a contender, together with its measurements."""
        self.failures[contender.name] = str(error)
        self.results.pop(contender.name, None)

    def ratio(self, result: Result, task: str) -> float | None:
        """Returns the contender's time divided by cognate's: the median over the rounds."""
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
            self.cell(result, "batch-10", queries_per_second),
            self.cell(result, "neighbors-10", rows_per_second),
            "exact" if result.contender.exact else f"{result.recall:.4f}",
        ]

    def text(self) -> str:
        of_tasks = (
            turns for result in self.results.values() for turns in result.turns.values()
        )
        disturbed = disturbance(turn for turns in of_tasks for turn in turns)
        blocks = [
            fill(f"{self.kind}, {self.count:,} rows. {disturbed}"),
            table(HEADINGS, map(self.row, self.results.values())),
        ]
        if self.failures:
            blocks.append(failures(self.failures))
        return "\n\n".join(blocks)


def text(tables: list[Table], threads: int, rounds: int) -> str:
    """Formats the tables, with the conditions of the measurement."""
    introduction = (
        f"Exact search of unit vectors with {threads} threads on {machine()}: the time of one "
        f"query, queries per second in a batch of {QUERIES}, and rows per second for finding the "
        f"neighbors of {NEIGHBORS:,} rows among all rows; medians of {rounds} alternating rounds. In "
        "brackets is the time divided by cognate's, above 1 if cognate is faster."
    )
    versions = ", ".join(f"{name} {version(name)}" for name in PARTS)
    blocks = [fill(introduction), fill(f"{versions}."), *(one.text() for one in tables)]
    return "\n\n".join(blocks)


def milliseconds(seconds: float) -> str:
    return f"{digits(seconds * 1e3)} ms"


def queries_per_second(seconds: float) -> str:
    return f"{digits(QUERIES / seconds)}/s"


def rows_per_second(seconds: float) -> str:
    return f"{digits(NEIGHBORS / seconds)}/s"


def digits(value: float) -> str:
    """Formats three significant digits, or all digits before the decimal point."""
    places = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{places}f}"
