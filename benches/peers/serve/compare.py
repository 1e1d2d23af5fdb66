"""Compares `/v1/embeddings` of `cognate serve` with a server of FastAPI and sentence-transformers."""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import numpy

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "embed"))

from default_model import fetch_model  # noqa: E402

SEED = 7
TEXTS = 1_024
PRECISIONS = ["f32", "int8"]


def read_texts(file: Path, kind: str) -> list[str]:
    """Returns texts of papers: titles, or titles with abstracts."""
    records = [json.loads(line) for line in file.read_text().splitlines()]
    random.Random(SEED).shuffle(records)
    fields = ["title"] if kind == "titles" else ["title", "abstract"]
    texts = [" ".join(" ".join(record[field] for field in fields).split()) for record in records]
    return [text for text in texts if text][:TEXTS]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(stack: ExitStack, command: list, port: int, log: Path) -> str:
    """Starts a server that runs until `stack` ends, waits until it answers, and returns its address."""
    output = stack.enter_context(log.open("a"))
    process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=output)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    address = f"127.0.0.1:{port}"
    while process.poll() is None:
        try:
            embed(address, ["ready"])
            return address
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"`{command[0]}` ended with status {process.returncode}, see {log}")


def embed(address: str, texts: list[str]) -> numpy.ndarray:
    request = urllib.request.Request(
        f"http://{address}/v1/embeddings",
        json.dumps({"input": texts}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        rows = json.load(answer)["data"]
    return numpy.array([row["embedding"] for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", type=Path, help="papers, one JSON record per line")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--binaries", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--per-call", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32, help="batch size of sentence-transformers")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    model = fetch_model(options.work)
    cognate = options.binaries / "cognate"
    log = options.work / "servers.log"
    with ExitStack() as stack:
        port = free_port()
        script = [sys.executable, HERE / "peer_fastapi.py", "--model", model, "--port", port]
        settings = ["--threads", options.threads, "--batch", options.batch]
        servers = [start(stack, [*script, *settings], port, log)]
        names = ["FastAPI, sentence-transformers"]
        for precision in PRECISIONS:
            library = options.work / f"library-{precision}"
            if not library.exists():
                paper = options.work / "paper.jsonl"
                paper.write_text('{"id": "a", "title": "A paper"}\n')
                add = [cognate, "add", "--library", library, "--model", model, "--precision", precision]
                subprocess.run([*add, paper], check=True, stdout=subprocess.DEVNULL)
            port = free_port()
            serve = [cognate, "serve", "--library", library, "--bind", f"127.0.0.1:{port}"]
            servers.append(start(stack, serve, port, log))
            names.append(f"cognate serve, {precision}")
        for kind in ["abstracts", "titles"]:
            texts = read_texts(options.papers, kind)
            file = options.work / f"{kind}.txt"
            file.write_text("".join(f"{text}\n" for text in texts))
            check(servers, names, texts[: options.per_call])
            for clients in [1, 2]:
                print(f"\n{kind}, {options.per_call} texts per call, {clients} client(s):", flush=True)
                load = [options.binaries / "examples" / "load", "embeddings", file, options.per_call]
                settings = [clients, options.seconds, options.rounds]
                # The server that the others are compared with comes last in each round.
                order = servers[1:] + servers[:1]
                for address, name in zip(servers, names):
                    print(f"  {address} is {name}", flush=True)
                arguments = [str(part) for part in [*load, *settings, *order]]
                subprocess.run(arguments, check=True)


def check(servers: list[str], names: list[str], texts: list[str]) -> None:
    """Compares each row with the one of sentence-transformers."""
    expected, *others = (embed(address, texts) for address in servers)
    for rows, name in zip(others, names[1:]):
        cosines = (rows * expected).sum(1)
        print(f"{name}: lowest cosine {cosines.min():.6f}")
        if cosines.min() < (0.9 if "int8" in name else 0.9999):
            raise SystemExit(f"{name} computes something else")


main()
