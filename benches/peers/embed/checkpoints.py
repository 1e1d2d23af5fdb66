"""Writes checkpoints in the shapes of published models, with random weights.

Speed depends on the shapes and not on the values, and no published checkpoint has to be downloaded.
Weights are drawn with a fixed seed, as transformers initializes a model before training.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer

import vocabularies
from texts import MAX_TOKENS, RERANKED_TOKENS, read_papers

SEED = 1
PACKAGE = "sentence_transformers"


@dataclass(frozen=True)
class Shape:
    """A model whose weights are random."""

    label: str
    model: type[transformers.PreTrainedModel]
    config: transformers.PreTrainedConfig
    # Builds the tokenizer from the folder of the default model and from texts to learn words from.
    tokenizer: Callable[[Path, list[str]], Tokenizer]
    tokenizer_config: dict
    pooling: str | None = "mean"


MINILM = {
    "hidden_size": 384,
    "intermediate_size": 1536,
    "num_attention_heads": 12,
    "num_hidden_layers": 6,
}

SHAPES = {
    "bert-base": Shape(
        "BERT-base (12 × 768)",
        transformers.BertModel,
        transformers.BertConfig(),
        vocabularies.word_pieces,
        vocabularies.BERT,
    ),
    "modernbert-base": Shape(
        "ModernBERT-base (22 × 768)",
        transformers.ModernBertModel,
        transformers.ModernBertConfig(**vocabularies.MODERNBERT_IDS),
        vocabularies.modernbert,
        vocabularies.MODERNBERT,
    ),
    "nomic": Shape(
        "Nomic (12 × 768)",
        transformers.NomicBertModel,
        transformers.NomicBertConfig(),
        vocabularies.word_pieces,
        vocabularies.BERT,
    ),
    "qwen3-4l": Shape(
        "4 layers of Qwen3-0.6B (4 × 1,024)",
        transformers.Qwen3Model,
        transformers.Qwen3Config(
            # The published vocabulary has 151,669 words; only the size of the file depends on it.
            vocab_size=vocabularies.BYTE_PAIRS,
            hidden_size=1024,
            intermediate_size=3072,
            num_hidden_layers=4,
            num_attention_heads=16,
            num_key_value_heads=8,
            head_dim=128,
            rope_parameters={"rope_type": "default", "rope_theta": 1e6},
            tie_word_embeddings=True,
            use_cache=False,
        ),
        vocabularies.qwen3,
        vocabularies.QWEN3,
        pooling="lasttoken",
    ),
    "xlmr-base": Shape(
        "XLM-R-base (12 × 768, 250,002 words)",
        transformers.XLMRobertaModel,
        transformers.XLMRobertaConfig(
            vocab_size=vocabularies.XLMR_WORDS,
            max_position_embeddings=514,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
        ),
        vocabularies.xlm_roberta,
        vocabularies.ROBERTA,
    ),
    "cross-encoder": Shape(
        "cross-encoder (BERT, 6 × 384)",
        transformers.BertForSequenceClassification,
        transformers.BertConfig(num_labels=1, **MINILM),
        vocabularies.word_pieces,
        vocabularies.BERT,
        pooling=None,
    ),
}


def write(name: str, folder: Path, default_model: Callable[[], Path], papers: Path) -> None:
    """Writes a checkpoint in the layout of sentence-transformers, unless the folder has it."""
    complete = folder / "complete"
    if complete.exists():
        return
    shape = SHAPES[name]
    folder.mkdir(parents=True, exist_ok=True)
    texts = [f"{title} {abstract}" for title, abstract in read_papers(papers, SEED)]
    shape.tokenizer(default_model(), texts).save(str(folder / "tokenizer.json"))
    torch.manual_seed(SEED)
    model = shape.model(shape.config).eval()
    model.save_pretrained(folder)
    limit = {"model_max_length": MAX_TOKENS if shape.pooling else RERANKED_TOKENS}
    write_json(folder / "tokenizer_config.json", shape.tokenizer_config | limit)
    if shape.pooling:
        write_modules(folder, shape)
    complete.touch()


def write_modules(folder: Path, shape: Shape) -> None:
    modules = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
    entries = [
        {"idx": i, "name": str(i), "path": path, "type": f"{PACKAGE}.models.{kind}"}
        for i, (kind, path) in enumerate(modules.items())
    ]
    write_json(folder / "modules.json", entries)
    limit = {"max_seq_length": MAX_TOKENS, "do_lower_case": False}
    write_json(folder / "sentence_bert_config.json", limit)
    modes = {
        "cls": "pooling_mode_cls_token",
        "mean": "pooling_mode_mean_tokens",
        "lasttoken": "pooling_mode_lasttoken",
    }
    pooling = {key: mode == shape.pooling for mode, key in modes.items()}
    (folder / "1_Pooling").mkdir(exist_ok=True)
    write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": shape.config.hidden_size} | pooling,
    )


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")
