"""Choosing contenders, the environment that they run in, and progress messages."""

import os
import sys

OURS = "cognate"

# Environment variables that would choose threads or code paths in place of `--threads`.
FOREIGN_SETTINGS = (
    "CANDLE_", "FAISS_", "GOTO_", "KMP_", "MKL_", "OMP_", "OPENBLAS_", "RAYON_", "TOKENIZERS_",
    "TORCH_",
)  # fmt: skip


def environment(threads: int) -> dict[str, str]:
    """Returns the environment of a contender, which sets the number of threads and hides GPUs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN_SETTINGS)
    }
    pools = ("MKL", "OMP", "OPENBLAS", "RAYON")
    numbers = {f"{pool}_NUM_THREADS": str(threads) for pool in pools}
    return kept | numbers | {"CUDA_VISIBLE_DEVICES": ""}


def chosen(everyone: list, only: str | None) -> list:
    """Returns the contenders named in `only`, separated by commas, or all if `only` is `None`."""
    if only is None:
        return everyone
    names = only.split(",")
    known = [contender.name for contender in everyone]
    for name in names:
        if name not in known:
            sys.exit(f"`{name}` is not a contender, expected one or more of {', '.join(known)}")
    return [contender for contender in everyone if contender.name in names]


def say(text: str = "") -> None:
    print(text, flush=True)
