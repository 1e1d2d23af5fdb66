"""The rows that are searched, and the correct answers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

QUERIES = 256
DIM = 384
# The task `neighbors` finds the neighbors of this many rows, the first ones …
NEIGHBORS = 1024
# … and is skipped if more rows than this are searched.
NEIGHBORS_MAX = 100_000
# A hit is correct if its score is at most this much below the k-th score: rounding in f32.
TOLERANCE = 1e-6
# Rows per block.
BLOCK = 8_192


@dataclass(frozen=True)
class Rows:
    """A file of unit vectors; the last ones are the queries."""

    kind: str
    path: Path

    def open(self) -> np.ndarray:
        return np.load(self.path, mmap_mode="r")

    def check(self) -> None:
        rows = self.open()
        if rows.dtype != np.float32 or rows.ndim != 2 or len(rows) <= QUERIES:
            raise ValueError(
                f"`{self.path}`: expected float32 [more than {QUERIES}, dim], "
                f"found {rows.dtype} {list(rows.shape)}"
            )

    def sizes(self, wanted: list[int]) -> list[int]:
        """Returns the wanted sizes, limited to the number of rows in the file."""
        most = len(self.open()) - QUERIES
        return sorted({min(size, most) for size in wanted})


def random_rows(work: Path, count: int, seed: int) -> Rows:
    """Returns Gaussian directions, the hard case: all rows are about equally far from a query."""
    path = work / f"random-{count}-{seed}.npy"
    if not path.exists():
        generator = np.random.default_rng(seed)
        unfinished = path.with_name(f"unfinished-{path.name}")
        shape = (count + QUERIES, DIM)
        rows = np.lib.format.open_memmap(unfinished, "w+", np.float32, shape)
        for start in range(0, len(rows), BLOCK):
            block = generator.standard_normal(rows[start : start + BLOCK].shape)
            block /= np.linalg.norm(block, axis=1, keepdims=True)
            rows[start : start + BLOCK] = block
        rows.flush()
        unfinished.rename(path)
    return Rows("Gaussian directions", path)


class Truth:
    """The best scores among the first `count` rows, in f64 by brute force. The queries are the last
    rows of the file or, with `neighbors`, the first rows, each excluded from its own hits."""

    def __init__(self, rows: Rows, count: int, most: int, neighbors: bool = False):
        everything = rows.open()
        self.rows = everything[:count]
        self.neighbors = neighbors
        asked = self.rows[:NEIGHBORS] if neighbors else everything[-QUERIES:]
        self.queries = asked.astype(np.float64)
        best = np.full((len(asked), most), -np.inf)
        for start in range(0, count, BLOCK):
            block = self.rows[start : start + BLOCK].astype(np.float64)
            scores = self.queries @ block.T
            if neighbors:
                own = np.arange(start, min(start + BLOCK, len(asked)))
                scores[own, own - start] = -np.inf
            scores = np.hstack([best, scores])
            best = np.partition(scores, scores.shape[1] - most, axis=1)[:, -most:]
        # Best first.
        self.best = -np.sort(-best, axis=1)

    def right(self, found: np.ndarray) -> np.ndarray:
        """Returns which hits of `[queries, k]` are among the k best, or score as high as the k-th."""
        asked, k = found.shape
        if found.min() < 0 or found.max() >= len(self.rows):
            raise ValueError("found a row that does not exist")
        if (np.diff(np.sort(found, axis=1), axis=1) == 0).any():
            raise ValueError("found a row twice")
        if self.neighbors and (found == np.arange(asked)[:, None]).any():
            raise ValueError("found a row as its own neighbor")
        scores = np.stack(
            [
                self.rows[hits].astype(np.float64) @ query
                for hits, query in zip(found, self.queries)
            ]
        )
        return scores >= self.best[:asked, k - 1 : k] - TOLERANCE
