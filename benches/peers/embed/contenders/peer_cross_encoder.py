"""The CrossEncoder of sentence-transformers on torch. The first text of a set is the query."""

import argparse

import torch
from sentence_transformers import CrossEncoder

from serve import Embed, serve


def load(options: argparse.Namespace) -> Embed:
    torch.set_num_threads(options.threads)
    model = CrossEncoder(str(options.model), device="cpu", local_files_only=True)

    def scores(texts: list[str], batch: int):
        query, *documents = texts
        pairs = [(query, document) for document in documents]
        return model.predict(pairs, batch_size=batch, show_progress_bar=False).reshape(-1, 1)

    return scores


serve(load)
