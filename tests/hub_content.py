"""What the pinned repositories hold, made small: the layout, file names, tensor names and columns are the real ones."""

import json
import re
import shutil
from pathlib import Path

import torch
from datasets import DatasetDict
from safetensors.torch import save_file
from transformers import BertConfig, BertForPreTraining

from lessons_lib.sources import EMBEDDED, HUB

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
PINNED = {f"models/{HUB.checkpoint}": HUB.revision, f"datasets/{HUB.dataset}": HUB.dataset_revision}
GLUE_CARD = """---
configs:
- config_name: mrpc
  data_files:
  - {split: train, path: mrpc/train-*}
  - {split: validation, path: mrpc/validation-*}
  - {split: test, path: mrpc/test-*}
---
"""


def write_content(root: Path, checkpoint: Path, pairs: DatasetDict) -> None:
    """Write the three repositories below `root`, each in a folder of its kind and name.

    `checkpoint` lends the vocabulary and the configuration of a BERT, `pairs` the sentences.
    """
    bert, mrpc, metric = folders = [root / name for name in (*PINNED, "spaces/evaluate-metric/glue")]
    for folder in folders:
        folder.mkdir(parents=True)
    write_bert(bert, checkpoint)
    write_mrpc(mrpc, pairs)
    shutil.copy(EMBEDDED / "accuracy_and_f1" / "accuracy_and_f1.py", metric / "glue.py")


def write_bert(folder: Path, checkpoint: Path) -> None:
    """Write a BERT with its pretraining head: LayerNorms called gamma and beta, and a second format nobody needs."""
    shutil.copy(checkpoint / "vocab.txt", folder)
    words = json.loads((checkpoint / "tokenizer.json").read_text(encoding="utf-8"))
    _write_json(folder / "tokenizer.json", words | {"truncation": None, "padding": None})
    _write_json(folder / "tokenizer_config.json", {"do_lower_case": True, "model_max_length": 512})
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    config |= {"_name_or_path": "", "architectures": ["BertForMaskedLM"], **SMALL}
    _write_json(folder / "config.json", config)
    torch.manual_seed(0)
    model = BertForPreTraining(BertConfig.from_dict(config | {"initializer_range": 0.2}))  # so that tokens differ
    weights = {name: tensor for name, tensor in model.state_dict().items() if "cls.predictions.decoder" not in name}
    old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    renamed = {re.sub("|".join(old), lambda found: old[found[0]], name): weights[name] for name in weights}
    save_file(renamed, folder / "model.safetensors", {"format": "pt"})
    (folder / "pytorch_model.bin").write_bytes(b"the same weights again, in a format that no lesson reads")


def write_mrpc(folder: Path, pairs: DatasetDict) -> None:
    """Write `pairs` as GLUE's MRPC: every split with its labels, and spaces around the punctuation."""
    for name, split in pairs.items():
        split.map(_spaced).to_parquet(folder / "mrpc" / f"{name}-00000-of-00001.parquet")
    (folder / "README.md").write_text(GLUE_CARD, encoding="utf-8")


def _spaced(pair: dict) -> dict:
    return {name: re.sub(r"\s*([^\w\s])\s*", r" \1 ", pair[name]).strip() for name in ("sentence1", "sentence2")}


def _write_json(file: Path, content: dict) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
