"""sentence-transformers on torch, in f32. It sorts by length itself."""

import argparse

import torch
from sentence_transformers import SentenceTransformer

from serve import MAX_TOKENS, Embed, serve


def load(options: argparse.Namespace) -> Embed:
    torch.set_num_threads(options.threads)
    model = SentenceTransformer(str(options.model), device="cpu", local_files_only=True)
    assert model.max_seq_length == MAX_TOKENS

    def embed(texts: list[str], batch: int):
        return model.encode(texts, batch_size=batch, show_progress_bar=False)

    return embed


serve(load)
