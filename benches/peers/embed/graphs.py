"""Runs `prepare.py` in a process of its own, because its packages take much memory."""

import subprocess
import sys
from pathlib import Path

from lineup import HERE, Mode, Setup


def prepare(setup: Setup, graphs: Path) -> None:
    command = [sys.executable, HERE / "prepare.py", "--model", setup.model]
    command += ["--texts", setup.texts, "--folder", graphs]
    subprocess.run(command, check=True, env=setup.environment(Mode("together")))
