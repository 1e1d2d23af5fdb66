"""Compares embedding on an NVIDIA GPU with sentence-transformers and prints a Markdown table.

    gpu.py PAPERS.jsonl[.gz] --cognate BINARY [--model MODELS] [--formats FORMATS]

The binary is `peer-cognate`, built with the feature `cuda`. A model is the folder of a checkpoint, or
a name that `checkpoints.py` knows. Both embed the same texts in the same precision and take turns.
sentence-transformers uses the fastest of several batch sizes. Before any timing, every row is
compared with the row that sentence-transformers returns in f32.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "common"))

import numpy as np  # noqa: E402

import checkpoints  # noqa: E402
from comparison import agreement  # noqa: E402
from default_model import fetch_model  # noqa: E402
from process import Failed, Process  # noqa: E402
from texts import make_sets, open_tokenizer  # noqa: E402

SIZES = {"documents": 2048, "mixed": 4096, "queries": 4096}
BATCHES = (32, 128, 512, 2048)
FORMATS = ("bf16", "f16", "f32")
# `default` is all-MiniLM-L6-v2; the others have random weights.
MODELS = ("default", "bert-base", "modernbert-base", "nomic", "qwen3-4l")
LEAST_COSINE = {"bf16": 0.999, "f16": 0.9999, "f32": 0.999999}
SEED = 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("papers", type=Path)
    parser.add_argument("--model", default=",".join(MODELS), metavar="MODELS", help="(%(default)s)")
    parser.add_argument("--cognate", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="folder for generated files (default: temporary)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--formats", default=FORMATS[0], help="of bf16, f16 and f32 (%(default)s)")
    return parser.parse_args()


def gpu() -> str:
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    return subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()


def least_cosine(rows: np.ndarray, reference: np.ndarray) -> float:
    return float(agreement(rows.astype(np.float64), reference.astype(np.float64)).min())


def checkpoint(model: str, work: Path, papers: Path) -> Path:
    """Returns the folder of a model, which is written if it is one of those with random weights."""
    if model == "default":
        return fetch_model(work)
    if model not in checkpoints.SHAPES:
        return Path(model)
    checkpoints.write(model, work / "checkpoints" / model, lambda: fetch_model(work), papers)
    return work / "checkpoints" / model


def measure(model: str, options: argparse.Namespace, work: Path) -> None:
    """Prints the rows of one model."""
    folder = checkpoint(model, work, options.papers)
    sets, _ = make_sets(options.papers, open_tokenizer(folder), SIZES, SEED)
    (work / "texts.json").write_text(json.dumps({n: s.texts for n, s in sets.items()}))
    torch = (sys.executable, str(HERE / "contenders" / "peer_sentence_transformers.py"))
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}

    with ExitStack() as stack:

        def start(program: tuple[str, ...], precision: str, log: str) -> Process:
            command = [*program, "--cuda", "--precision", precision]
            command += ["--model", str(folder), "--texts", str(work / "texts.json")]
            command += ["--threads", str(options.threads)]
            process = Process(command, environment, work / f"{log}-{precision}.log")
            process.expect("ready")
            return stack.enter_context(process)

        def vectors(process: Process, name: str, batch: int) -> np.ndarray:
            file = work / "rows.npy"
            process.ask(f"vectors {name} {batch} {file}")
            return np.load(file)

        def seconds(process: Process, name: str, batch: int) -> float:
            return process.ask(f"embed {name} {batch}")["seconds"]

        exact = start(torch, "f32", "reference")
        references = {name: vectors(exact, name, 128) for name in sets}
        for precision in options.formats.split(","):
            ours = start((str(options.cognate),), precision, "cognate")
            theirs = start(torch, precision, "sentence-transformers")
            for name, found in sets.items():
                cosines = [
                    least_cosine(vectors(one, name, 128), references[name])
                    for one in (ours, theirs)
                ]
                if cosines[0] < LEAST_COSINE[precision]:
                    raise Failed(f"{name} in {precision}: the least cosine is {cosines[0]}")
                seconds(ours, name, 1)
                tried = {batch: seconds(theirs, name, batch) for batch in BATCHES}
                best = min(tried, key=tried.get)
                turns = [
                    (seconds(ours, name, 1), seconds(theirs, name, 32), seconds(theirs, name, best))
                    for _ in range(options.rounds)
                ]
                count = len(found.texts)
                speeds = [f"{count / statistics.median(t):,.0f}" for t in zip(*turns)]
                ratio = statistics.median(t[2] / t[0] for t in turns)
                print(f"| {model} | {name} | {precision} | {speeds[0]} | {speeds[1]} "
                      f"| {speeds[2]} ({best}) | {ratio:.2f} "
                      f"| {cosines[0]:.7f} | {cosines[1]:.7f} |", flush=True)


def main() -> None:
    options = parse()
    work = options.work or Path(tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    print(f"{gpu()}; {options.threads} threads; texts per second, medians of {options.rounds}\n")
    print("| model | set | format | cognate | sentence-transformers, default batch | best batch "
          "| ratio | least cosine, ours | theirs |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    failed = False
    for model in options.model.split(","):
        try:
            measure(model, options, work)
        except Failed as error:
            print(f"{model} failed: {error}", file=sys.stderr, flush=True)
            failed = True
    sys.exit(failed)


main()
