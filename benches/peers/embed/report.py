"""Measurements and their table."""

import tomllib
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median

from document import disturbance, failures, fill, machine, table
from lineup import HERE, Contender
from process import Turn
from texts import TextSet

PYTHON_PARTS = [
    "sentence-transformers",
    "torch",
    "transformers",
    "onnxruntime",
    "openvino",
]
RUST_PARTS = ["fastembed", "candle-transformers"]


@dataclass
class Result:
    """The measurements of one contender."""

    contender: Contender
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    cosines: list[float] = field(default_factory=list)
    # In bytes, of a process that embedded `documents`.
    peak_memory: int | None = None
    # In seconds, from process start.
    first_embeddings: list[float] = field(default_factory=list)


def speeds(turns: list[Turn], texts: int) -> list[float]:
    """Returns texts per second for each round."""
    return [texts / turn.seconds for turn in turns]


def ratios(turns: list[Turn], ours: list[Turn]) -> list[float]:
    """Returns the speed relative to ours for each round."""
    return [our.seconds / turn.seconds for turn, our in zip(turns, ours)]


class Report:
    def __init__(self, results: list[Result], sets: dict[str, TextSet]):
        self.results = results
        self.sets = sets

    def ours(self, result: Result, name: str) -> list[Turn] | None:
        """Returns our turns at the same precision, or in f32 if there are none."""
        for precision in (result.contender.precision, "f32"):
            for other in self.results:
                contender = other.contender
                if (
                    contender.ours
                    and contender.precision == precision
                    and name in other.turns
                ):
                    return other.turns[name]
        return None

    def speed_cell(self, result: Result, name: str) -> str:
        turns, ours = result.turns.get(name), self.ours(result, name)
        if not turns:
            return "–"
        cell = f"{median(speeds(turns, len(self.sets[name].texts))):.1f}"
        return f"{cell} ({median(ratios(turns, ours)):.2f})" if ours else cell

    def row(self, result: Result) -> list[str]:
        cells = [result.contender.label, result.contender.precision]
        cells += [self.speed_cell(result, name) for name in self.sets]
        cells += [mean_and_least(result.cosines), megabytes(result.peak_memory)]
        cells.append(milliseconds(result.first_embeddings))
        return cells

    def table(self) -> str:
        headings = [
            "",
            "",
            *self.sets,
            "cosine: mean, least",
            "peak memory",
            "first embedding",
        ]
        return table(headings, map(self.row, self.results))

    def compared_with(self) -> str:
        ours = {
            r.contender.precision for r in self.results if r.contender.ours and r.turns
        }
        if not ours:
            return ""
        which = "at the same precision" if "int8" in ours else "in f32"
        return f"in brackets the ratio to cognate's {which}, "

    def turns(self) -> list[Turn]:
        of_sets = (turns for result in self.results for turns in result.turns.values())
        return [turn for turns in of_sets for turn in turns]

    def times(self, name: str) -> str:
        """Formats every contender's speed on one set, with the slowest and the fastest round."""
        lines = []
        for result in self.results:
            turns, ours = result.turns[name], self.ours(result, name)
            here = spread(speeds(turns, len(self.sets[name].texts)), 1)
            line = f"  {result.contender.name:28} {here} texts/s"
            if ours:
                line += f", ratio {spread(ratios(turns, ours), 2)}"
            lines.append(line)
        return "\n".join(lines)

    def text(self, threads: int, rounds: int, failed: dict[str, str]) -> str:
        """Formats the table, with the conditions of the measurement."""
        sets = (f"`{name}`: {found.describe()}" for name, found in self.sets.items())
        paragraphs = [
            f"all-MiniLM-L6-v2 with {threads} threads on {machine()}: texts per second, "
            f"{self.compared_with()}medians of {rounds} alternating rounds. The cosine is the one "
            "with sentence-transformers in f32, over all texts; the memory is the peak of a process "
            "that embedded `documents`; the first embedding is one short text, timed from "
            f"process start. {disturbance(self.turns())}",
            f"{'; '.join(sets)}.",
            f"{versions()}.",
        ]
        blocks = [fill(paragraph) for paragraph in paragraphs]
        blocks.append(self.table())
        if failed:
            blocks.append(failures(failed))
        return "\n\n".join(blocks)


def spread(values: list[float], digits: int) -> str:
    least, middle, most = min(values), median(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"


def mean_and_least(cosines: list[float]) -> str:
    if not cosines:
        return "–"
    return f"{cosine(sum(cosines) / len(cosines))}, {cosine(min(cosines))}"


def cosine(value: float) -> str:
    """Formats a cosine; close to 1, as the difference from 1."""
    missing = 1 - value
    if missing <= 0:
        return "1"
    return f"1 − {missing:.0e}" if missing < 1e-4 else f"{value:.4f}"


def megabytes(count: int | None) -> str:
    return f"{count / 1e6:.0f} MB" if count else "–"


def milliseconds(seconds: list[float]) -> str:
    return f"{median(seconds) * 1e3:.0f} ms" if seconds else "–"


def versions() -> str:
    lock = tomllib.loads((HERE / "rust" / "Cargo.lock").read_text())
    locked = {package["name"]: package["version"] for package in lock["package"]}
    parts = [f"{name} {version(name)}" for name in PYTHON_PARTS]
    parts += [f"{name} {locked[name]}" for name in RUST_PARTS]
    return ", ".join(parts)
