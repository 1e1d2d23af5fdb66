"""FAISS: `IndexFlatIP` with default settings, and tuned for several threads."""

import argparse
from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np

from serve import Search, serve

DEFAULT_BLAS_THRESHOLD = faiss.cvar.distance_compute_blas_threshold
# The default before version 1.15: batches of at least this many queries use a matrix product.
TUNED_BLAS_THRESHOLD = 20


def load(rows: np.ndarray, options: argparse.Namespace) -> dict[str, Search]:
    faiss.omp_set_num_threads(options.threads)
    count, dim = rows.shape
    index = faiss.IndexFlatIP(dim)
    index.add(rows)

    def one(query: np.ndarray, k: int) -> np.ndarray:
        return index.search(query[None], k)[1][0]

    def batch(queries: np.ndarray, k: int) -> np.ndarray:
        faiss.cvar.distance_compute_blas_threshold = DEFAULT_BLAS_THRESHOLD
        return index.search(queries, k)[1]

    # FAISS distributes queries over threads, so a single query uses one thread. The tuned mode gives
    # each thread a part of the rows instead, without copying them out of the index.
    held = faiss.rev_swig_ptr(index.get_xb(), count * dim).reshape(count, dim)
    bounds = np.linspace(0, count, options.threads + 1).astype(int)
    workers = ThreadPoolExecutor(
        options.threads, initializer=lambda: faiss.omp_set_num_threads(1)
    )

    def one_of_part(part: int, query: np.ndarray, k: int):
        start, end = bounds[part : part + 2]
        scores, found = faiss.knn(
            query, held[start:end], k, metric=faiss.METRIC_INNER_PRODUCT
        )
        return scores[0], found[0] + start

    def one_in_parts(query: np.ndarray, k: int) -> np.ndarray:
        asked = [
            workers.submit(one_of_part, part, query[None], k)
            for part in range(options.threads)
        ]
        scores, found = map(np.concatenate, zip(*(one.result() for one in asked)))
        return found[np.argsort(-scores)[:k]]

    def batch_by_blas(queries: np.ndarray, k: int) -> np.ndarray:
        faiss.cvar.distance_compute_blas_threshold = TUNED_BLAS_THRESHOLD
        return index.search(queries, k)[1]

    return {
        "plain": Search(one, batch),
        "tuned": Search(one_in_parts, batch_by_blas),
    }


serve(load)
