"""Compares embedding on an NVIDIA GPU with sentence-transformers and prints a Markdown table.

    gpu.py PAPERS.jsonl[.gz] --model CHECKPOINT --cognate BINARY

The binary is `peer-cognate`, built with the feature `cuda`. Both embed the same texts in the same
precision and take turns. sentence-transformers uses the fastest of several batch sizes. Before any
timing, every row is compared with the row that sentence-transformers returns in f32.
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

from process import Process  # noqa: E402
from texts import make_sets, open_tokenizer  # noqa: E402

SIZES = {"documents": 2048, "mixed": 4096, "queries": 4096}
BATCHES = (32, 128, 512, 2048)
FORMATS = ("bf16", "f16", "f32")
LEAST_COSINE = {"bf16": 0.999, "f16": 0.9999, "f32": 0.999999}
SEED = 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("papers", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--cognate", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--formats", default=",".join(FORMATS))
    return parser.parse_args()


def gpu() -> str:
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    return subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()


def least_cosine(rows: np.ndarray, reference: np.ndarray) -> float:
    rows, reference = rows.astype(np.float64), reference.astype(np.float64)
    norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(reference, axis=1)
    return float(((rows * reference).sum(axis=1) / norms).min())


def main() -> None:
    options = parse()
    sets, _ = make_sets(options.papers, open_tokenizer(options.model), SIZES, SEED)
    work = Path(tempfile.mkdtemp())
    (work / "texts.json").write_text(json.dumps({n: s.texts for n, s in sets.items()}))
    torch = (sys.executable, str(HERE / "contenders" / "peer_sentence_transformers.py"))
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}

    with ExitStack() as stack:

        def start(program: tuple[str, ...], precision: str, log: str) -> Process:
            command = [*program, "--cuda", "--precision", precision]
            command += ["--model", str(options.model), "--texts", str(work / "texts.json")]
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
        print(f"{gpu()}; {options.threads} threads; texts per second, medians of {options.rounds}\n")
        print("| set | format | cognate | sentence-transformers, default batch | best batch | ratio "
              "| least cosine, ours | theirs |")
        print("|---|---|---|---|---|---|---|---|")
        for precision in options.formats.split(","):
            ours = start((str(options.cognate),), precision, "cognate")
            theirs = start(torch, precision, "sentence-transformers")
            for name, found in sets.items():
                cosines = [
                    least_cosine(vectors(one, name, 128), references[name])
                    for one in (ours, theirs)
                ]
                if cosines[0] < LEAST_COSINE[precision]:
                    sys.exit(f"{name} in {precision}: the least cosine is {cosines[0]}")
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
                print(f"| {name} | {precision} | {speeds[0]} | {speeds[1]} | {speeds[2]} ({best}) "
                      f"| {ratio:.2f} | {cosines[0]:.7f} | {cosines[1]:.7f} |", flush=True)


main()
