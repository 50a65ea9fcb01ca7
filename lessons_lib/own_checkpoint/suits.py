"""Which lessons are about one kind of model or tokenizer, so that another kind can't take its place."""

from pathlib import Path

import torch
from transformers import AutoConfig, AutoTokenizer, PretrainedConfig, PreTrainedTokenizerBase
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as READ_BOTH_WAYS

from lessons_lib.checkpoints.files import read_json, tensor_names

WIDTH = 128  # tokens to which lesson 02 pads


def why_unsuited(folder: Path, number: str) -> str | None:
    """Return why lesson `number` can't be about the checkpoint in `folder`, as a sentence; `None` where it can."""
    config = AutoConfig.from_pretrained(folder)
    if number == "01":
        return _not_wordpiece(AutoTokenizer.from_pretrained(folder))
    if number in ("02", "11") and not _reads_both_ways(config):
        return f"A {config.model_type} reads from left to right, and this lesson is about models that read both ways."
    if number == "02" and (getattr(config, "max_position_embeddings", None) or WIDTH) < WIDTH:
        return f"This lesson pads to {WIDTH} tokens, and this model has {config.max_position_embeddings} positions."
    if number in ("03", "11") and config.model_type != "bert":
        return f"This lesson takes a BERT apart, tensor by tensor, and a {config.model_type} is built otherwise."
    if number == "03" and not any("pooler" in name for name in _tensors(folder)):
        return "This lesson follows the numbers through BERT's pooler, and these files have none."
    if number in ("06", "09") and config.is_encoder_decoder:
        return f"This lesson asks an encoder alone, and a {config.model_type} has a decoder, too."
    return None


def _tensors(folder: Path) -> set[str]:
    """Return the names of the tensors that the weights of a checkpoint hold."""
    if (folder / "model.safetensors").exists():
        return tensor_names(folder / "model.safetensors")
    for index in folder.glob("*.index.json"):
        return set(read_json(index)["weight_map"])
    return set(torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True, mmap=True))


def _reads_both_ways(config: PretrainedConfig) -> bool:
    """Return whether each token sees those after it, too: models that are trained on hidden words do."""
    both = config.model_type in READ_BOTH_WAYS and not config.is_encoder_decoder
    return both and not getattr(config, "is_decoder", False)


def _not_wordpiece(tokenizer: PreTrainedTokenizerBase) -> str | None:
    start = "This lesson cuts words by hand as uncased WordPiece does, and that tokenizer"
    kind = type(tokenizer.backend_tokenizer.model).__name__ if tokenizer.is_fast else "Python"
    if kind != "WordPiece":
        return f"{start} cuts otherwise ({kind})."
    if tokenizer.tokenize("Été") != tokenizer.tokenize("ete"):
        return f"{start} keeps capitals or accents."
    usual = (tokenizer.cls_token, tokenizer.sep_token, tokenizer.unk_token) == ("[CLS]", "[SEP]", "[UNK]")
    columns = {"input_ids", "token_type_ids", "attention_mask"}
    if not usual or set(tokenizer("rain", "snow")) != columns or "weather" not in tokenizer.get_vocab():
        return f"{start} has other special tokens, columns or words than BERT's."
    return None
