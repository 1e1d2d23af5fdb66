"""The contenders and their arguments."""

import sys
from dataclasses import dataclass
from pathlib import Path

from contest import OURS
from rows import QUERIES

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Contender:
    name: str
    label: str
    # Contenders of the same program share a process and its copy of the rows.
    program: tuple[str, ...]
    mode: str = ""
    # Whether it must find the exact f32 answer; for the others, the report shows the recall.
    exact: bool = True
    # Whether it takes part in the task `neighbors`, which is slow.
    neighbors: bool = False
    # The largest number of rows that it searches.
    largest: int | None = None

    def takes(self, count: int) -> bool:
        return self.largest is None or count <= self.largest

    def takes_part(self, way: str) -> bool:
        return way != "neighbors" or self.neighbors


@dataclass(frozen=True)
class Setup:
    """The arguments that all contenders have in common."""

    rows: Path
    count: int
    threads: int
    # A temporary folder.
    folder: Path

    def command(self, contender: Contender) -> list[str]:
        command = [*contender.program, "--rows", str(self.rows)]
        command += ["--count", str(self.count), "--queries", str(QUERIES)]
        command += ["--threads", str(self.threads), "--folder", str(self.folder)]
        return command


def lineup(binaries: Path, hnsw_max: int) -> list[Contender]:
    def python(name: str, *more: str) -> tuple[str, ...]:
        return (sys.executable, str(HERE / "contenders" / f"{name}.py"), *more)

    def usearch(precision: str) -> Contender:
        program = python("peer_usearch", "--precision", precision)
        exact = precision == "f32"
        name, label = f"usearch-{precision}", f"usearch exact, {precision}"
        return Contender(name, label, program, exact=exact)

    def hnsw(ef: int) -> Contender:
        program = python("peer_hnswlib", "--precision", "hnsw")
        name, label = f"hnsw-{ef}", f"hnswlib HNSW, ef {ef}"
        mode, exact = f"{ef}", False
        return Contender(name, label, program, mode, exact, largest=hnsw_max)

    faiss = python("peer_faiss")
    return [
        Contender(
            OURS, OURS, (str(binaries / "peer-cognate-search"),), neighbors=True
        ),
        Contender("faiss", "FAISS IndexFlatIP", faiss, "plain", neighbors=True),
        Contender(
            "faiss-tuned", "FAISS, in parts, by BLAS", faiss, "tuned", neighbors=True
        ),
        usearch("f32"),
        usearch("f16"),
        usearch("i8"),
        Contender("numpy", "numpy", python("peer_numpy")),
        Contender("torch", "torch", python("peer_torch")),
        Contender("hnswlib-bf", "hnswlib BFIndex", python("peer_hnswlib")),
        hnsw(64),
        hnsw(256),
    ]
