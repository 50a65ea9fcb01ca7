"""What is trained, a trial of one strategy on it in the bare loop, and the Trainer as the benchmarks use it."""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import torch
from datasets import Dataset, load_dataset
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments
from transformers.configuration_utils import PretrainedConfig
from transformers.modeling_utils import PreTrainedModel
from transformers.tokenization_utils_base import PreTrainedTokenizerBase
from transformers.trainer_callback import TrainerCallback
from transformers.trainer_utils import PredictionOutput

from benchmarks.kit.clock import clock, example_flops, synchronize
from benchmarks.kit.loop import collator, epoch_updates, extremes, sample_updates, take_updates
from benchmarks.kit.store import accuracy_and_f1
from benchmarks.kit.strategies import Strategy
from lessons_lib.lesson import Lesson

QUIET = {"logging_strategy": "no", "save_strategy": "no", "report_to": "none", "disable_tqdm": True}
ARGUMENTS = QUIET | {"num_train_epochs": 1, "per_device_eval_batch_size": 32}
LONGEST = 128  # tokens: every strategy sees the same texts, and the common recipe cuts them here


@dataclass(frozen=True)
class Subject:
    """What is trained on a `device`: `rows` of tokens, their `lengths`, and what makes a new model for a strategy."""

    rows: Dataset
    lengths: Sequence[int]
    tokenizer: PreTrainedTokenizerBase
    config: PretrainedConfig
    new_model: Callable[[Strategy], PreTrainedModel]
    device: str

    def model_for(self, strategy: Strategy) -> PreTrainedModel:
        """Return a new model, its embeddings frozen where the strategy says so."""
        model = self.new_model(strategy)
        model.base_model.embeddings.requires_grad_(not strategy.freeze_embeddings)
        return model

    def from_scratch(self, **changes: int) -> "Subject":
        """Return the same with models that have read nothing, their configuration with these `changes`."""
        config = copy.deepcopy(self.config)
        config.update(changes)
        return replace(self, config=config, new_model=lambda _: AutoModelForSequenceClassification.from_config(config))


def subject_of(lesson: Lesson, split: str = "train") -> Subject:
    """Return the pairs of a `split` and the checkpoint of `lesson`."""
    source = {"pretrained_model_name_or_path": lesson.checkpoint, "revision": lesson.revision}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    raw = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)[split]
    cut = {"truncation": True, "max_length": LONGEST}
    rows = raw.map(lambda pairs: tokenizer(pairs["sentence1"], pairs["sentence2"], **cut), batched=True)
    rows = rows.select_columns([*tokenizer.model_input_names, "label"])  # those that the Trainer would keep

    def new_model(strategy: Strategy) -> PreTrainedModel:
        own = {"attn_implementation": strategy.attn_implementation, "num_labels": 2, "dtype": torch.float32}
        if strategy.attention_dropout is not None:
            own["attention_probs_dropout_prob"] = strategy.attention_dropout
        return AutoModelForSequenceClassification.from_pretrained(**source, **own)

    config = AutoConfig.from_pretrained(**source, num_labels=2)
    return Subject(rows, [len(ids) for ids in rows["input_ids"]], tokenizer, config, new_model, lesson.device)


def run_trial(strategy: Strategy, subject: Subject, seed: int, examples: int, most_seconds: float) -> dict[str, float]:
    """Train on about `examples` texts of an epoch, for about `most_seconds` at most, and return what that took.

    The largest and the smallest update of the epoch come first and are not timed: they warm up, and the peak of memory
    is theirs, which makes it that of the epoch.
    """
    torch._dynamo.reset()  # each trial compiles for itself, the later ones with what the first left on disk
    epoch, threads = epoch_updates(strategy, subject.lengths, seed), torch.get_num_threads()
    warmup = extremes(epoch, subject.lengths, strategy)
    chosen = sample_updates(epoch, max(examples // strategy.update_size, 1), seed)
    torch.set_num_threads(strategy.threads or threads)
    try:
        model = subject.model_for(strategy).to(subject.device)
        updates = take_updates(strategy, model, subject.rows, [*warmup, *chosen], subject.tokenizer)
        for _ in warmup:
            next(updates)
        with clock(subject.device) as taken:
            began, done = time.perf_counter(), 0
            for _ in updates:
                done += 1
                if time.perf_counter() - began > most_seconds:
                    break
    finally:
        torch.set_num_threads(threads)
    lengths = [subject.lengths[index] for index in chain(*chosen[:done])]
    flops = sum(example_flops(subject.config, length, strategy.freeze_embeddings) for length in lengths)
    return {"updates": done, "real": sum(lengths), **taken, "flops": flops}


class StepClock(TrainerCallback):
    """Notes when the first step begins, `began`, and when each step ends, `ends`, a GPU waited for."""

    def __init__(self, device: str) -> None:
        """Begin with no step."""
        self.began, self.ends, self.device = None, [], device

    def on_step_begin(self, *event, **kwargs) -> None:
        """Note when the first step begins."""
        self.began = self.began or time.perf_counter()

    def on_step_end(self, *event, **kwargs) -> None:
        """Note when a step ends."""
        synchronize(self.device)
        self.ends.append(time.perf_counter())


def trainer_for(strategy: Strategy, subject: Subject, rows: Dataset | None, **others) -> Trainer:
    """Return a quiet Trainer of `strategy` on `rows`; `others` are arguments of the run."""
    args = TrainingArguments("build/benchmarks", **(strategy.arguments(subject.device) | ARGUMENTS | others))
    assert args.n_gpu < 2, "The Trainer would take every GPU. Set CUDA_VISIBLE_DEVICES=0, so that it takes one."
    return Trainer(
        model=subject.model_for(strategy),
        args=args,
        train_dataset=rows,
        data_collator=collator(strategy, subject.tokenizer),
        processing_class=subject.tokenizer,
    )


def predict_by_length(trainer: Trainer, rows: Dataset) -> PredictionOutput:
    """Return `trainer.predict` of `rows`, in their order; it goes from the longest to the shortest, to pad little."""
    trainer.args.train_sampling_strategy = "sequential"  # else the Trainer draws an order for predicting, too
    order = np.argsort([-len(ids) for ids in rows["input_ids"]], kind="stable")
    output, back = trainer.predict(rows.select(order)), np.argsort(order)
    return output._replace(predictions=output.predictions[back], label_ids=output.label_ids[back])


def judge(trainer: Trainer, rows: Dataset) -> dict[str, float]:
    """Return accuracy and F1 of a model that has been trained, on `rows`."""
    output = predict_by_length(trainer, rows)
    return accuracy_and_f1(output.predictions.argmax(axis=-1), output.label_ids)


def round_order(names: Sequence[str], number: int) -> list[str]:
    """Return `names` in an order that is this round's own, and always the same: so drift within it favours nothing."""
    return np.random.default_rng(number).permutation(names).tolist()
