"""Formats paragraphs and tables, and writes them into BENCHMARKS.md."""

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from process import Turn

BENCHMARKS = Path(__file__).resolve().parents[3] / "BENCHMARKS.md"
WIDTH = 100
FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "VNNI",
    "avx_vnni": "AVX-VNNI",
    "asimddp": "NEON with dot products",
}


def fill(paragraph: str) -> str:
    return textwrap.fill(paragraph, WIDTH, break_on_hyphens=False)


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    headings = list(headings)
    first, *others = (f"| {' | '.join(cells)} |" for cells in [headings, *rows])
    return "\n".join([first, "|" + "---|" * len(headings), *others])


def failures(reasons: dict[str, str]) -> str:
    """Lists the contenders that failed, each with its reason."""
    failed = (f"{name} ({reason})" for name, reason in reasons.items())
    return fill(f"Did not run: {'; '.join(failed)}.")


def disturbance(turns: Iterable[Turn]) -> str:
    others = [turn.others for turn in turns]
    if not others:
        return ""
    return (
        f"Other work took {median(others):.0%} of the machine's time in the median turn "
        f"and {max(others):.0%} in the worst."
    )


def machine() -> str:
    cpu = Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", cpu)
    features = [
        label for flag, label in FEATURES.items() if re.search(rf"\b{flag}\b", cpu)
    ]
    return f"{name[1] if name else 'unknown processor'} ({', '.join(features)})"


def write_between_markers(path: Path, name: str, text: str) -> bool:
    """Replaces the text between two marker comments. Returns whether the file has them."""
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    document = path.read_text()
    before, found, rest = document.partition(opening)
    _, ended, after = rest.partition(closing)
    if not (found and ended):
        return False
    path.write_text(f"{before}{opening}\n{text.strip()}\n{closing}{after}")
    return True
