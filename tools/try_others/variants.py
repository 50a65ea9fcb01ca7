"""The same BERT, kept in other ways: some still load; of those that are broken each lesson must say what is wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from datasets import Dataset
from safetensors.torch import save_file
from transformers import AutoTokenizer, BertForSequenceClassification, PrinterCallback, Trainer, TrainingArguments

from tools.try_others.kinds import bert, classifier, edit
from tools.try_others.pairs import pairs

WEIGHTS = "model.safetensors"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 4021576\n".format("0123456789abcdef" * 4)
ADAPTER = {
    "peft_type": "LORA",
    "task_type": "SEQ_CLS",
    "base_model_name_or_path": "google-bert/bert-base-uncased",
    "target_modules": ["query", "value"],
    "modules_to_save": ["classifier"],
    "r": 8,
    "lora_alpha": 16,
}


def train(folder: Path, steps: int) -> None:
    """Fine-tune `steps` steps with the Trainer, which saves each of them in `folder`."""
    with TemporaryDirectory() as start:
        classifier(Path(start))
        tokenizer, model = AutoTokenizer.from_pretrained(start), BertForSequenceClassification.from_pretrained(start)
    some = pairs("train", 16)
    columns = tokenizer(some["sentence1"].tolist(), some["sentence2"].tolist(), padding=True, truncation=True)
    args = TrainingArguments(folder, max_steps=steps, save_steps=1, report_to="none", use_cpu=True, disable_tqdm=True)
    rows = Dataset.from_dict({**columns, "labels": some["label"].tolist()})
    trainer = Trainer(model, args, train_dataset=rows, processing_class=tokenizer)
    trainer.remove_callback(PrinterCallback)
    trainer.train()


def trainer_checkpoint(folder: Path) -> None:
    """Write what a Trainer saved after one step: weights, optimizer, its own state."""
    with TemporaryDirectory() as runs:
        train(Path(runs), 1)
        shutil.copytree(Path(runs, "checkpoint-1"), folder, dirs_exist_ok=True)


def sharded(folder: Path) -> None:
    """Write the weights in several files, with an index of them."""
    model = bert(folder)
    (folder / WEIGHTS).unlink()
    model.save_pretrained(folder, max_shard_size="1MB")


def pytorch_bin(folder: Path) -> None:
    """Write the weights as torch.save does, and not as safetensors."""
    torch.save(bert(folder).state_dict(), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()


def adapter(folder: Path) -> None:
    """Write what PEFT saves of a LoRA adapter, and the tokenizer that lay beside it."""
    without("config.json", WEIGHTS)(folder)
    tensors = {"base_model.model.classifier.weight": torch.zeros(2, 32)}
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    edit(folder / "adapter_config.json", lambda facts: facts.update(ADAPTER))


def without(*names: str) -> Callable[[Path], None]:
    """Return what writes a BERT that lacks the files called `names`, which may be patterns."""

    def build(folder: Path) -> None:
        bert(folder)
        for path in [path for name in names for path in folder.glob(name)]:
            path.unlink()

    return build


def cut_weights(folder: Path) -> None:
    """Write weights of which a copy or a download was cut short."""
    bert(folder)
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: len(whole) // 2])


def lfs_pointer(folder: Path) -> None:
    """Write what git leaves in place of the weights where Git LFS isn't installed."""
    bert(folder)
    (folder / WEIGHTS).write_text(POINTER, encoding="ascii")


def missing_shard(folder: Path) -> None:
    """Write weights in several files without the last of them."""
    sharded(folder)
    max(folder.glob("model-*.safetensors")).unlink()


def no_model_type(folder: Path) -> None:
    """Write a config.json that doesn't say which model it is about."""
    bert(folder)
    edit(folder / "config.json", lambda facts: facts.pop("model_type"))


VARIANTS = {
    "trainer-checkpoint": trainer_checkpoint,
    "sharded": sharded,
    "bin": pytorch_bin,
    "bf16": lambda folder: bert(folder).to(torch.bfloat16).save_pretrained(folder),
}
BROKEN = {  # every lesson must say so
    "no-weights": without(WEIGHTS),
    "cut-weights": cut_weights,
    "lfs-pointer": lfs_pointer,
    "missing-shard": missing_shard,
    "other-tokenizer": lambda folder: bert(folder, vocab_size=5000),
    "no-model-type": no_model_type,
    "adapter": adapter,
    "output-folder": lambda folder: train(folder, 2),
    "no-tokenizer": without("tokenizer*", "vocab*", "special_tokens_map*"),
}
