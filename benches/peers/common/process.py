"""A running contender: it answers one command per line and is stopped between its turns."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A contender that could not start, answered wrongly, or died."""


@dataclass(frozen=True)
class Turn:
    # Measured by the contender: of all its work, or of each search.
    seconds: float | list[float]
    # The share of the machine's processor time that other processes took during the turn.
    others: float
    # The processor time that the contender took, in seconds.
    cpu: float


class Process:
    """A child process, killed when its context is left."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path):
        self.log = log
        with log.open("w") as errors:
            try:
                self.child = subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                )
            except OSError as error:
                raise Failed(str(error)) from error

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_) -> None:
        # A stopped process would not see the end of its input.
        self.child.kill()
        self.child.communicate()

    def expect(self, word: str) -> None:
        line = self.child.stdout.readline().strip()
        if line != word:
            raise self.failure(line)

    def ask(self, line: str) -> dict:
        try:
            self.child.stdin.write(line + "\n")
            self.child.stdin.flush()
        except BrokenPipeError as error:
            raise self.failure() from error
        answer = self.child.stdout.readline()
        if not answer:
            raise self.failure()
        try:
            return json.loads(answer)
        except ValueError as error:
            raise self.failure(answer) from error

    @contextmanager
    def working(self) -> Iterator[None]:
        """Lets the process run inside the context, and stops it afterwards."""
        self.child.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.child.send_signal(signal.SIGSTOP)

    def turn(self, line: str) -> Turn:
        """Sends a command while all other contenders are stopped, and measures other load."""
        with self.working():
            start, busy, own = time.perf_counter(), busy_seconds(), self.cpu_seconds()
            seconds = self.ask(line)["seconds"]
            elapsed = time.perf_counter() - start
            cpu = self.cpu_seconds() - own
            others = busy_seconds() - busy - cpu
        return Turn(seconds, max(0.0, others / (elapsed * os.cpu_count())), cpu)

    def cpu_seconds(self) -> float:
        # The name may contain spaces, so split behind it.
        fields = self.read_proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_memory(self) -> int:
        """Returns the peak resident memory in bytes."""
        for line in self.read_proc("status").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise self.failure()

    def read_proc(self, name: str) -> str:
        try:
            return Path(f"/proc/{self.child.pid}/{name}").read_text()
        except OSError as error:
            raise self.failure() from error

    def failure(self, line: str = "") -> Failed:
        self.child.kill()
        self.child.wait()
        said = [text for text in self.log.read_text().splitlines() if text.strip()]
        # Rust prints the error first and its causes below it; Python prints the error last.
        reasons = [text for text in said if text.startswith("Error: ")] + said[-1:]
        reasons += [line] if line else [f"exit status {self.child.returncode}"]
        return Failed(reasons[0].removeprefix("Error: "))


def busy_seconds() -> float:
    """Returns the busy time of all processors in seconds, including time stolen by the host."""
    user, nice, system, _idle, _wait, irq, soft, steal = map(
        int, Path("/proc/stat").read_text().split()[1:9]
    )
    return (user + nice + system + irq + soft + steal) / TICKS
