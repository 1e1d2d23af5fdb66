"""Runs the comparison: checks answers, and gives each contender its turns."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contest import environment
from lineup import Contender, Setup
from process import Failed, Process
from report import Result, Table
import rows
from rows import QUERIES, Truth


@dataclass(frozen=True)
class Task:
    """A kind of search, with its number of queries and hits."""

    way: str
    k: int
    queries: int

    @property
    def name(self) -> str:
        return f"{self.way}-{self.k}"

    @property
    def truth(self) -> str:
        """Returns the name of the `Truth` that checks the answers."""
        return "neighbors" if self.way == "neighbors" else "queries"


ONE_AT_A_TIME = 20
TIMED = (
    Task("one", 10, ONE_AT_A_TIME),
    Task("one", 100, ONE_AT_A_TIME),
    Task("batch", 10, QUERIES),
)
NEIGHBORS = Task("neighbors", 10, rows.NEIGHBORS)
RECALL = Task("batch", 10, QUERIES)
# Single queries and batches may run different code, so both are checked.
CHECKED = (*TIMED, Task("batch", 100, QUERIES), NEIGHBORS)
MOST = max(task.k for task in CHECKED)


class Comparison:
    """A set of rows, the contenders that search it, and the measurements of each."""

    def __init__(self, setup: Setup, kind: str, contenders: list[Contender]):
        self.setup = setup
        self.contenders = [one for one in contenders if one.takes(setup.count)]
        self.table = Table(kind, setup.count)
        self.processes: dict[tuple[str, ...], Process] = {}

    def run(self, truths: dict[str, Truth], rounds: int, logs: Path) -> None:
        with ExitStack() as stack:
            for contender in self.contenders:
                with self.watched(contender):
                    process = self.start(contender, stack, logs)
                    with process.working():
                        self.check(contender, truths)
            for task in (*TIMED, NEIGHBORS):
                for _ in range(rounds if task.truth in truths else 0):
                    for contender in self.remaining():
                        if contender.takes_part(task.way):
                            with self.watched(contender):
                                self.take_turn(contender, task)

    def remaining(self) -> Iterator[Contender]:
        return (one for one in self.contenders if one.name in self.table.results)

    @contextmanager
    def watched(self, contender: Contender) -> Iterator[None]:
        """Removes a contender if it fails, so that the others continue."""
        try:
            yield
        except (Failed, ValueError) as error:
            self.table.fail(contender, error)
            print(f"  {contender.name} failed: {error}", flush=True)

    def start(self, contender: Contender, stack: ExitStack, logs: Path) -> Process:
        if contender.program not in self.processes:
            process = Process(
                self.setup.command(contender),
                environment(self.setup.threads),
                logs / f"{contender.name}.log",
            )
            # Stored before it is ready, so that contenders that share the process fail too.
            self.processes[contender.program] = stack.enter_context(process)
            process.expect('"ready"')
        self.table.results[contender.name] = Result(contender)
        return self.processes[contender.program]

    def check(self, contender: Contender, truths: dict[str, Truth]) -> None:
        for task in CHECKED if contender.exact else [RECALL]:
            if task.truth not in truths or not contender.takes_part(task.way):
                continue
            right = truths[task.truth].right(self.answer(contender, task))
            if contender.exact and not right.all():
                missed = right.size - right.sum()
                raise Failed(
                    f"{missed} of {right.size} hits of `{task.name}` are wrong"
                )
            if task == RECALL:
                self.table.results[contender.name].recall = float(right.mean())

    def answer(self, contender: Contender, task: Task) -> np.ndarray:
        file = self.setup.folder / "answer.npy"
        command = {"do": "answer", "file": str(file), **asked(contender, task)}
        self.processes[contender.program].ask(json.dumps(command))
        found = np.load(file)
        if found.shape != (task.queries, task.k):
            raise Failed(f"expected {[task.queries, task.k]}, found {found.shape}")
        return found

    def take_turn(self, contender: Contender, task: Task) -> None:
        turn = self.processes[contender.program].turn(
            json.dumps({"do": "time", **asked(contender, task)})
        )
        turns = self.table.results[contender.name].turns
        turns.setdefault(task.name, []).append(turn)


def asked(contender: Contender, task: Task) -> dict:
    return {
        "way": task.way,
        "k": task.k,
        "queries": task.queries,
        "mode": contender.mode,
    }
