"""What a model is for, as its class and its configuration say, and which of its weights are its head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import Trainer

KINDS = {  # what the name of a class ends in, and the task
    "ForSequenceClassification": "classes",
    "ForTokenClassification": "tokens",
    "ForMaskedLM": "masked LM",
    "ForCausalLM": "causal LM",
    "LMHeadModel": "causal LM",
    "ForConditionalGeneration": "seq2seq",
    "ForSeq2SeqLM": "seq2seq",
}
CLASSIFIES = ("single label", "tokens")
LANGUAGE = ("masked LM", "causal LM", "seq2seq")


@dataclass(frozen=True)
class Task:
    """What is learned: the `kind`, how many columns the head has, and whether the loss is the user's own.

    Kinds are "single label", "several labels", "regression", "tokens", those of `LANGUAGE`, and "other".
    """

    kind: str
    columns: int
    own_loss: bool
    head: tuple[str, ...]
    config: Any

    @property
    def names(self) -> dict[int, str]:
        """Return the configuration's names of the classes, or nothing where they are only numbered."""
        names = {int(number): str(name) for number, name in (getattr(self.config, "id2label", None) or {}).items()}
        return {} if all(name == f"LABEL_{number}" for number, name in names.items()) else names


def base_of(model: torch.nn.Module) -> torch.nn.Module:
    """Return the model inside adapters, or the model itself."""
    return model.get_base_model() if hasattr(model, "peft_config") and hasattr(model, "get_base_model") else model


def task_of(trainer: Trainer) -> Task:
    """Return what `trainer` is for."""
    from transformers import Trainer

    base = base_of(trainer.model)
    config = getattr(base, "config", None)
    names = [one.__name__ for one in type(base).__mro__]
    kind = next((kind for name in names for end, kind in KINDS.items() if name.endswith(end)), "other")
    if kind == "causal LM" and getattr(config, "is_encoder_decoder", False):
        kind = "seq2seq"
    columns = int(getattr(config, "num_labels", 0) or 0)
    if kind == "classes":
        kind = _kind_of_classifier(config, columns)
    own = type(trainer).compute_loss is not Trainer.compute_loss or "compute_loss" in vars(trainer)
    own_loss = own or trainer.compute_loss_func is not None
    return Task(kind, columns, own_loss, _head(base), config)


def _kind_of_classifier(config: Any, columns: int) -> str:
    told = getattr(config, "problem_type", None)
    known = {"regression": "regression", "multi_label_classification": "several labels"}
    return known.get(told, "regression" if columns == 1 and told is None else "single label")


def _head(base: torch.nn.Module) -> tuple[str, ...]:
    """Return the names of the weights outside of the pretrained body; none where it can't be told."""
    prefix = getattr(base, "base_model_prefix", "")
    if not prefix or not hasattr(base, prefix) or getattr(base, prefix) is base:
        return ()
    return tuple(name for name, _ in base.named_parameters() if not name.startswith(f"{prefix}."))
