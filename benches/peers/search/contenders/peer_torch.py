"""torch: a matrix product with all rows, and the best scores by `topk`."""

import argparse

import numpy as np
import torch

from serve import Search, copied, serve

# Queries per block.
BLOCK = 32


def load(rows: np.ndarray, options: argparse.Namespace) -> dict[str, Search]:
    torch.set_num_threads(options.threads)
    held = torch.from_numpy(copied(rows))

    def one(query: np.ndarray, k: int) -> np.ndarray:
        return torch.topk(held @ torch.from_numpy(query), k).indices.numpy()

    def batch(queries: np.ndarray, k: int) -> np.ndarray:
        blocks = torch.from_numpy(queries).split(BLOCK)
        found = [torch.topk(block @ held.T, k).indices for block in blocks]
        return torch.cat(found).numpy()

    return {"": Search(one, batch)}


serve(load)
