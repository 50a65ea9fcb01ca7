"""What the pinned repositories hold, made small: the layout, file names, tensor names and columns are the real ones."""

import json
import re
import shutil
from pathlib import Path

import torch
from datasets import DatasetDict
from safetensors.torch import save_file
from tokenizers import ByteLevelBPETokenizer, SentencePieceUnigramTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertForPreTraining,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from lessons_lib.sources import EMBEDDED, HUB

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
PINNED = {f"models/{HUB.checkpoint}": HUB.revision, f"datasets/{HUB.dataset}": HUB.dataset_revision}
DECODERS = {f"models/{HUB.decoder}": HUB.decoder_revision, f"models/{HUB.seq2seq}": HUB.seq2seq_revision}  # lesson 11
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
    """Write the repositories below `root`, each in a folder of its kind and name.

    `checkpoint` lends the vocabulary and the configuration of a BERT, `pairs` the sentences.
    """
    names = (*PINNED, "spaces/evaluate-metric/glue", *DECODERS)
    bert, mrpc, metric, gpt2, t5 = folders = [root / name for name in names]
    for folder in folders:
        folder.mkdir(parents=True)
    write_bert(bert, checkpoint)
    write_mrpc(mrpc, pairs)
    shutil.copy(EMBEDDED / "accuracy_and_f1" / "accuracy_and_f1.py", metric / "glue.py")
    texts = pairs["train"]["sentence1"][:]
    write_gpt2(gpt2, texts)
    write_t5(t5, texts)


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


def write_gpt2(folder: Path, texts: list[str]) -> None:
    """Write a GPT-2 as distilgpt2 is: pieces of bytes, one special token, which ends a text, and none to pad with."""
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(texts, vocab_size=600, special_tokens=["<|endoftext|>"], show_progress=False)
    end = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    small = {"n_positions": 128, "n_embd": 32, "n_layer": 2, "n_head": 2}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer._tokenizer, **end).save_pretrained(folder)
    GPT2LMHeadModel(GPT2Config(**small, vocab_size=600, bos_token_id=0, eos_token_id=0)).save_pretrained(folder)


def write_t5(folder: Path, texts: list[str]) -> None:
    """Write a T5 as t5-small is: a unigram tokenizer that ends each text with `</s>`."""
    tokenizer, special = SentencePieceUnigramTokenizer(), ["<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(texts, vocab_size=500, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.post_processor = TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    names = dict(zip(("pad_token", "eos_token", "unk_token"), special, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer._tokenizer, **names).save_pretrained(folder)
    small = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
    T5ForConditionalGeneration(T5Config(vocab_size=500, decoder_start_token_id=0, **small)).save_pretrained(folder)


def _spaced(pair: dict) -> dict:
    return {name: re.sub(r"\s*([^\w\s])\s*", r" \1 ", pair[name]).strip() for name in ("sentence1", "sentence2")}


def _write_json(file: Path, content: dict) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
