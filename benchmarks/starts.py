"""Measures what pretraining buys: the starts of lesson 06, one budget, the same data.

Each start sees 480 training pairs twice (one of them four times as many pairs) and is judged on the validation split,
with each of five seeds. `--curve` names the other numbers of pairs of a learning curve, or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, load_dataset
from matplotlib.axes import Axes
from scipy.sparse import hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import PreTrainedModel, PreTrainedTokenizerBase, set_seed

from benchmarks.kit import store
from benchmarks.kit.clock import clock
from benchmarks.kit.strategies import Strategy
from benchmarks.kit.subject import Subject, judge, subject_of, trainer_for
from lessons_lib import machine
from lessons_lib.compare import curve_tables, start_table
from lessons_lib.heads import part_of, without_prefix
from lessons_lib.memory import optimizer_memory
from lessons_lib.plots import plot_learning_curve, plot_starts

LINE, MORE = "majority class", "from scratch, more"
STARTS = (
    "untrained head",
    "frozen encoder",
    "fine-tuned",
    "layer-wise rates",
    "fine-tuned, unread words",
    "from scratch",
)
SEEDS, BUDGET = range(1, 6), {"train_size": 480, "epochs": 2, "more": 4}
# small batches, so that a small budget is still many steps; a lone head and a head above slower layers take more
BATCH_SIZE, LEARNING_RATE = 4, 1e-4
LEARNING_RATES = {"frozen encoder": 1e-2, "layer-wise rates": 2e-4}


def layer_groups(model: PreTrainedModel, rate: float, decay: float = 0.8, weight_decay: float = 0.01) -> list[dict]:
    """Return AdamW's parameter groups: each part slower than the one above, no weight decay on bias and LayerNorm."""
    weights = without_prefix(dict(model.named_parameters()), model.base_model_prefix + ".")
    parts = list(dict.fromkeys(map(part_of, weights)))
    rates = {part: rate * decay**below for below, part in enumerate(reversed(parts))}
    decays = {name: 0.0 if name.endswith("bias") or "LayerNorm" in name else weight_decay for name in weights}
    own = {name: {"lr": rates[part_of(name)], "weight_decay": decays[name]} for name in weights}
    return [{"params": [weight], **own[name]} for name, weight in weights.items()]


def bag_of_words(train: Dataset, validation: Dataset) -> np.ndarray:
    """Return predictions of a logistic regression on which words two sentences share and in which they differ."""
    counter = CountVectorizer(binary=True).fit([*train["sentence1"], *train["sentence2"]])

    def features(split):
        first, second = counter.transform(split["sentence1"]), counter.transform(split["sentence2"])
        return hstack([first.multiply(second), abs(first - second)])

    model = LogisticRegression(max_iter=1000).fit(features(train), train["label"][:])
    return model.predict(features(validation))


def with_unread_words(rows: Dataset, tokenizer: PreTrainedTokenizerBase) -> Dataset:
    """Return `rows` in a language that no encoder has read: each piece of the vocabulary stands for another one."""
    words = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
    other = np.arange(len(tokenizer))
    other[words] = np.random.default_rng(0).permutation(words)
    return rows.map(lambda row: {"input_ids": other[row["input_ids"]].tolist()})


def measure(run: Mapping, subject: Subject, validation: Dataset, precision: Mapping[str, bool]) -> dict[str, float]:
    """Train a `run`'s start on the first pairs of `subject`, judge it on `validation`, return what that took."""
    start, seed, trains = run["start"], run["seed"], run["start"] != "untrained head"
    train = subject.rows.select(range(run["train_size"]))
    if "unread words" in start:
        train, validation = (with_unread_words(rows, subject.tokenizer) for rows in (train, validation))
    own = {"learning_rate": LEARNING_RATES.get(start, LEARNING_RATE), "warmup_steps": 0.1, "seed": seed}
    set_seed(seed)
    subject = subject.from_scratch() if "from scratch" in start else subject
    trainer = trainer_for(Strategy(BATCH_SIZE), subject, train, num_train_epochs=BUDGET["epochs"], **own, **precision)
    trainer.model.base_model.requires_grad_(start != "frozen encoder")
    if start == "layer-wise rates":
        trainer.optimizer = torch.optim.AdamW(layer_groups(trainer.model, trainer.args.learning_rate), fused=True)
    with clock(subject.device) as taken:
        if trains:
            trainer.train()
    weights = sum(weight.numel() for weight in trainer.model.parameters() if weight.requires_grad)
    memory = {"trainable": weights * trains, "optimizer_mib": round(optimizer_memory(trainer.optimizer), 1)}
    return {**judge(trainer, validation), "seconds": round(taken["seconds"], 1), **memory}


def plan(curve: Sequence[int]) -> list[dict[str, str | int]]:
    """Return each run: seed by seed, so that whole seeds are done first."""
    size, larger = BUDGET["train_size"], BUDGET["train_size"] * BUDGET["more"]
    budgets = [*((start, size) for start in STARTS), (MORE, larger)]
    budgets += [(start, at) for start in ("fine-tuned", "from scratch") for at in curve]
    budgets = [one for one in budgets if one != ("from scratch", larger)]  # that is `MORE`
    return [{"start": start, "train_size": at, "seed": seed} for seed in SEEDS for start, at in budgets]


def draw(measured: Mapping) -> dict[str, tuple[Axes, str]]:
    """Draw the starts of a task, and its learning curve where it has one; return each with what it shows in words."""
    answers = {name: scores["accuracy"] for name, scores in measured["baselines"].items()}
    table, line, curves = start_table(measured), answers[LINE], curve_tables(measured)
    ahead = [f"{name} ({row['accuracy']:.2f})" for name, row in table.iterrows() if row["low"] > line]
    alt = f"Accuracy of each start with its interval over the seeds, and a line at the {LINE} ({line:.2f}). "
    alt += f"Beyond it with their whole interval: {', '.join(ahead) or 'none'}."
    drawn = {"starts": (plot_starts(table, answers, LINE), alt)}
    if all(len(curve) > 1 for curve in curves.values()):
        ends = [(name, *curve["accuracy"].iloc[[0, -1]]) for name, curve in curves.items()]
        ends = " and ".join(f"{name} from {first:.2f} to {last:.2f}" for name, first, last in ends)
        alt = f"Accuracy over the number of training pairs, from the fewest to the most: {ends}; {LINE}: {line:.2f}."
        drawn["curve"] = (plot_learning_curve(curves, (LINE, line)), alt)
    return drawn


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    wanted = store.arguments(__doc__, curve=[120, 1920])
    lesson = store.lesson_here()
    raw = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)
    subject, validation = subject_of(lesson), subject_of(lesson, "validation").rows
    subject = replace(subject, rows=subject.rows.shuffle(seed=0))
    settings = {
        "machine": machine.device_name(lesson.device),
        "precision": lesson.precision,
        "versions": {name: version(name) for name in ("torch", "transformers", "datasets", "scikit-learn")},
        "checkpoint": Path(lesson.checkpoint).parent.name if Path(lesson.checkpoint).is_dir() else lesson.checkpoint,
        "batch_size": BATCH_SIZE,
        "learning_rates": LEARNING_RATES | {"others": LEARNING_RATE},
        **BUDGET,
    }
    measured = store.load("starts", lesson.task, settings, wanted.replace)
    some = raw["train"].shuffle(seed=0).select(range(BUDGET["train_size"]))
    labels = np.array(validation["label"][:])
    majority = np.full_like(labels, round(np.mean(some["label"][:])))
    answers = {LINE: majority, "bag of words": bag_of_words(some, raw["validation"])}
    measured["baselines"] = {name: store.accuracy_and_f1(answer, labels) for name, answer in answers.items()}
    runs = [run for run in plan([int(at) for at in wanted.curve]) if run["train_size"] <= len(subject.rows)]
    how = partial(measure, subject=subject, validation=validation, precision=lesson.precision)
    store.take_missing("starts", lesson.task, measured, runs, how)
    store.publish("starts")
    print(start_table(measured).round(3).to_string())
    for name, (axes, _) in draw(measured).items():
        store.save_picture(axes, f"{name}-{lesson.task}.png")


if __name__ == "__main__":
    main()
