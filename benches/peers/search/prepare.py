"""Makes the rows of the comparison: embeddings of titles, abstracts, sentences and clauses.

    prepare.py PAPERS.jsonl[.gz] --output ROWS.npy --cognate BINARY

Intermediate files are kept beside the output, so that an interrupted run can be resumed.
"""

import argparse
import gzip
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

# A million rows and 256 queries.
WANTED = 1_000_256
PIECE = 100_000
LEAST_CHARACTERS = 20
ABSTRACT_EVERY = 5
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
CLAUSE_END = re.compile(r"(?<=[,;:])\s+")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("papers", type=Path, help="JSON lines with `title` and `abstract`, or .gz")
    add("--output", type=Path, required=True, help="the .npy file to write")
    add("--cognate", type=Path, help="the `cognate` command, needed for texts not embedded yet")
    add("--pieces", type=Path, help="folder of intermediate files (default: OUTPUT without .npy)")
    return parser.parse_args()


def papers_of(path: Path) -> Iterator[dict]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def make_texts(papers: Iterator[dict]) -> list[str]:
    """Returns the texts, in an order that depends only on the papers."""
    titles, abstracts, sentences, clauses = [], [], [], []
    for number, paper in enumerate(papers):
        abstract = one_line(paper["abstract"])
        titles.append(one_line(paper["title"]))
        if number % ABSTRACT_EVERY == 0:
            abstracts.append(abstract)
        for sentence in SENTENCE_END.split(abstract):
            sentences.append(sentence)
            parts = CLAUSE_END.split(sentence)
            if len(parts) > 1:
                clauses += parts
    everything = chain(titles, abstracts, sentences, clauses)
    long_enough = (text for text in everything if len(text) >= LEAST_CHARACTERS)
    texts = list(dict.fromkeys(long_enough))[:WANTED]
    random.Random(1).shuffle(texts)
    return texts


def write_texts(file: Path, texts: list[str]) -> None:
    content = "".join(f"{text}\n" for text in texts)
    if file.exists() and file.read_text(encoding="utf-8") != content:
        sys.exit(f"`{file}` holds other texts: choose another folder with `--pieces`")
    file.write_text(content, encoding="utf-8")


def embed(cognate: Path | None, texts: Path, rows: Path) -> None:
    if cognate is None:
        sys.exit(f"`{rows}` is missing, and `--cognate` is needed to make it")
    unfinished = rows.with_name(f"unfinished-{rows.name}")
    command = [cognate, "embed", "--precision", "int8"]
    command += ["--input", texts, "--output", unfinished]
    subprocess.run(command, check=True)
    unfinished.rename(rows)


def join(pieces: list[Path], output: Path) -> tuple[int, int]:
    """Concatenates the rows of all pieces, one at a time, into a file; returns its shape."""
    parts = [np.load(piece, mmap_mode="r") for piece in pieces]
    shape = (sum(map(len, parts)), parts[0].shape[1])
    unfinished = output.with_name(f"unfinished-{output.name}")
    rows = np.lib.format.open_memmap(unfinished, "w+", np.float32, shape)
    start = 0
    for part in parts:
        rows[start : start + len(part)] = part
        start += len(part)
    rows.flush()
    unfinished.rename(output)
    return shape


def main() -> None:
    options = parse()
    folder = options.pieces or options.output.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    texts = make_texts(papers_of(options.papers))
    print(f"{len(texts):,} texts", flush=True)
    pieces = []
    for number, start in enumerate(range(0, len(texts), PIECE)):
        part = texts[start : start + PIECE]
        file, rows = folder / f"texts-{number:02}.txt", folder / f"rows-{number:02}.npy"
        write_texts(file, part)
        if not rows.exists():
            embed(options.cognate, file, rows)
        if len(np.load(rows, mmap_mode="r")) != len(part):
            sys.exit(f"`{rows}` does not hold {len(part):,} rows: remove it")
        pieces.append(rows)
    count, dim = join(pieces, options.output)
    print(f"{options.output}: {count:,} rows of {dim} dimensions")


if __name__ == "__main__":
    main()
