"""Checkpoints of other kinds of model, as they lie on the Hub: two layers of 32 numbers, weights drawn at random."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from transformers import (
    AlbertForPreTraining,
    BertForMaskedLM,
    BertForPreTraining,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    DebertaV2ForMaskedLM,
    DistilBertForMaskedLM,
    ElectraForPreTraining,
    GPT2LMHeadModel,
    LlamaForCausalLM,
    ModernBertForMaskedLM,
    MPNetForMaskedLM,
    PreTrainedModel,
    RobertaForMaskedLM,
    T5ForConditionalGeneration,
    set_seed,
)

from tools.try_others.vocabularies import TOKENIZERS

SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
SPREAD = 0.2  # of the weights: ten times the usual, or the logits of all pairs would look the same
IDS = ("pad_token_id", "bos_token_id", "eos_token_id")
LONGEST = 512  # tokens
DEBERTA_V3 = {
    "relative_attention": True,
    "position_buckets": 256,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "type_vocab_size": 0,
    "position_biased_input": False,
}


def write(
    kind: type[PreTrainedModel], tokenizer_name: str, folder: Path, *, longest: int | None = LONGEST, **options: object
) -> PreTrainedModel:
    """Save a new model of `kind` and its tokenizer in `folder`, and return the model; `options` are its config's.

    The tokenizer says that a model takes `longest` tokens, or nothing about it.
    """
    tokenizer = TOKENIZERS[tokenizer_name]()
    ids = {name: getattr(tokenizer, name) for name in IDS}
    size = {"vocab_size": len(tokenizer), "initializer_range": SPREAD, **SIZE}
    set_seed(0)
    model = kind(kind.config_class(**(size | ids | options)))
    model.save_pretrained(folder)
    tokenizer.model_max_length = longest
    tokenizer.save_pretrained(folder)
    if longest is None:
        edit(folder / "tokenizer_config.json", lambda facts: facts.pop("model_max_length"))
    return model


def edit(path: Path, change: Callable[[dict], object]) -> None:
    """Let `change` alter what the JSON file at `path` holds."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    change(facts)
    path.write_text(json.dumps(facts, indent=2), encoding="utf-8")


bert = partial(write, BertModel, "uncased-bert")
classifier = partial(write, BertForSequenceClassification, "uncased-bert")

KINDS = {
    "bert": bert,
    "cased-bert": partial(write, BertForPreTraining, "cased-bert"),
    "distilbert": partial(write, DistilBertForMaskedLM, "distilbert", hidden_dim=64),
    "roberta": partial(
        write, RobertaForMaskedLM, "roberta", longest=None, max_position_embeddings=514, type_vocab_size=1
    ),
    "electra": partial(write, ElectraForPreTraining, "uncased-bert", embedding_size=32),
    "modernbert": partial(write, ModernBertForMaskedLM, "modernbert", cls_token_id=1, sep_token_id=2),
    "albert": partial(write, AlbertForPreTraining, "albert", embedding_size=32),
    "mpnet": partial(write, MPNetForMaskedLM, "mpnet", max_position_embeddings=514),
    "deberta-v2": partial(write, DebertaV2ForMaskedLM, "deberta-v2", **DEBERTA_V3),
    "gpt2": partial(write, GPT2LMHeadModel, "gpt2", longest=None),
    "llama": partial(write, LlamaForCausalLM, "llama"),
    "t5": partial(write, T5ForConditionalGeneration, "t5", d_ff=64, d_kv=16, decoder_start_token_id=0),
    "three-label-head": partial(classifier, id2label={0: "entailment", 1: "neutral", 2: "contradiction"}),
    "two-label-head": partial(classifier, id2label={0: "NEGATIVE", 1: "POSITIVE"}),
    "token-head": partial(write, BertForTokenClassification, "uncased-bert", num_labels=9),
    "mlm-head": partial(write, BertForMaskedLM, "uncased-bert"),
    "few-positions": partial(bert, max_position_embeddings=64),
    "no-max-length": partial(bert, longest=None),
}
