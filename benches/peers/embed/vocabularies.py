"""Builds tokenizers like those of published models, with words learned from the papers."""

import math
from collections import Counter
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from tokenizers.models import BPE, Unigram

BYTE_PAIRS = 50368
# The number of words of XLM-RoBERTa.
XLMR_WORDS = 250002

BERT = {
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
    "pad_token": "[PAD]",
    "sep_token": "[SEP]",
    "unk_token": "[UNK]",
    "do_lower_case": True,
    "strip_accents": None,
    "tokenize_chinese_chars": True,
    "tokenizer_class": "BertTokenizer",
}
MODERNBERT = {
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
    "pad_token": "[PAD]",
    "sep_token": "[SEP]",
    "unk_token": "[UNK]",
    "model_input_names": ["input_ids", "attention_mask"],
    "tokenizer_class": "PreTrainedTokenizerFast",
}
MODERNBERT_TOKENS = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
MODERNBERT_IDS = {
    field: BYTE_PAIRS - len(MODERNBERT_TOKENS) + MODERNBERT_TOKENS.index(token)
    for field, token in [
        ("bos_token_id", "[CLS]"),
        ("cls_token_id", "[CLS]"),
        ("eos_token_id", "[SEP]"),
        ("sep_token_id", "[SEP]"),
        ("pad_token_id", "[PAD]"),
    ]
}
QWEN3 = {
    "add_prefix_space": False,
    "bos_token": None,
    "eos_token": "<|im_end|>",
    "pad_token": "<|endoftext|>",
    "unk_token": None,
    "tokenizer_class": "Qwen2Tokenizer",
}
ROBERTA = {
    "bos_token": "<s>",
    "cls_token": "<s>",
    "eos_token": "</s>",
    "mask_token": "<mask>",
    "pad_token": "<pad>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "tokenizer_class": "XLMRobertaTokenizer",
}

# The regular expression that splits text into words in Qwen2 and Qwen3.
QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def word_pieces(default_model: Path, _texts: list[str]) -> Tokenizer:
    """Returns the tokenizer of the default model, which is BERT's."""
    return Tokenizer.from_file(str(default_model / "tokenizer.json"))


def byte_pairs(
    before: pre_tokenizers.PreTokenizer, special: list[str], texts: list[str]
) -> Tokenizer:
    """Learns byte pairs. Special tokens get the highest ids, as in the published vocabularies."""
    tokenizer = Tokenizer(BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = before
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=BYTE_PAIRS - len(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in special]
    )
    return tokenizer


def around(tokenizer: Tokenizer, template: str, special: list[str]) -> Tokenizer:
    """Adds special tokens to every text, as the template says."""
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template,
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in special],
    )
    return tokenizer


def modernbert(_default_model: Path, texts: list[str]) -> Tokenizer:
    before = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = byte_pairs(before, MODERNBERT_TOKENS, texts)
    return around(tokenizer, "[CLS]:0 $A:0 [SEP]:0", ["[CLS]", "[SEP]"])


def qwen3(_default_model: Path, texts: list[str]) -> Tokenizer:
    words = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
        ]
    )
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = byte_pairs(words, special, texts)
    return around(tokenizer, "$A:0 <|endoftext|>:0", ["<|endoftext|>"])


def xlm_roberta(_default_model: Path, texts: list[str]) -> Tokenizer:
    """Builds a unigram vocabulary of XLM-RoBERTa's size: characters, and the most frequent
    beginnings and ends of words.
    """
    words = Counter(f"▁{word}" for text in texts for word in text.split())
    characters, parts = Counter({"▁": 1}), Counter()
    for word, count in words.items():
        for character in word:
            characters[character] += count
        for end in range(2, min(len(word), 16) + 1):
            parts[word[:end]] += count
            parts[word[-end:]] += count
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    room = XLMR_WORDS - len(special) - len(characters) - 1
    counts = characters + Counter(dict(parts.most_common(room)))
    for filler in range(XLMR_WORDS - len(special) - len(counts) - 1):
        counts[f"▁unused{filler}"] = 1
    total = sum(counts.values())
    scored = [(piece, math.log(count / total)) for piece, count in counts.most_common()]
    pieces = [*((token, 0.0) for token in special), *scored, ("<mask>", 0.0)]
    tokenizer = Tokenizer(Unigram(pieces, unk_id=special.index("<unk>")))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in [*special, "<mask>"]]
    )
    return around(tokenizer, "<s>:0 $A:0 </s>:0", ["<s>", "</s>"])
