"""ONNX Runtime on one of the graphs that `prepare.py` writes."""

import argparse
from concurrent.futures import ThreadPoolExecutor

import onnxruntime

from batches import batches, open_tokenizer, pooling, rows_of
from serve import Embed, serve


def load(options: argparse.Namespace) -> Embed:
    # In mode `together` all threads share one batch; in mode `workers` each thread has its own.
    workers = options.threads if options.mode == "workers" else 1
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads // workers
    settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        options.graph, settings, providers=["CPUExecutionProvider"]
    )
    tokenizer, pool = open_tokenizer(options.model), pooling(options.model)
    names = [one.name for one in session.get_inputs()]
    dim = session.get_outputs()[0].shape[-1]

    def run(batch):
        indices, inputs = batch
        (hidden,) = session.run(None, {name: inputs[name] for name in names})
        return indices, pool(hidden, inputs["attention_mask"])

    def embed(texts: list[str], batch: int):
        todo = batches(tokenizer, texts, batch)
        if workers == 1:
            return rows_of(map(run, todo), len(texts), dim)
        # A session keeps no state between runs, so threads can share it.
        with ThreadPoolExecutor(workers) as threads:
            return rows_of(threads.map(run, todo), len(texts), dim)

    return embed


serve(load)
