"""The tables, and their place in BENCHMARKS.md."""

import re
import textwrap
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

from lineup import HERE, OURS, Contender
from process import Turn
from rows import QUERIES

BENCHMARKS = HERE.parents[2] / "BENCHMARKS.md"
WIDTH = 100
FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "VNNI",
    "avx_vnni": "AVX-VNNI",
    "asimddp": "NEON with dot products",
}
PARTS = ("faiss-cpu", "usearch", "numpy", "torch", "hnswlib")
HEADS = (
    "",
    "one query, k = 10",
    "one query, k = 100",
    f"batch of {QUERIES}, k = 10",
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

    def row(self, result: Result) -> str:
        cells = [
            result.contender.label,
            self.cell(result, "one-10", milliseconds),
            self.cell(result, "one-100", milliseconds),
            self.cell(result, "batch-10", queries_a_second),
            "exact" if result.contender.exact else f"{result.recall:.4f}",
        ]
        return f"| {' | '.join(cells)} |"

    def text(self) -> str:
        lines = [fill(f"{self.kind}, {self.count:,} rows. {self.disturbance()}"), ""]
        lines += [f"| {' | '.join(HEADS)} |", "|" + "---|" * len(HEADS)]
        lines += map(self.row, self.results.values())
        if self.failures:
            failed = (f"{name} ({reason})" for name, reason in self.failures.items())
            lines += ["", fill(f"Did not run: {'; '.join(failed)}.")]
        return "\n".join(lines)

    def disturbance(self) -> str:
        others = [
            turn.others
            for result in self.results.values()
            for turns in result.turns.values()
            for turn in turns
        ]
        if not others:
            return ""
        return (
            f"Other work took {median(others):.0%} of the machine's time in the median turn "
            f"and {max(others):.0%} in the worst."
        )


def text(tables: list[Table], threads: int, rounds: int) -> str:
    """The tables, with what one must know to read them."""
    introduction = (
        f"Exact search of unit vectors with {threads} threads on {machine()}: the time of one "
        f"query, and queries a second in a batch of {QUERIES}, medians of {rounds} alternating "
        "rounds; in brackets how many times as long it takes as cognate takes, above 1 where "
        "cognate is faster."
    )
    versions = ", ".join(f"{name} {version(name)}" for name in PARTS)
    blocks = [fill(introduction), fill(f"{versions}."), *(one.text() for one in tables)]
    return "\n\n".join(blocks)


def milliseconds(seconds: float) -> str:
    return f"{digits(seconds * 1e3)} ms"


def queries_a_second(seconds: float) -> str:
    return f"{digits(QUERIES / seconds)}/s"


def digits(value: float) -> str:
    """Three figures, or all before the point."""
    places = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{places}f}"


def fill(paragraph: str) -> str:
    return textwrap.fill(paragraph, WIDTH, break_on_hyphens=False)


def machine() -> str:
    cpu = Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", cpu)
    features = [
        label for flag, label in FEATURES.items() if re.search(rf"\b{flag}\b", cpu)
    ]
    return f"{name[1] if name else 'unknown processor'} ({', '.join(features)})"


def write_between_markers(path: Path, name: str, text: str) -> bool:
    """Replaces what stands between the marker comments; whether there were any."""
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    document = path.read_text()
    before, found, rest = document.partition(opening)
    _, ended, after = rest.partition(closing)
    if not (found and ended):
        return False
    path.write_text(f"{before}{opening}\n{text.strip()}\n{closing}{after}")
    return True
