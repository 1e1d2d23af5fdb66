"""Pads texts into batches and pools hidden states into rows, for runtimes of ONNX graphs."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from serve import MAX_TOKENS

Inputs = dict[str, np.ndarray]


def open_tokenizer(model: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def batches(
    tokenizer: Tokenizer, texts: list[str], batch: int
) -> Iterable[tuple[list[int], Inputs]]:
    """Yields batches of texts of similar length, longest first: their indices and padded inputs."""
    encodings = tokenizer.encode_batch(texts)
    order = sorted(range(len(texts)), key=lambda text: -len(encodings[text]))
    for start in range(0, len(order), batch):
        indices = order[start : start + batch]
        yield indices, pad([encodings[text].ids for text in indices])


def pad(sequences: list[list[int]]) -> Inputs:
    shape = (len(sequences), max(map(len, sequences)))
    ids = np.zeros(shape, np.int64)
    mask = np.zeros(shape, np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "token_type_ids": np.zeros(shape, np.int64),
    }


Pool = Callable[[np.ndarray, np.ndarray], np.ndarray]


def pooling(model: Path) -> Pool:
    """Returns the function that turns hidden states and a mask into rows of length 1."""
    modes = json.loads((model / "1_Pooling" / "config.json").read_text())
    return last_token if modes.get("pooling_mode_lasttoken") else mean_of_tokens


def mean_of_tokens(hidden: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Returns the mean over the tokens that are not padding, normalized to length 1."""
    mask = mask.astype(np.float32)
    # A matrix product is much faster than a masked sum in numpy.
    mean = (mask[:, None, :] @ hidden)[:, 0] / mask.sum(axis=1, keepdims=True)
    return normalized(mean)


def last_token(hidden: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Returns the last token that is not padding, normalized to length 1."""
    return normalized(hidden[np.arange(len(hidden)), mask.sum(axis=1) - 1])


def normalized(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rows_of(
    parts: Iterable[tuple[list[int], np.ndarray]], count: int, dim: int
) -> np.ndarray:
    rows = np.empty((count, dim), np.float32)
    for indices, part in parts:
        rows[indices] = part
    return rows
