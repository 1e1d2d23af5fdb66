"""Draws the sets of texts from a file of papers, with a seed."""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

MAX_TOKENS = 256
CALIBRATION = 128
CALIBRATION_LARGE = 32
FULL = {"documents": 192, "mixed": 400, "queries": 1000}
QUICK = {"documents": 6, "mixed": 12, "queries": 24}
# For models that are ten times as large as the default one.
FULL_LARGE = {"documents": 4, "mixed": 0, "queries": 48}
QUICK_LARGE = {"documents": 3, "mixed": 0, "queries": 6}
# A query and the documents that a search found.
RERANKED = 50
RERANKED_TOKENS = 512
SAMPLE = "/sample"


@dataclass
class TextSet:
    texts: list[str]
    tokens: list[int]
    # The query that the texts are scored with, if they are not embedded.
    query: str | None = None

    def with_query(self, texts: list[str]) -> list[str]:
        """Returns texts as contenders get them, which is after the query if there is one."""
        return texts if self.query is None else [self.query, *texts]

    def describe(self) -> str:
        shortest, longest = min(self.tokens), max(self.tokens)
        span = f"{shortest}" if shortest == longest else f"{shortest} to {longest}"
        return (
            f"{len(self.texts):,} texts of {span} tokens, {sum(self.tokens):,} in all"
        )


def open_tokenizer(model: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def read_papers(path: Path, seed: int) -> list[tuple[str, str]]:
    """Returns title and abstract of each paper that has both, shuffled."""
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else path.open()
    papers = []
    with opened as lines:
        for line in lines:
            paper = json.loads(line)
            # Line breaks are not part of the text.
            title = " ".join((paper.get("title") or "").split())
            abstract = " ".join((paper.get("abstract") or "").split())
            if title and abstract:
                papers.append((title, abstract))
    random.Random(seed).shuffle(papers)
    return papers


def long_documents(
    papers: Iterator[tuple[str, str]], tokenizer: Tokenizer, count: int
) -> list[str]:
    """Returns papers that reach the length limit of the model."""
    documents = []
    for title, abstract in papers:
        if len(documents) == count:
            break
        text = f"{title} {abstract}"
        if len(tokenizer.encode(text)) == MAX_TOKENS:
            documents.append(text)
    return documents


def make_sets(
    path: Path,
    tokenizer: Tokenizer,
    sizes: dict[str, int],
    seed: int,
    calibration_texts: int = CALIBRATION,
) -> tuple[dict[str, TextSet], list[str]]:
    """Returns the sets, and texts of other papers for calibrating quantization."""
    papers = iter(read_papers(path, seed))

    def titles_and_abstracts(count: int) -> list[str]:
        texts = [paper[i % 2] for i, paper in zip(range(count), papers)]
        random.Random(seed).shuffle(texts)
        return texts

    calibration = titles_and_abstracts(calibration_texts)
    texts = {
        "documents": long_documents(papers, tokenizer, sizes["documents"]),
        "mixed": titles_and_abstracts(sizes["mixed"]),
        "queries": [paper[0] for _, paper in zip(range(sizes["queries"]), papers)],
    }
    for name, found in texts.items():
        if len(found) < sizes[name]:
            raise SystemExit(
                f"{path}: found {len(found)} texts for `{name}`, expected {sizes[name]}"
            )
    sets = {
        name: TextSet(found, [len(text) for text in tokenizer.encode_batch(found)])
        for name, found in texts.items()
        if found
    }
    return sets, calibration


def make_pairs(path: Path, model: Path, documents: int, seed: int) -> TextSet:
    """Returns the titles and abstracts of papers, and the title of another one as the query."""
    (query, _), *others = read_papers(path, seed)[: documents + 1]
    texts = [f"{title} {abstract}" for title, abstract in others]
    tokenizer = open_tokenizer(model)
    tokenizer.enable_truncation(RERANKED_TOKENS)
    pairs = tokenizer.encode_batch([(query, text) for text in texts])
    return TextSet(texts, [len(pair) for pair in pairs], query)


def sample(found: TextSet) -> list[str]:
    """Returns a third of a set with the same mix of lengths, for tuning."""
    order = sorted(range(len(found.texts)), key=lambda text: found.tokens[text])
    return found.with_query([found.texts[text] for text in order[1::3]])


def write_texts(path: Path, sets: dict[str, TextSet], calibration: list[str]) -> None:
    texts = {name: found.with_query(found.texts) for name, found in sets.items()}
    texts |= {name + SAMPLE: sample(found) for name, found in sets.items()}
    path.write_text(json.dumps(texts | {"calibration": calibration}))
