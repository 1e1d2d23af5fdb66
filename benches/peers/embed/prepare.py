"""Writes the models of the peers: ONNX graphs, plain and fused, in f32 and int8, and OpenVINO's
int8 model. Keeps existing files that were made from the same inputs."""

import argparse
import hashlib
import json
import logging
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

import nncf
import numpy as np
import onnxruntime
import openvino
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from transformers import BertModel

from texts import open_tokenizer

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
MADE_WITH = ["torch", "transformers", "onnx", "onnxruntime", "openvino", "nncf"]


class HiddenStates(torch.nn.Module):
    """The transformer without its pooler, which this checkpoint does not use."""

    def __init__(self, folder: Path):
        super().__init__()
        # The fusions of ONNX Runtime and OpenVINO match the operators of eager attention.
        self.bert = BertModel.from_pretrained(
            folder, attn_implementation="eager", add_pooling_layer=False
        ).eval()

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.bert(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
        ).last_hidden_state


def sample_inputs() -> dict[str, torch.Tensor]:
    """Returns inputs of two texts of unequal length, so that the mask is not optimized away."""
    ids = torch.arange(2000, 2032).reshape(2, 16)
    mask = torch.ones_like(ids)
    mask[1, 12:] = 0
    return dict(zip(INPUTS, [ids, mask, torch.zeros_like(ids)]))


def export(model: HiddenStates, path: Path) -> None:
    outputs = ["last_hidden_state"]
    torch.onnx.export(
        model,
        tuple(sample_inputs().values()),
        path,
        input_names=INPUTS,
        output_names=outputs,
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in INPUTS + outputs},
        opset_version=17,
        dynamo=False,
    )


def fuse(source: Path, target: Path, config: dict) -> None:
    """Fuses attention, layer norm, GELU and embeddings into one operator each."""
    fused = optimizer.optimize_model(
        str(source),
        model_type="bert",
        num_heads=config["num_attention_heads"],
        hidden_size=config["hidden_size"],
        opt_level=0,
        only_onnxruntime=False,
    )
    fused.save_model_to_file(str(target))
    print(
        "fused", {k: n for k, n in fused.get_fused_operator_statistics().items() if n}
    )


def multiplies_bytes_exactly() -> bool:
    """Returns whether the processor sums products of bytes in 32 bits. Without VNNI (AVX2, early
    AVX-512), sums of two products saturate at 16 bits, and ONNX Runtime's manual asks for 7-bit
    weights.
    """
    if platform.machine() not in ("x86_64", "AMD64"):
        return True
    return "vnni" in Path("/proc/cpuinfo").read_text()


def quantize_for_onnxruntime(source: Path, target: Path) -> None:
    quantize_dynamic(
        source,
        target,
        per_channel=True,
        reduce_range=not multiplies_bytes_exactly(),
        weight_type=QuantType.QInt8,
        # The type of tensors whose type cannot be inferred: float.
        extra_options={"DefaultTensorType": 1},
    )


def quantize_for_openvino(
    source: Path, target: Path, model: Path, texts: list[str]
) -> None:
    """Quantizes weights and activations after training, calibrated on `texts`."""
    encodings = open_tokenizer(model).encode_batch(texts)
    ids = [np.array([encoding.ids], np.int64) for encoding in encodings]
    quantized = nncf.quantize(
        openvino.Core().read_model(source),
        nncf.Dataset(
            ids,
            lambda ids: dict(zip(INPUTS, [ids, np.ones_like(ids), np.zeros_like(ids)])),
        ),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(texts),
    )
    openvino.save_model(quantized, target, compress_to_fp16=False)


def largest_difference(path: Path, expected: np.ndarray) -> float:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {name: tensor.numpy() for name, tensor in sample_inputs().items()}
    found = session.run(None, inputs)[0]
    return float(np.abs(found - expected)[inputs["attention_mask"] > 0].max())


def fingerprint(model: Path, calibration: list[str]) -> str:
    parts = [Path(__file__).read_bytes(), (model / "model.safetensors").read_bytes()]
    parts += [f"{name}=={version(name)}".encode() for name in MADE_WITH]
    parts.append(json.dumps([calibration, multiplies_bytes_exactly()]).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make(model: Path, calibration: list[str], folder: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    hidden_states = HiddenStates(model)
    with torch.no_grad():
        expected = hidden_states(**sample_inputs()).numpy()
    export(hidden_states, folder / "plain.onnx")
    fuse(folder / "plain.onnx", folder / "fused.onnx", config)
    quantize_for_onnxruntime(folder / "plain.onnx", folder / "plain-int8.onnx")
    quantize_for_onnxruntime(folder / "fused.onnx", folder / "fused-int8.onnx")
    for path in sorted(folder.glob("*.onnx")):
        print(
            f"{path.name}: largest difference {largest_difference(path, expected):.2g}"
        )
    quantize_for_openvino(
        folder / "plain.onnx", folder / "openvino-int8.xml", model, calibration
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", type=Path, required=True, help="folder of the checkpoint"
    )
    parser.add_argument(
        "--texts", type=Path, required=True, help="JSON file of the text sets"
    )
    parser.add_argument("--folder", type=Path, required=True, help="output folder")
    arguments = parser.parse_args()
    # Silence warnings of the exporter and the optimizer that concern only their developers.
    logging.getLogger().setLevel(logging.ERROR)
    warnings.simplefilter("ignore")

    calibration = json.loads(arguments.texts.read_text())["calibration"]
    made_from = fingerprint(arguments.model, calibration)
    stamp = arguments.folder / "made-from"
    if stamp.exists() and stamp.read_text() == made_from:
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    make(arguments.model, calibration, arguments.folder)
    stamp.write_text(made_from)


if __name__ == "__main__":
    main()
