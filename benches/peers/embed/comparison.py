"""Runs the comparison: checks answers, chooses settings, and gives each contender its turns."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lineup import Contender, Mode, Setup
from process import Failed, Process, Turn
from report import Result
from texts import SAMPLE, TextSet

# A lower cosine means an error: a different pooling, a missing mask, saturated sums.
LEAST_COSINE = {"f32": 0.9999, "int8": 0.9}
# Random weights lose more in int8 than trained ones.
LEAST_COSINE_RANDOM = {"f32": 0.9999, "int8": 0.5}
COLD_TEXT = "nearest neighbors of a paper in a library"


@dataclass(frozen=True)
class Choice:
    """The settings of one contender for one set."""

    mode: str
    batch: int


def embed(name: str, batch: int) -> str:
    """Returns the command that embeds a set."""
    return f"embed {name} {batch}"


class Comparison:
    """The contenders, the failures, and the measurements so far."""

    def __init__(
        self,
        setup: Setup,
        contenders: list[Contender],
        sets: dict[str, TextSet],
        work: Path,
        least_cosine: dict[str, float] = LEAST_COSINE,
        cpu_time: bool = False,
    ):
        self.setup = setup
        self.least_cosine = least_cosine
        # Whether times are those of the processor. On one thread, other load does not count then.
        self.cpu_time = cpu_time
        self.sets = sets
        self.work = work
        self.results = [Result(contender) for contender in contenders]
        self.references: dict[str, np.ndarray] = {}
        self.failures: dict[str, str] = {}

    def remaining(self) -> list[Contender]:
        everyone = (result.contender for result in self.results)
        return [one for one in everyone if one.name not in self.failures]

    def result(self, contender: Contender) -> Result:
        return next(result for result in self.results if result.contender == contender)

    def measured(self) -> list[Result]:
        """Returns the results of the contenders that have not failed."""
        return [self.result(contender) for contender in self.remaining()]

    def fail(self, contender: Contender, error: Failed) -> None:
        """Removes a contender, together with its measurements."""
        self.failures[contender.name] = str(error)
        print(f"  {contender.name} failed: {error}", flush=True)

    def start(self, contender: Contender, mode: Mode, *more: str) -> Process:
        return Process(
            self.setup.command(contender, mode) + list(more),
            self.setup.environment(mode),
            self.work / f"{contender.name}.log",
        )

    def vectors(self, process: Process, name: str, batch: int) -> np.ndarray:
        file = self.work / "rows.npy"
        process.ask(f"vectors {name} {batch} {file}")
        return np.load(file).astype(np.float64)

    # Answers

    def make_references(self, contender: Contender) -> None:
        """Embeds every set with sentence-transformers, as the reference for all contenders."""
        with self.start(contender, contender.modes[0]) as process:
            process.expect("ready")
            self.references = {
                name: self.vectors(process, name, contender.batches[0])
                for name in self.sets
            }

    def check(
        self, contender: Contender, process: Process, name: str, batch: int
    ) -> None:
        found, expected = self.vectors(process, name, batch), self.references[name]
        if found.shape != expected.shape:
            raise Failed(f"expected rows {expected.shape}, found {found.shape}")
        cosines = agreement(found, expected)
        # Written so that NaN fails too.
        if not cosines.min() >= self.least_cosine[contender.precision]:
            raise Failed(f"least cosine on `{name}` is {cosines.min():.4f}")
        self.result(contender).cosines += cosines.tolist()

    # Settings

    def tune(self, contender: Contender) -> dict[str, Choice]:
        """Returns, for each set, the mode and batch size that are fastest on a sample of the set."""
        found: dict[str, dict[Choice, float]] = {name: {} for name in self.sets}
        for mode in contender.modes:
            with self.start(contender, mode) as process:
                process.expect("ready")
                for name in self.sets:
                    batch, seconds = climb(
                        contender.batches,
                        # The first run includes allocation and kernel compilation.
                        lambda batch: min(
                            self.turn(process, name + SAMPLE, batch).seconds
                            for _ in range(2)
                        ),
                    )
                    found[name][Choice(mode.name, batch)] = seconds
        return {name: min(costs, key=costs.get) for name, costs in found.items()}

    def choose(self, contender: Contender, known: dict | None) -> dict[str, Choice]:
        """Returns the settings for each set: the only ones, those in `known`, or tuned ones."""
        if not contender.has_choice:
            only = Choice(contender.modes[0].name, contender.batches[0])
            return dict.fromkeys(self.sets, only)
        if known:
            return {name: Choice(**known[name]) for name in self.sets}
        try:
            return self.tune(contender)
        except Failed as error:
            self.fail(contender, error)
            return {}

    # Times

    def turn(self, process: Process, name: str, batch: int) -> Turn:
        turn = process.turn(embed(name, batch))
        return replace(turn, seconds=turn.cpu) if self.cpu_time else turn

    def measure(
        self, name: str, choices: dict[str, dict[str, Choice]], rounds: int
    ) -> None:
        """Starts all contenders with their settings for one set, and runs the rounds."""
        with ExitStack() as stack:
            running: dict[str, Process] = {}
            for contender in self.remaining():
                choice = choices[contender.name][name]
                mode = contender.mode(choice.mode)
                try:
                    process = stack.enter_context(self.start(contender, mode))
                    process.expect("ready")
                    with process.working():
                        self.check(contender, process, name, choice.batch)
                    running[contender.name] = process
                except Failed as error:
                    self.fail(contender, error)
            for _ in range(rounds):
                for contender in self.remaining():
                    batch = choices[contender.name][name].batch
                    try:
                        turn = self.turn(running[contender.name], name, batch)
                    except Failed as error:
                        self.fail(contender, error)
                        continue
                    self.result(contender).turns.setdefault(name, []).append(turn)
            if name == next(iter(self.sets)):
                for contender in self.remaining():
                    peak = running[contender.name].peak_memory()
                    self.result(contender).peak_memory = peak

    def measure_first_embeddings(self, rounds: int) -> None:
        """Measures the time from process start to the embedding of one short text."""
        # The first round loads files into the page cache and is not counted.
        for round_ in range(rounds + 1):
            for contender in self.remaining():
                try:
                    seconds = self.first_embedding(contender)
                except Failed as error:
                    self.fail(contender, error)
                    continue
                if round_ > 0:
                    self.result(contender).first_embeddings.append(seconds)

    def first_embedding(self, contender: Contender) -> float:
        start = time.perf_counter()
        with self.start(contender, contender.modes[0], "--cold", COLD_TEXT) as process:
            process.expect("embedded")
            return time.perf_counter() - start


def agreement(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Returns the cosine of each pair of rows. Rows of one value are scores, and the only cosine is
    that of all scores after subtraction of their mean, which is their correlation.
    """
    if expected.shape[1] == 1:
        found, expected = found.T - found.mean(), expected.T - expected.mean()
    norms = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return (found * expected).sum(axis=1) / norms


def climb(values: tuple[int, ...], cost) -> tuple[int, float]:
    """Returns the value of least cost, and the cost, by hill climbing from the middle."""
    costs: dict[int, float] = {}

    def at(index: int) -> float:
        if index not in costs:
            costs[index] = cost(values[index])
        return costs[index]

    best = len(values) // 2
    while True:
        around = range(max(best - 1, 0), min(best + 2, len(values)))
        nearest = min(around, key=at)
        if nearest == best:
            return values[best], costs[best]
        best = nearest
