"""A copy of a checkpoint, where the lessons need it otherwise: no trained head, a padding token, a known length."""

from pathlib import Path

import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from lessons_lib.cache import cached
from lessons_lib.errors import SetupError

LABELS = 2  # of the head that a checkpoint is loaded under, to see what of it is new
UNLIMITED = 10**6  # tokens: a tokenizer that names no maximum length says more
USUAL_LENGTH = 512


def fit(folder: Path, called: str, *, plain: bool = False) -> tuple[Path, list[str]]:
    """Return the folder to load in place of `folder`, and in sentences what is different there; the same if nothing is.

    `called` is how the learner named the checkpoint; `plain` asks for all weights in one safetensors file, in 32 bits.
    A copy is kept in the Hugging Face cache. Raises `SetupError` where the weights don't belong to the model that
    config.json names.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model, left_out, told = _loaded(folder, called)
    told += _pad(tokenizer, model, called)
    told += _limit(tokenizer, model)
    more = "encoder_last_hidden_state"
    if model.config.is_encoder_decoder and more not in model.config.keys_to_ignore_at_inference:
        model.config.keys_to_ignore_at_inference = [*model.config.keys_to_ignore_at_inference, more]
        told.append("The checkpoint has a decoder, too: the lessons take its logits alone.")
    if plain and model.dtype != torch.float32:
        kept = str(model.dtype).removeprefix("torch.")
        told.append(f"The checkpoint's weights are kept in {kept}; this lesson takes them in 32 bits.")
        model = model.float()
    if plain and not (folder / "model.safetensors").exists():
        told.append(
            "The checkpoint's weights lie in several files, or in a .bin; this lesson reads one safetensors file."
        )
    if not told:
        return folder, []
    files = [(one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in sorted(folder.iterdir())]
    weights = {name: tensor for name, tensor in model.state_dict().items() if name not in left_out}

    def save(copy: Path) -> None:
        model.save_pretrained(copy, state_dict=weights, max_shard_size="100GB")
        tokenizer.save_pretrained(copy)

    copy = cached(
        "checkpoints", folder.name, (str(folder.resolve()), files, transformers.__version__, str(model.dtype)), save
    )
    return copy, [*told, f"The lesson uses a copy, {copy}; yours stays as it is."]


def _loaded(folder: Path, called: str) -> tuple[PreTrainedModel, set[str], list[str]]:
    """Return the model under a head, the tensors that a copy must not have, and what there is to say about them."""
    level = logging.get_verbosity()
    logging.set_verbosity_error()  # each lesson shows its own report
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model, info = AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=LABELS, dtype="auto", ignore_mismatched_sizes=True, output_loading_info=True
        )
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SetupError(f"{called} can't be loaded under a classification head: {reason}") from None
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
    other_shape = {name if isinstance(name, str) else name[0] for name in info["mismatched_keys"]}
    new = set(info["missing_keys"]) | other_shape
    inside = {id(weight) for weight in model.base_model.parameters()}
    head = {name for name, weight in model.named_parameters() if id(weight) not in inside}
    _check_encoder({name for name in new - head if "pooler" not in name}, other_shape, called)
    answers = {name for name in head if model.get_parameter(name).shape[0] == LABELS}
    told = []
    if answers - new or answers & other_shape or model.config.problem_type:
        told.append("The checkpoint comes with a trained head, which is left out: ours is new.")
        model.config.problem_type = None
        model.config.id2label = {number: f"LABEL_{number}" for number in range(LABELS)}
        model.config.label2id = {name: number for number, name in model.config.id2label.items()}
        new |= head
    return model, new, told


def _check_encoder(lost: set[str], other_shape: set[str], called: str) -> None:
    if not lost:
        return
    one = min(lost)
    what = "another shape than config.json says" if one in other_shape else "no place in its files"
    raise SetupError(
        f"{called} is not whole: {len(lost)} tensors of the encoder, such as {one}, have {what}. Check that "
        "config.json and weights belong together."
    )


def _pad(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, called: str) -> list[str]:
    """Give `tokenizer` and `model` a padding token where one lacks it; return what there is to say about that."""
    rows, words = model.get_input_embeddings().num_embeddings, max(tokenizer.get_vocab().values()) + 1
    if words > rows:
        raise SetupError(
            f"{called}: its tokenizer has {words:,} ids and its model {rows:,} embeddings, so the two belong to "
            "different checkpoints, or `model.resize_token_embeddings(len(tokenizer))` was forgotten."
        )
    told = []
    if tokenizer.pad_token is None:
        other = tokenizer.eos_token or tokenizer.unk_token
        if other is None:
            raise SetupError(
                f"{called}: its tokenizer has no padding token, nor one that could serve. Set `tokenizer.pad_token`, "
                "save it, and run this cell again."
            )
        tokenizer.pad_token = other
        told.append(f"The checkpoint's tokenizer has no padding token: {other!r} fills up here.")
    if model.config.pad_token_id != tokenizer.pad_token_id:
        told = told or [
            "The checkpoint's config.json names another padding token than its tokenizer, whose counts here."
        ]
        model.config.pad_token_id = tokenizer.pad_token_id
    return told


def _limit(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> list[str]:
    """Let `tokenizer` cut at the positions that `model` has; return what there is to say about that."""
    positions = getattr(model.config, "max_position_embeddings", None)
    tables = [one for name, one in model.named_modules() if name.endswith("position_embeddings")]
    before = [
        one.padding_idx + 1 for one in tables if isinstance(one, torch.nn.Embedding) and one.padding_idx is not None
    ]
    most = positions - max(before, default=0) if positions and positions > 0 else USUAL_LENGTH
    said = tokenizer.model_max_length
    if said <= most or (positions is None and said < UNLIMITED):
        return []
    tokenizer.model_max_length = most
    told = "names no maximum length" if said >= UNLIMITED else f"says that {said:,} tokens fit"
    why = ", the positions of its model" if positions else ""
    return [f"The checkpoint's tokenizer {told}: texts are cut at {most:,} here{why}."]
