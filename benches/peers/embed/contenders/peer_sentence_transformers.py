"""sentence-transformers on torch. It sorts texts by length itself."""

import argparse

import torch
from sentence_transformers import SentenceTransformer

from serve import MAX_TOKENS, Embed, serve


FORMATS = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def load(options: argparse.Namespace) -> Embed:
    torch.set_num_threads(options.threads)
    model = SentenceTransformer(
        str(options.model),
        device="cuda" if options.cuda else "cpu",
        local_files_only=True,
        model_kwargs={"dtype": FORMATS[options.precision]},
    )
    assert model.max_seq_length == MAX_TOKENS

    def embed(texts: list[str], batch: int):
        return model.encode(texts, batch_size=batch, show_progress_bar=False)

    return embed


serve(load)
