"""The server under test, and the command's own answers to compare with."""

import os
import subprocess
from pathlib import Path

import numpy

URL = os.environ["COGNATE_URL"]
COMMAND = os.environ["COGNATE"]
WORK = Path(os.environ["COGNATE_WORK"])
LIBRARY = WORK / "papers"
MODEL = os.environ["COGNATE_MODEL"]
RERANKER = os.environ["COGNATE_RERANKER"]

TEXTS = [
    "protein folding with deep neural networks",
    "dark matter in the early universe",
    "Schrödinger équation: naïve, 量子 🎉",
    "a text that is longer than the model reads " * 200,
]


def embed(texts, *options):
    """Returns what `cognate embed` writes for texts without line breaks: float32, one row per text."""
    file, output = WORK / "texts.txt", WORK / "rows.npy"
    file.write_text("".join(f"{text}\n" for text in texts))
    arguments = ["embed", "--quiet", "--model", MODEL, "--input", file, "--output", output]
    subprocess.run([COMMAND, *arguments, *options], check=True)
    return numpy.load(output)


def same_bits(found, expected):
    """Whether two lists of numbers are the same 32-bit numbers."""
    found = numpy.asarray(found, dtype=numpy.float32)
    return found.shape == expected.shape and found.tobytes() == expected.tobytes()
