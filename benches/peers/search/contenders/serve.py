"""The arguments and the line protocol of the contenders written in Python.

A contender passes a loading function to `serve`. The loading function takes the rows to search and
returns a `Search` for each mode of the contender.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

# The minimum duration of a turn, in seconds.
TURN = 0.3
# Rows per block of a conversion.
BLOCK = 16_384


@dataclass(frozen=True)
class Search:
    """Two functions that return the indices of the `k` nearest rows, in any order."""

    # From `[dim]` to `[k]`.
    one: Callable[[np.ndarray, int], np.ndarray]
    # From `[queries, dim]` to `[queries, k]`.
    batch: Callable[[np.ndarray, int], np.ndarray]


Call = Callable[[], np.ndarray]
Load = Callable[[np.ndarray, argparse.Namespace], dict[str, Search]]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--queries", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--precision", default="f32")
    return parser.parse_args()


def serve(load: Load) -> None:
    """Loads a contender and answers commands on standard input."""
    options = parse()
    rows = np.load(options.rows, mmap_mode="r")
    searches = load(rows[: options.count], options)
    queries = np.array(rows[-options.queries :])
    say("ready")
    for line in sys.stdin:
        task = json.loads(line)
        # In the task `neighbors`, the first rows are the queries.
        source = rows if task["way"] == "neighbors" else queries
        asked = np.array(source[: task["queries"]])
        calls = calls_of(searches[task["mode"]], asked, task)
        match task["do"]:
            case "time":
                say({"seconds": times(calls)})
            case "answer":
                found = np.vstack([call() for call in calls])
                np.save(task["file"], found.astype(np.int64))
                say({"rows": len(found)})
            case unknown:
                raise ValueError(f"`{unknown}` is not a command")


def calls_of(search: Search, queries: np.ndarray, task: dict) -> list[Call]:
    if task["way"] == "one":
        return [partial(search.one, query, task["k"]) for query in queries]
    if task["way"] == "neighbors":
        return [partial(neighbors, search, queries, task["k"])]
    return [partial(search.batch, queries, task["k"])]


def neighbors(search: Search, rows: np.ndarray, k: int) -> np.ndarray:
    """Returns the nearest rows of each of the first rows, without the row itself."""
    found = search.batch(rows, k + 1)
    is_own = found == np.arange(len(rows))[:, None]
    # With many equal rows, the row itself may be missing; then drop the last hit.
    is_own[~is_own.any(axis=1), -1] = True
    return found[~is_own].reshape(len(rows), k)


def times(calls: list[Call]) -> list[float]:
    # Warm the caches, which held the data of another contender.
    calls[-1]()
    seconds = []
    turn = time.perf_counter()
    while not seconds or time.perf_counter() - turn < TURN:
        for call in calls:
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
    return seconds


def say(value) -> None:
    print(json.dumps(value), flush=True)


def copied(rows: np.ndarray) -> np.ndarray:
    """Copies the rows into the memory of the process, on huge pages if the system provides them."""
    return converted(rows, np.float32, lambda block: block)


def converted(rows: np.ndarray, dtype, convert) -> np.ndarray:
    """Converts the rows block by block, so that there is never a second full copy."""
    out = np.empty(rows.shape, dtype)
    for start in range(0, len(rows), BLOCK):
        out[start : start + BLOCK] = convert(rows[start : start + BLOCK])
    return out
