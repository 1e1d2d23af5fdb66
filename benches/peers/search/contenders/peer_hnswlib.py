"""hnswlib: its exact `BFIndex` or, with `--precision hnsw`, its graph, which is approximate."""

import argparse

import hnswlib
import numpy as np

from serve import Search, serve

GRAPH_DEGREE = 16
BUILD_EF = 200
SEARCH_EFS = (64, 256)


def search_of(index, ef: int | None = None) -> Search:
    def batch(queries: np.ndarray, k: int) -> np.ndarray:
        if ef is not None:
            index.set_ef(max(ef, k))
        return index.knn_query(queries, k)[0]

    def one(query: np.ndarray, k: int) -> np.ndarray:
        return batch(query[None], k)[0]

    return Search(one, batch)


def load(rows: np.ndarray, options: argparse.Namespace) -> dict[str, Search]:
    count, dim = rows.shape
    if options.precision == "hnsw":
        index = hnswlib.Index(space="ip", dim=dim)
        index.init_index(count, M=GRAPH_DEGREE, ef_construction=BUILD_EF)
    else:
        index = hnswlib.BFIndex(space="ip", dim=dim)
        index.init_index(count)
    index.set_num_threads(options.threads)
    index.add_items(rows)
    if options.precision == "hnsw":
        return {f"{ef}": search_of(index, ef) for ef in SEARCH_EFS}
    return {"": search_of(index)}


serve(load)
