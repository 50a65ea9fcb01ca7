"""What keeps a folder from being a checkpoint that a lesson can load, said from its files."""

import warnings
from pathlib import Path

from lessons_lib.checkpoints import newest_checkpoint
from lessons_lib.checkpoints.files import is_whole, read_json, wrong_shards

WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)  # in the order in which `from_pretrained` looks for them
OTHERS = {"tf_model.h5": "TensorFlow", "flax_model.msgpack": "Flax", "*.gguf": "llama.cpp", "*.onnx": "ONNX"}
POINTER = b"version https://git-lfs"
MOST_SPECIAL = 10  # tokens of a tokenizer without a vocabulary; that of CANINE, over characters, counts its code points


def why_unusable(folder: Path) -> str | None:
    """Return what keeps `folder` from being a checkpoint and what to do, to end a sentence; `None` if nothing."""
    config = read_json(folder / "config.json")
    if not (folder / "config.json").exists():
        return _without_config(folder)
    if not isinstance(config, dict):
        return "has a config.json that isn't whole: save or fetch it again"
    if not config.get("model_type"):
        return (
            "has a config.json without model_type, so nothing says which model it is: save it with "
            "`model.save_pretrained(folder)`"
        )
    return _wrong_weights(folder) or _wrong_tokenizer(folder)


def _without_config(folder: Path) -> str:
    if adapter := read_json(folder / "adapter_config.json"):
        base = adapter.get("base_model_name_or_path") or "the model that it was made for"
        return (
            f"is a PEFT adapter: it changes {base}, and is no model by itself. Merge the two and save the result, "
            "`PeftModel.from_pretrained(model, folder).merge_and_unload().save_pretrained(merged)`, with the tokenizer"
        )
    if any(folder.glob("checkpoint-*")):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            newest = newest_checkpoint(folder)
        if newest:
            return f"is a Trainer's output folder, with a checkpoint for each time it saved: name the newest, {newest}"
        return f"is a Trainer's output folder without a whole checkpoint. {' '.join(str(one.message) for one in told)}"
    below = sorted(path.parent for path in folder.glob("*/config.json"))
    return f"has no config.json{f', but {below[0]} has one: name that folder' if below else ', so it is no checkpoint'}"


def _wrong_weights(folder: Path) -> str | None:
    path = next((folder / name for name in WEIGHTS if (folder / name).exists()), None)
    if path is None:
        others = [made for pattern, made in OTHERS.items() if any(folder.glob(pattern))]
        only = f", only those of {others[0]}" if others else ""
        return f"has no weights{only}: {WEIGHTS[0]} is missing. Save it with `model.save_pretrained(folder)`"
    shards = {path}
    if path.name.endswith(".index.json"):
        if not is_whole(path):
            return f"has a {path.name} that is cut short: fetch it again"
        if wrong := wrong_shards(path):
            return f"has not all of its weights: {', '.join(f'{name} {why}' for name, why in wrong.items())}"
        shards = {folder / name for name in read_json(path)["weight_map"].values()}
    for shard in sorted(shards):
        with shard.open("rb") as file:
            if file.read(len(POINTER)) == POINTER:
                return f"holds a pointer in place of {shard.name}: git fetched it without LFS. Run `git lfs pull` there"
        if shard.suffix == ".safetensors" and not is_whole(shard):
            return f"has a {shard.name} that is cut short: fetch or save it again"
    return None


def _wrong_tokenizer(folder: Path) -> str | None:
    """Return the reason where `AutoTokenizer` reads none from `folder`, or only special tokens."""
    from transformers import AutoTokenizer

    try:
        usable = len(AutoTokenizer.from_pretrained(folder)) > MOST_SPECIAL
        why = "`AutoTokenizer` finds no words in it"
    except Exception as error:
        usable, why = False, str(error).strip().splitlines()[0]
        if any(name in str(error) for name in ("sentencepiece", "tiktoken")):
            why += ". If it needs a package, install it: `pip install sentencepiece tiktoken protobuf`"
    if usable:
        return None
    return (
        f"has no tokenizer that can be read ({why}). Save it beside the model with `tokenizer.save_pretrained(folder)`"
    )
