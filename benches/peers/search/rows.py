"""The rows that are searched, and what is right about an answer."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

QUERIES = 256
DIM = 384
# Rows whose neighbours are asked for: the first ones, of so many at most.
NEIGHBORS = 1024
NEIGHBORS_MAX = 100_000
# A hit whose score falls short of the k-th by no more than this is as good: rounding in f32.
TOLERANCE = 1e-6
# Rows at a time.
BLOCK = 8_192


@dataclass(frozen=True)
class Rows:
    """A file of unit vectors, of which the last are the queries."""

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
        """The sizes wanted, cut to what the file has."""
        most = len(self.open()) - QUERIES
        return sorted({min(size, most) for size in wanted})


def random_rows(work: Path, count: int, seed: int) -> Rows:
    """Gaussian directions, the hard case: every row is about as far as any other."""
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
    """The scores of the nearest of the first `count` rows, in f64 by brute force: for the queries,
    or, as `neighbors`, for some of the rows themselves, which are none of their own neighbours."""

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
        """Which hits of `[queries, k]` are among the k best, or as good as the last of them."""
        asked, k = found.shape
        if found.min() < 0 or found.max() >= len(self.rows):
            raise ValueError("found a row that does not exist")
        if (np.diff(np.sort(found, axis=1), axis=1) == 0).any():
            raise ValueError("found a row twice")
        if self.neighbors and (found == np.arange(asked)[:, None]).any():
            raise ValueError("found a row as its own neighbour")
        scores = np.stack(
            [
                self.rows[hits].astype(np.float64) @ query
                for hits, query in zip(found, self.queries)
            ]
        )
        return scores >= self.best[:asked, k - 1 : k] - TOLERANCE
