"""usearch: exact search over rows in f32, f16 or i8."""

import argparse

import numpy as np
from usearch.index import MetricKind, search

from serve import Search, converted, copied, serve


def as_i8(rows: np.ndarray) -> np.ndarray:
    """Scales each row by its own largest value, which does not change its cosines."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    return np.rint(rows * (127 / largest)).astype(np.int8)


def as_f16(rows: np.ndarray) -> np.ndarray:
    return rows.astype(np.float16)


def load(rows: np.ndarray, options: argparse.Namespace) -> dict[str, Search]:
    # Except in i8, rows have length 1, so the inner product is the cosine.
    metric, convert = MetricKind.IP, np.asarray
    match options.precision:
        case "f32":
            held = copied(rows)
        case "f16":
            held, convert = converted(rows, np.float16, as_f16), as_f16
        case "i8":
            held, convert = converted(rows, np.int8, as_i8), as_i8
            metric = MetricKind.Cos

    def batch(queries: np.ndarray, k: int) -> np.ndarray:
        found = search(
            held, convert(queries), k, metric, exact=True, threads=options.threads
        )
        return found.keys

    def one(query: np.ndarray, k: int) -> np.ndarray:
        return batch(query[None], k)

    return {"": Search(one, batch)}


serve(load)
