"""The contenders and the settings that each may choose from."""

import json
import sys
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from contest import OURS, environment

HERE = Path(__file__).resolve().parent
BATCHES = (2, 4, 8, 16, 32, 64, 128)
BATCHES_LARGE = (1, 4, 16, 64)
# Its rows in f32 are the reference for all others.
REFERENCE = "sentence-transformers"
# Set up here for the default model alone.
DEFAULT_MODEL_ONLY = ("fastembed-f32", "fastembed-int8", "candle-f32")


@dataclass(frozen=True)
class Mode:
    """A way to use the threads. A process runs in one mode."""

    name: str
    graph: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    name: str
    label: str
    precision: str
    program: tuple[str, ...]
    # The cold start, which embeds a single text, uses the first mode.
    modes: tuple[Mode, ...]
    batches: tuple[int, ...] = BATCHES

    @property
    def ours(self) -> bool:
        return self.label == OURS

    @property
    def has_choice(self) -> bool:
        return len(self.modes) > 1 or len(self.batches) > 1

    def mode(self, name: str) -> Mode:
        return next(mode for mode in self.modes if mode.name == name)


@dataclass(frozen=True)
class Setup:
    """The arguments that all contenders have in common."""

    model: Path
    texts: Path
    threads: int

    def command(self, contender: Contender, mode: Mode) -> list[str]:
        # The mode `workers plain` is `workers` on the plain graph; programs know only the first word.
        command = [*contender.program, "--mode", mode.name.split()[0]]
        command += ["--model", str(self.model), "--texts", str(self.texts)]
        command += ["--threads", str(self.threads), "--precision", contender.precision]
        if mode.graph:
            command += ["--graph", str(mode.graph)]
        return command

    def environment(self, mode: Mode) -> dict[str, str]:
        return environment(self.threads) | {
            "HF_HUB_OFFLINE": "1",
            "ORT_DYLIB_PATH": str(onnxruntime_library()),
            "TOKENIZERS_PARALLELISM": "true",
            **mode.environment,
        }


def onnxruntime_library() -> Path:
    """The library inside the wheel, so that fastembed-rs runs the same ONNX Runtime."""
    package = Path(find_spec("onnxruntime").origin).parent
    return next((package / "capi").glob("libonnxruntime.so*"))


def lineup(graphs: Path, binaries: Path) -> list[Contender]:
    def python(name: str) -> tuple[str, ...]:
        return (sys.executable, str(HERE / "contenders" / f"{name}.py"))

    def rust(name: str) -> tuple[str, ...]:
        return (str(binaries / name),)

    def on(graph: str) -> tuple[Mode, Mode]:
        return Mode("together", graphs / graph), Mode("workers", graphs / graph)

    def openvino(graph: str) -> tuple[Mode, Mode]:
        return Mode("latency", graphs / graph), Mode("throughput", graphs / graph)

    fused, fused_int8 = on("fused.onnx"), on("fused-int8.onnx")
    plain_int8 = Mode("workers plain", graphs / "plain-int8.onnx")
    together = (Mode("together"),)
    # candle's own threads spin while idle and would slow workers down.
    candle = (
        Mode("together"),
        Mode("workers", environment={"CANDLE_NUM_THREADS": "1"}),
    )

    ours, torch = rust("peer-cognate"), python("peer_sentence_transformers")
    ort, ov = python("peer_onnxruntime"), python("peer_openvino")
    fastembed = rust("peer-fastembed")
    return [
        Contender("cognate-f32", OURS, "f32", ours, together, (1,)),
        Contender("cognate-int8", OURS, "int8", ours, together, (1,)),
        Contender(
            "sentence-transformers",
            "sentence-transformers",
            "f32",
            torch,
            together,
            (32,),
        ),
        Contender(
            "sentence-transformers-tuned",
            "sentence-transformers, best batch",
            "f32",
            torch,
            together,
        ),
        Contender("onnxruntime-f32", "ONNX Runtime", "f32", ort, fused),
        Contender(
            "onnxruntime-int8", "ONNX Runtime", "int8", ort, (*fused_int8, plain_int8)
        ),
        Contender("openvino-f32", "OpenVINO", "f32", ov, openvino("plain.onnx")),
        Contender(
            "openvino-int8", "OpenVINO", "int8", ov, openvino("openvino-int8.xml")
        ),
        Contender("fastembed-f32", "fastembed-rs", "f32", fastembed, fused),
        Contender("fastembed-int8", "fastembed-rs", "int8", fastembed, fused_int8),
        Contender("candle-f32", "candle", "f32", rust("peer-candle"), candle),
    ]


def reranking(binaries: Path) -> list[Contender]:
    """Returns the contenders that score a query with documents."""
    ours = (str(binaries / "peer-cognate"), "--rerank")
    torch = (sys.executable, str(HERE / "contenders" / "peer_cross_encoder.py"))
    together = (Mode("together"),)
    label = "CrossEncoder of sentence-transformers"
    return [
        Contender("cognate-f32", OURS, "f32", ours, together, (1,)),
        Contender("cognate-int8", OURS, "int8", ours, together, (1,)),
        Contender("sentence-transformers", label, "f32", torch, together, (32,)),
        Contender("sentence-transformers-tuned", f"{label}, best batch", "f32", torch, together),
    ]


def with_graphs(everyone: list[Contender], graphs: Path) -> tuple[list[Contender], dict[str, str]]:
    """Returns the contenders whose graphs could be made, and the reasons why others could not."""
    reasons = json.loads((graphs / "failures.json").read_text())

    def reason(mode: Mode) -> str | None:
        return mode.graph and reasons.get(mode.graph.name)

    able, failures = [], {}
    for contender in everyone:
        modes = tuple(mode for mode in contender.modes if not reason(mode))
        if modes:
            able.append(replace(contender, modes=modes))
        else:
            failures[contender.name] = reason(contender.modes[0])
    return able, failures


def for_large_models(everyone: list[Contender], threads: int) -> list[Contender]:
    """Returns the contenders that run any model, with fewer settings to try."""
    chosen = []
    for one in everyone:
        if one.name in DEFAULT_MODEL_ONLY:
            continue
        # On one thread, the modes on a graph are alike.
        modes = {str(mode.graph): mode for mode in reversed(one.modes)} if threads == 1 else {}
        batches = BATCHES_LARGE if len(one.batches) > 1 else one.batches
        chosen.append(replace(one, modes=tuple(modes.values()) or one.modes, batches=batches))
    return chosen
