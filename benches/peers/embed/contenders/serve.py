"""The arguments and the line protocol of the contenders written in Python.

A contender passes a loading function to `serve`. The loading function returns a function that embeds
`texts`, `batch` of them at a time, into `[n, dim]` float32, row i for text i.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

Embed = Callable[[list[str], int], np.ndarray]

# The `max_seq_length` of this checkpoint in sentence-transformers.
MAX_TOKENS = 256


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--mode", default="together")
    parser.add_argument(
        "--cold", metavar="TEXT", help="embed one text, print `embedded`, and exit"
    )
    return parser.parse_args()


def leave() -> None:
    """Exits without cleanup, because OpenVINO's threads and the interpreter can deadlock in it."""
    os._exit(0)


def serve(load: Callable[[argparse.Namespace], Embed]) -> None:
    """Loads a contender and answers commands on standard input until `quit`."""
    options = parse()
    embed = load(options)
    if options.cold is not None:
        embed([options.cold], 1)
        print("embedded", flush=True)
        leave()
    sets = json.loads(options.texts.read_text())
    print("ready", flush=True)
    for line in sys.stdin:
        match line.split():
            case ["embed", name, batch]:
                start = time.perf_counter()
                embed(sets[name], int(batch))
                answer = {"seconds": time.perf_counter() - start}
            case ["vectors", name, batch, file]:
                rows = embed(sets[name], int(batch))
                np.save(file, rows)
                answer = {"rows": len(rows)}
            case ["quit"]:
                leave()
            case _:
                raise ValueError(f"{line!r} is not a command")
        print(json.dumps(answer), flush=True)
