"""numpy: a matrix product with all rows, and the best scores by `argpartition`."""

import argparse

import numpy as np

from serve import Search, copied, serve

# Queries per block, which limits the memory for the scores of a million rows.
BLOCK = 64


def load(rows: np.ndarray, options: argparse.Namespace) -> dict[str, Search]:
    held = copied(rows)
    count = len(held)

    def one(query: np.ndarray, k: int) -> np.ndarray:
        scores = held @ query
        best = np.argpartition(scores, count - k)[count - k :]
        return best[np.argsort(-scores[best])]

    def batch(queries: np.ndarray, k: int) -> np.ndarray:
        found = []
        for start in range(0, len(queries), BLOCK):
            scores = queries[start : start + BLOCK] @ held.T
            best = np.argpartition(scores, count - k, axis=1)[:, count - k :]
            order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
            found.append(np.take_along_axis(best, order, axis=1))
        return np.concatenate(found)

    return {"": Search(one, batch)}


serve(load)
