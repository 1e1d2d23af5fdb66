"""Writes the models of the peers: ONNX graphs, plain and fused, in f32 and int8, and OpenVINO's
int8 model. Keeps existing files that were made from the same inputs. A step that fails leaves its
reason in `failures.json`, and the contenders that need its file do not run."""

import argparse
import hashlib
import json
import logging
import platform
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import nncf
import numpy as np
import onnxruntime
import openvino
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from transformers import AutoModel

from texts import open_tokenizer

FAILURES = "failures.json"
# The graph optimizer of ONNX Runtime knows these architectures by other names than BERT's.
FUSIONS = {"qwen3": "qwen3"}
MADE_WITH = ["torch", "transformers", "onnx", "onnxruntime", "openvino", "nncf"]


class HiddenStates(torch.nn.Module):
    """The transformer without its pooler, which these checkpoints do not use."""

    def __init__(self, folder: Path):
        super().__init__()
        # The fusions of ONNX Runtime and OpenVINO match the operators of eager attention.
        self.transformer = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
        self.inputs = ["input_ids", "attention_mask"]
        if self.transformer.config.model_type == "bert":
            self.inputs.append("token_type_ids")

    def forward(self, *inputs):
        return self.transformer(**dict(zip(self.inputs, inputs))).last_hidden_state

    def sample_inputs(self) -> dict[str, torch.Tensor]:
        """Returns inputs of two texts of unequal length, so that the mask is not optimized away."""
        ids = torch.arange(2000, 2032).reshape(2, 16)
        mask = torch.ones_like(ids)
        mask[1, 12:] = 0
        return dict(zip(self.inputs, [ids, mask, torch.zeros_like(ids)]))


def export(model: HiddenStates, path: Path) -> None:
    outputs = ["last_hidden_state"]
    torch.onnx.export(
        model,
        tuple(model.sample_inputs().values()),
        path,
        input_names=model.inputs,
        output_names=outputs,
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in model.inputs + outputs},
        opset_version=17,
        dynamo=False,
    )


def fuse(source: Path, target: Path, config: dict) -> None:
    """Fuses operators, in BERT attention, layer norm, GELU and embeddings into one each."""
    fused = optimizer.optimize_model(
        str(source),
        model_type=FUSIONS.get(config["model_type"], "bert"),
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
    plain = openvino.Core().read_model(source)
    names = [one.any_name for one in plain.inputs]
    encodings = open_tokenizer(model).encode_batch(texts)
    ids = [np.array([encoding.ids], np.int64) for encoding in encodings]
    quantized = nncf.quantize(
        plain,
        nncf.Dataset(
            ids,
            lambda ids: dict(zip(names, [ids, np.ones_like(ids), np.zeros_like(ids)])),
        ),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(texts),
    )
    openvino.save_model(quantized, target, compress_to_fp16=False)


def largest_difference(path: Path, model: HiddenStates, expected: np.ndarray) -> float:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {name: tensor.numpy() for name, tensor in model.sample_inputs().items()}
    found = session.run(None, inputs)[0]
    return float(np.abs(found - expected)[inputs["attention_mask"] > 0].max())


def fingerprint(model: Path, calibration: list[str]) -> str:
    parts = [Path(__file__).read_bytes(), (model / "model.safetensors").read_bytes()]
    parts += [f"{name}=={version(name)}".encode() for name in MADE_WITH]
    parts.append(json.dumps([calibration, multiplies_bytes_exactly()]).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make(model: Path, calibration: list[str], folder: Path) -> dict[str, str]:
    """Writes all files, and returns the reasons of those that could not be made."""
    config = json.loads((model / "config.json").read_text())
    hidden_states = HiddenStates(model)
    with torch.no_grad():
        expected = hidden_states(*hidden_states.sample_inputs().values()).numpy()
    plain, fused = folder / "plain.onnx", folder / "fused.onnx"
    failures = {}

    def attempt(target: Path, step: Callable[[Path], None]) -> None:
        try:
            step(target)
            if target.suffix == ".onnx":
                difference = largest_difference(target, hidden_states, expected)
                print(f"{target.name}: largest difference {difference:.2g}")
        except Exception as error:  # Peers fail in many ways, and the others go on.
            failures[target.name] = f"{type(error).__name__}: {error}".splitlines()[0]
            target.unlink(missing_ok=True)
            print(f"{target.name}: {failures[target.name]}")

    attempt(plain, lambda target: export(hidden_states, target))
    attempt(fused, lambda target: fuse(plain, target, config))
    for source in (plain, fused):
        int8 = folder / f"{source.stem}-int8.onnx"
        attempt(int8, lambda target: quantize_for_onnxruntime(source, target))
    attempt(
        folder / "openvino-int8.xml",
        lambda target: quantize_for_openvino(plain, target, model, calibration),
    )
    return failures


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
    failures = make(arguments.model, calibration, arguments.folder)
    (arguments.folder / FAILURES).write_text(json.dumps(failures))
    stamp.write_text(made_from)


if __name__ == "__main__":
    main()
