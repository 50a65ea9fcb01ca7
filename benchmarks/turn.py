"""One strategy's turn: a model of its own, a sample of its epoch, and what that took."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from datasets import Dataset, load_dataset
from loop import collator, epoch_updates, extremes, sample_updates, take_updates, threads
from measure import clock, example_flops, synchronize
from strategies import Strategy
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

LONGEST = 128  # tokens: every strategy sees the same texts, and the common recipe cuts them here


@dataclass(frozen=True)
class Subject:
    """What is trained: tokenized `rows`, their `lengths` in tokens, and what makes a new model for a strategy."""

    rows: Dataset
    lengths: Sequence[int]
    tokenizer: PreTrainedTokenizerBase
    config: PretrainedConfig
    new_model: Callable[[Strategy], PreTrainedModel]

    def model_for(self, strategy: Strategy) -> PreTrainedModel:
        """Return a new model, its embeddings frozen where the strategy says so."""
        model = self.new_model(strategy)
        model.base_model.embeddings.requires_grad_(not strategy.freeze_embeddings)
        return model


def subject_of(lesson, split: str = "train") -> Subject:
    """Return the pairs of a `split` and the checkpoint of `lesson`."""
    source = {"pretrained_model_name_or_path": lesson.checkpoint, "revision": lesson.revision}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    raw = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)[split]
    keep = {"truncation": True, "max_length": LONGEST}
    rows = raw.map(lambda pairs: tokenizer(pairs["sentence1"], pairs["sentence2"], **keep), batched=True)
    rows = rows.select_columns([*tokenizer.model_input_names, "label"])  # those that the Trainer would keep

    def new_model(strategy: Strategy) -> PreTrainedModel:
        own = {"attn_implementation": strategy.attn_implementation, "num_labels": 2, "dtype": torch.float32}
        if strategy.attention_dropout is not None:
            own["attention_probs_dropout_prob"] = strategy.attention_dropout
        return AutoModelForSequenceClassification.from_pretrained(**source, **own)

    config = AutoConfig.from_pretrained(**source, num_labels=2)
    return Subject(rows, [len(ids) for ids in rows["input_ids"]], tokenizer, config, new_model)


def take_turn(
    strategy: Strategy, subject: Subject, device: str, seed: int, examples: int, most_seconds: float
) -> dict[str, object]:
    """Train on about `examples` texts of an epoch, for about `most_seconds` at most, and return what that took.

    The largest and the smallest update of the epoch come first and are not timed: they warm up, and the peak of memory
    is theirs, which makes it that of the epoch.
    """
    torch._dynamo.reset()  # each turn compiles for itself, the later ones with what the first left on disk
    epoch = epoch_updates(strategy, subject.lengths, seed)
    warmup = extremes(epoch, subject.lengths, strategy.pad_to)
    chosen = sample_updates(epoch, max(examples // strategy.update_size, 1), seed)
    done = []
    with threads(strategy.threads):
        model = subject.model_for(strategy).to(device)
        began = time.perf_counter()
        collate = collator(strategy, subject.tokenizer)
        updates = take_updates(strategy, model, subject.rows, [*warmup, *chosen], collate)
        for _ in warmup:
            next(updates)
        synchronize(device)
        warmup_seconds = time.perf_counter() - began
        with clock(device) as taken:
            began = time.perf_counter()
            for update in updates:
                done.append(update)
                if time.perf_counter() - began > most_seconds:
                    break
        updates.close()
    lengths = [subject.lengths[index] for update in chosen[: len(done)] for batch in update for index in batch]
    names = ("batches", "examples", "real", "computed", "waited")
    sums = {name: sum(getattr(update, name) for update in done) for name in names}
    assert sums["real"] == sum(lengths)  # the operations counted below are those of the very texts that were timed
    flops = sum(example_flops(subject.config, length, strategy.freeze_embeddings) for length in lengths)
    return {"updates": len(done), **sums, **taken, "flops": flops, "warmup_seconds": warmup_seconds}


def turns(names: Sequence[str], rounds: int) -> list[tuple[int, str]]:
    """Return `(round, strategy)` in the order of measuring: each round has an order of its own, the same in every run.

    What drifts within a round is so nobody's advantage.
    """
    orders = [np.random.default_rng(number).permutation(len(names)) for number in range(rounds)]
    return [(number, names[index]) for number, order in enumerate(orders) for index in order]
