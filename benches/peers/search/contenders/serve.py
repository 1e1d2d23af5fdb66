"""What the contenders written in Python share: the arguments and the line protocol.

A contender hands `serve` a function that loads the rows to be searched and returns a `Search` for
each of its modes.
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

# A turn lasts at least as long as this, in seconds.
TURN = 0.3
# Rows that are converted at a time.
BLOCK = 16_384


@dataclass(frozen=True)
class Search:
    """Two ways to ask for the numbers of the `k` nearest rows, in any order."""

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
    """Loads a contender and answers the lines of standard input."""
    options = parse()
    rows = np.load(options.rows, mmap_mode="r")
    searches = load(rows[: options.count], options)
    queries = np.array(rows[-options.queries :])
    say("ready")
    for line in sys.stdin:
        task = json.loads(line)
        # The neighbours are those of the first rows.
        of = rows if task["way"] == "neighbors" else queries
        asked = np.array(of[: task["queries"]])
        calls = calls_of(searches[task["mode"]], asked, task)
        match task["do"]:
            case "time":
                say({"seconds": times(calls)})
            case "answer":
                found = np.vstack([call() for call in calls])
                np.save(task["file"], found.astype(np.int64))
                say({"rows": len(found)})
            case unknown:
                raise ValueError(f"`{unknown}` is no command")


def calls_of(search: Search, queries: np.ndarray, task: dict) -> list[Call]:
    if task["way"] == "one":
        return [partial(search.one, query, task["k"]) for query in queries]
    if task["way"] == "neighbors":
        return [partial(neighbors, search, queries, task["k"])]
    return [partial(search.batch, queries, task["k"])]


def neighbors(search: Search, rows: np.ndarray, k: int) -> np.ndarray:
    """The nearest of each of the first rows, less the row itself."""
    found = search.batch(rows, k + 1)
    is_own = found == np.arange(len(rows))[:, None]
    # Where many rows are equal, it may be not among them: then the last goes.
    is_own[~is_own.any(axis=1), -1] = True
    return found[~is_own].reshape(len(rows), k)


def times(calls: list[Call]) -> list[float]:
    # Another contender had the caches before.
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
    """Rows in memory of the process, on huge pages where the system gives them."""
    return converted(rows, np.float32, lambda block: block)


def converted(rows: np.ndarray, dtype, convert) -> np.ndarray:
    """Rows in another form, block by block, so that there is never a second copy."""
    out = np.empty(rows.shape, dtype)
    for start in range(0, len(rows), BLOCK):
        out[start : start + BLOCK] = convert(rows[start : start + BLOCK])
    return out
