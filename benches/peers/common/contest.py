"""Who takes part, what surrounds them, and how it is told."""

import os
import sys

OURS = "cognate"

# What would choose threads or code paths for the contenders behind the back of `--threads`.
FOREIGN_SETTINGS = (
    "CANDLE_", "FAISS_", "GOTO_", "KMP_", "MKL_", "OMP_", "OPENBLAS_", "RAYON_", "TOKENIZERS_",
    "TORCH_",
)  # fmt: skip


def environment(threads: int) -> dict[str, str]:
    """That of a contender: so many threads, and no GPU."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN_SETTINGS)
    }
    pools = ("MKL", "OMP", "OPENBLAS", "RAYON")
    numbers = {f"{pool}_NUM_THREADS": str(threads) for pool in pools}
    return kept | numbers | {"CUDA_VISIBLE_DEVICES": ""}


def chosen(everyone: list, only: str | None) -> list:
    """The contenders of these names, separated by commas; all of them where none is named."""
    if only is None:
        return everyone
    names = only.split(",")
    known = [contender.name for contender in everyone]
    for name in names:
        if name not in known:
            sys.exit(f"`{name}` is no contender, expected some of {', '.join(known)}")
    return [contender for contender in everyone if contender.name in names]


def say(text: str = "") -> None:
    print(text, flush=True)
