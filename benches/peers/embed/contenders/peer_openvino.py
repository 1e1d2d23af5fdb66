"""OpenVINO on the plain ONNX graph, or on the int8 model quantized from it."""

import argparse
from collections.abc import Callable, Iterable

import numpy as np
import openvino

from batches import Inputs, Pool, batches, open_tokenizer, pooling, rows_of
from serve import Embed, serve

Batches = Iterable[tuple[list[int], Inputs]]
Parts = Iterable[tuple[list[int], np.ndarray]]


def known(model: openvino.CompiledModel, inputs: Inputs) -> Inputs:
    """Returns the inputs that the model has."""
    return {one.any_name: inputs[one.any_name] for one in model.inputs}


def one_by_one(model: openvino.CompiledModel, pool: Pool) -> Callable[[Batches], Parts]:
    """Runs one batch at a time, on all threads."""
    request = model.create_infer_request()

    def run(todo: Batches) -> Parts:
        for indices, inputs in todo:
            hidden = request.infer(known(model, inputs), share_inputs=True, share_outputs=True)[0]
            yield indices, pool(hidden, inputs["attention_mask"])

    return run


def in_streams(model: openvino.CompiledModel, pool: Pool) -> Callable[[Batches], Parts]:
    """Runs as many batches at a time as OpenVINO chooses."""
    requests = openvino.AsyncInferQueue(model)

    def done(request, job):
        parts, indices, mask = job
        parts.append((indices, pool(request.get_output_tensor(0).data, mask)))

    def run(todo: Batches) -> Parts:
        parts = []
        for indices, inputs in todo:
            requests.start_async(known(model, inputs), (parts, indices, inputs["attention_mask"]))
        requests.wait_all()
        return parts

    requests.set_callback(done)
    return run


def load(options: argparse.Namespace) -> Embed:
    settings = {
        "INFERENCE_NUM_THREADS": options.threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": options.mode.upper(),
    }
    if options.cold is not None:
        # OpenVINO starts faster with a cache of compiled models.
        settings["CACHE_DIR"] = str(options.graph.parent / "openvino-cache")
    model = openvino.Core().compile_model(options.graph, "CPU", settings)
    tokenizer, pool = open_tokenizer(options.model), pooling(options.model)
    dim = model.output(0).partial_shape[-1].get_length()
    run = (in_streams if options.mode == "throughput" else one_by_one)(model, pool)

    def embed(texts: list[str], batch: int) -> np.ndarray:
        return rows_of(run(batches(tokenizer, texts, batch)), len(texts), dim)

    return embed


serve(load)
