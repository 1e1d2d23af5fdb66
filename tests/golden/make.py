#!/usr/bin/env python3
"""Makes the golden numbers of a checkpoint with sentence-transformers.

Reads `texts.json` in the folder of this script, runs each text, alone and unpadded, through the
modules of a `SentenceTransformer`, in float32 on one CPU thread, and writes the output of each
module. README.md describes every tensor.

    python make.py --model DIR [--name NAME] [--out DIR]

`--model` is a folder with the checkpoint `sentence-transformers/NAME`: all-MiniLM-L6-v2, or
all-mpnet-base-v2, for which only the embeddings are written.
"""

import argparse
import hashlib
import json
import os
import platform
import sys
from pathlib import Path

# The checkpoint is a local folder, so no model hub is needed.
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import safetensors
import sentence_transformers
import tokenizers
import torch
import transformers
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling

HERE = Path(__file__).resolve().parent

# The versions that made the committed numbers.
EXPECTED_VERSIONS = {
    "python": "3.11",
    "torch": "2.15.0",
    "transformers": "5.23.0",
    "tokenizers": "0.23.3",
    "sentence-transformers": "6.2.0",
    "numpy": "2.4.6",
    "safetensors": "0.8.0",
}

# The checkpoints of the committed numbers.
CHECKPOINTS = {
    "all-MiniLM-L6-v2": {
        "max_tokens": 256,
        "report": "versions.json",
        "sha256": {
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
    },
    "all-mpnet-base-v2": {
        "max_tokens": 384,
        "report": "all-mpnet-base-v2-versions.json",
        "sha256": {
            "model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
            "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
        },
    },
}

# Only every 16th dimension of the hidden states is kept, to keep the file small.
HIDDEN_STEP = 16


def installed_versions():
    return {
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__,
        "sentence-transformers": sentence_transformers.__version__,
        "numpy": np.__version__,
        "safetensors": safetensors.__version__,
    }


def check_versions(versions, any_versions):
    wrong = [
        f"{name} {versions[name]}, expected {expected}"
        for name, expected in EXPECTED_VERSIONS.items()
        if versions[name] != expected and not versions[name].startswith(expected + ".")
    ]
    if wrong and not any_versions:
        sys.exit("versions differ from those that made the committed numbers (--any-versions accepts them):\n  "
                 + "\n  ".join(wrong))


def check_sha256(model_dir, checkpoint):
    found = {}
    for name, expected in checkpoint["sha256"].items():
        found[name] = hashlib.sha256((model_dir / name).read_bytes()).hexdigest()
        if found[name] != expected:
            sys.exit(f"{name}: SHA-256 {found[name]}, expected {expected}")
    return found


def make_deterministic():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("highest")


def open_model(model_dir, checkpoint, dtype):
    model = SentenceTransformer(str(model_dir), device="cpu", model_kwargs={"dtype": dtype})
    model.eval()
    kinds = [type(module) for module in model]
    assert kinds == [Transformer, Pooling, Normalize], kinds
    assert model.max_seq_length == checkpoint["max_tokens"], model.max_seq_length
    assert all(p.dtype == dtype for p in model.parameters())
    return model


@torch.inference_mode()
def run_stages(model, text):
    """Runs one text through each module: (ids [t], hidden [t, h], pooled [h], normalized [h])."""
    features = model.preprocess([text])
    ids = features["input_ids"]
    assert ids.shape[0] == 1 and bool((features["attention_mask"] == 1).all()), "padding in a batch of one"
    assert bool((features.get("token_type_ids", torch.zeros(1)) == 0).all())

    transformer, pooling, normalize = model
    features = transformer(features)
    hidden = features["token_embeddings"][0].clone()
    features = pooling(features)
    pooled = features["sentence_embedding"][0].clone()
    features = normalize(features)
    normalized = features["sentence_embedding"][0].clone()

    assert hidden.shape[0] == ids.shape[1]
    return ids[0].numpy(), hidden.numpy(), pooled.numpy(), normalized.numpy()


def largest_difference(a, b):
    return float(np.max(np.abs(a.astype(np.float64) - b.astype(np.float64))))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--name", choices=CHECKPOINTS, default="all-MiniLM-L6-v2", help="name of the checkpoint")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: that of the script)")
    parser.add_argument("--any-versions", action="store_true", help="run with other package versions")
    args = parser.parse_args()

    versions = installed_versions()
    check_versions(versions, args.any_versions)
    checkpoint = CHECKPOINTS[args.name]
    sha256 = check_sha256(args.model, checkpoint)
    make_deterministic()

    records = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
    texts = [record["text"] for record in records]
    assert len({record["name"] for record in records}) == len(records), "names must differ"

    model = open_model(args.model, checkpoint, torch.float32)
    stages = [run_stages(model, text) for text in texts]

    ids = np.concatenate([s[0] for s in stages]).astype(np.int32)
    offsets = np.cumsum([0] + [len(s[0]) for s in stages]).astype(np.int64)
    tensors = {
        "ids": ids,
        "offsets": offsets,
        "hidden": np.concatenate([s[1][:, ::HIDDEN_STEP] for s in stages]),
        "hidden_full": np.stack([s[1][len(s[0]) // 2] for s in stages]),
        "pooled": np.stack([s[2] for s in stages]),
        "normalized": np.stack([s[3] for s in stages]),
    }
    for name, tensor in tensors.items():
        assert tensor.dtype in (np.float32, np.int32, np.int64), (name, tensor.dtype)
        assert np.all(np.isfinite(tensor)), name

    # Encoding in a padded batch, as callers do, must give the same rows.
    encoded = model.encode(texts, batch_size=len(texts), show_progress_bar=False)
    batch_error = largest_difference(encoded, tensors["normalized"])
    assert batch_error <= 1e-5, batch_error

    # The difference between float32 and float64, from which tolerances can be chosen.
    model64 = open_model(args.model, checkpoint, torch.float64)
    exact = [run_stages(model64, text) for text in texts]
    float64_error = {
        "hidden": max(largest_difference(a[1], b[1]) for a, b in zip(stages, exact)),
        "pooled": max(largest_difference(a[2], b[2]) for a, b in zip(stages, exact)),
        "normalized": max(largest_difference(a[3], b[3]) for a, b in zip(stages, exact)),
    }

    if args.name != "all-MiniLM-L6-v2":
        # The first model pins the stages; for a larger one, the embeddings are enough.
        tensors = {name: tensors[name] for name in ["ids", "offsets", "normalized"]}
    args.out.mkdir(parents=True, exist_ok=True)
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    save_file(tensors, args.out / f"{args.name}.safetensors")
    report = {
        "model": f"sentence-transformers/{args.name}",
        "sha256": sha256,
        "versions": versions,
        "attention": model[0].config._attn_implementation,
        "texts": len(texts),
        "tokens": int(offsets[-1]),
        "largest_difference_single_and_batch": batch_error,
        "largest_difference_float32_and_float64": float64_error,
    }
    (args.out / checkpoint["report"]).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
