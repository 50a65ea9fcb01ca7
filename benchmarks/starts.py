"""Measures what pretraining buys: the starts of lesson 06, one budget, the same data. `make bench-starts`, or

    python benchmarks/starts.py                                                the embedded pairs
    python benchmarks/starts.py --dataset ../shared/glue --task mrpc --curve   the real MRPC, without a learning curve

Each start sees `train_size` training pairs `epochs` times (one of them `more` times as many pairs) and is judged on the
validation split, with each of the seeds. Results are kept in benchmarks/starts.json, by task, after every run; a run
that is there already, with the same settings, is not repeated. The figures in docs/ are drawn from that file.
"""

import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from datasets import load_dataset
from results import accuracy_and_f1, arguments, keep, lesson_for, load
from scipy.sparse import hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

from lessons_lib import machine, plots
from lessons_lib.compare import curve_tables, start_table
from lessons_lib.heads import part_of, without_prefix
from lessons_lib.memory import optimizer_memory

RESULTS = Path(__file__).with_suffix(".json")
DOCS = Path(__file__).parents[1] / "docs"
PRETRAINED = ("untrained head", "frozen encoder", "fine-tuned", "layer-wise rates", "fine-tuned, unread words")
SCRATCH = ("from scratch", "from scratch, more")
# small batches, so that a small budget is still many steps; a lone head and a head above slower layers take more
BATCH_SIZE, LEARNING_RATE = 4, 1e-4
LEARNING_RATES = {"frozen encoder": 1e-2, "layer-wise rates": 2e-4}


def layer_groups(model, learning_rate: float, decay: float = 0.8, weight_decay: float = 0.01) -> list[dict]:
    """Return AdamW's parameter groups: each part slower than the one above, no weight decay on bias and LayerNorm."""
    weights = without_prefix(dict(model.named_parameters()), model.base_model_prefix + ".")
    parts = list(dict.fromkeys(map(part_of, weights)))
    rates = {part: learning_rate * decay**below for below, part in enumerate(reversed(parts))}
    groups = {}
    for name, weight in weights.items():
        held = 0.0 if name.endswith("bias") or "LayerNorm" in name else weight_decay
        groups.setdefault((rates[part_of(name)], held), []).append(weight)
    return [{"params": params, "lr": rate, "weight_decay": held} for (rate, held), params in groups.items()]


def bag_of_words(train, validation) -> np.ndarray:
    """Return predictions of a logistic regression on which words two sentences share and in which they differ."""
    counter = CountVectorizer(binary=True).fit([*train["sentence1"], *train["sentence2"]])

    def features(split):
        first, second = counter.transform(split["sentence1"]), counter.transform(split["sentence2"])
        return hstack([first.multiply(second), abs(first - second)])

    model = LogisticRegression(max_iter=1000).fit(features(train), train["label"][:])
    return model.predict(features(validation))


def with_unread_words(split, tokenizer):
    """Return `split` in a language that no encoder has read: each piece of the vocabulary stands for another one."""
    words = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
    other = np.arange(len(tokenizer))
    other[words] = np.random.default_rng(0).permutation(words)
    return split.map(lambda row: {"input_ids": other[row["input_ids"]].tolist()})


def train_model(start: str, lesson, data, seed: int, size: int, epochs: int) -> dict[str, float]:
    """Train `start` on the first `size` pairs, judge it on the validation pairs, and return what was measured."""
    tokenizer, train, validation = data
    train = train.select(range(size))
    if "unread words" in start:
        train, validation = (with_unread_words(split, tokenizer) for split in (train, validation))
    set_seed(seed)
    source, kwargs = lesson.checkpoint, {"revision": lesson.revision, "num_labels": 2}
    if start in SCRATCH:
        model = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(source, **kwargs))
    else:
        model = AutoModelForSequenceClassification.from_pretrained(source, **kwargs)
    if start == "frozen encoder":
        model.base_model.requires_grad_(False)
    args = TrainingArguments(
        "build/benchmarks/starts",
        num_train_epochs=epochs,
        per_device_train_batch_size=BATCH_SIZE,
        per_device_eval_batch_size=32,
        learning_rate=LEARNING_RATES.get(start, LEARNING_RATE),
        warmup_steps=0.1,
        train_sampling_strategy="group_by_length",
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=seed,
        **lesson.precision,
    )
    optimizer = None  # the Trainer's own: fused AdamW
    if start == "layer-wise rates":
        optimizer = torch.optim.AdamW(layer_groups(model, args.learning_rate), fused=True)
    trainer = Trainer(
        model=model,
        args=args,
        train_dataset=train,
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        optimizers=(optimizer, None),
    )
    began = time.perf_counter()
    if start != "untrained head":
        trainer.train()
    seconds = time.perf_counter() - began
    prediction = trainer.predict(validation)
    trains = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    return {
        **accuracy_and_f1(prediction.predictions.argmax(axis=-1), prediction.label_ids),
        "seconds": round(seconds, 1),
        "trainable": trains if start != "untrained head" else 0,
        "optimizer_mib": round(optimizer_memory(trainer.optimizer), 1),
    }


def plan(seeds: int, size: int, more: int, curve: list[int]) -> list[tuple[str, int, int]]:
    """Return `(start, training pairs, seed)` for each run: seed by seed, so that whole seeds are done first."""
    runs = []
    for seed in range(1, seeds + 1):
        runs += [(start, size, seed) for start in (*PRETRAINED, "from scratch")]
        runs += [("from scratch, more", size * more, seed)]
        runs += [("fine-tuned", at, seed) for at in curve]
        runs += [("from scratch", at, seed) for at in curve if at != size * more]
    return runs


def draw(task: str, found: dict) -> None:
    """Write docs/starts-<task>.png and docs/curve-<task>.png from what was found, and print the table."""
    table = start_table(found)
    print(table.drop(columns="train_size").round(3).to_string())
    baselines = {name: measured["accuracy"] for name, measured in found["baselines"].items()}
    line = "majority class"
    _save(plots.plot_starts(table, baselines, line), f"starts-{task}.png")
    curves = curve_tables(found)
    if all(len(curve) > 1 for curve in curves.values()):
        _save(plots.plot_learning_curve(curves, (line, baselines[line])), f"curve-{task}.png")


def _save(axes, name: str) -> None:
    axes.figure.savefig(DOCS / name, dpi=130, bbox_inches="tight", facecolor="white")


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--train-size", type=int, default=480)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--more", type=int, default=4)
    parser.add_argument("--curve", type=int, nargs="*", default=[120, 1920])
    wanted = parser.parse_args()
    if wanted.seeds < 2:
        parser.error("an interval over seeds needs at least two of them")
    lesson = lesson_for(wanted.dataset, wanted.task)
    raw = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)
    tokenizer = AutoTokenizer.from_pretrained(lesson.checkpoint, revision=lesson.revision)
    tokenized = raw.map(lambda rows: tokenizer(rows["sentence1"], rows["sentence2"], truncation=True), batched=True)
    data = (tokenizer, tokenized["train"].shuffle(seed=0), tokenized["validation"])
    settings = {
        "machine": machine.device_name(lesson.device),
        "precision": lesson.precision,
        "versions": {name: version(name) for name in ("torch", "transformers", "datasets", "scikit-learn")},
        "checkpoint": Path(lesson.checkpoint).parent.name if Path(lesson.checkpoint).is_dir() else lesson.checkpoint,
        "batch_size": BATCH_SIZE,
        "learning_rates": LEARNING_RATES | {"others": LEARNING_RATE},
        "train_size": wanted.train_size,
        "epochs": wanted.epochs,
        "more": wanted.more,
    }
    found = load(RESULTS, lesson.task, settings, wanted.anew)
    labels, some = np.array(raw["validation"]["label"][:]), data[1].select(range(wanted.train_size))
    found["baselines"] = {
        "majority class": accuracy_and_f1(np.full_like(labels, round(np.mean(some["label"][:]))), labels),
        "bag of words": accuracy_and_f1(bag_of_words(some, raw["validation"]), labels),
    }
    done = {(run["start"], run["train_size"], run["seed"]) for run in found["runs"]}
    for start, size, seed in plan(wanted.seeds, wanted.train_size, wanted.more, wanted.curve):
        if (start, size, seed) in done or size > len(data[1]):
            continue
        measured = train_model(start, lesson, data, seed, size, wanted.epochs)
        done.add((start, size, seed))
        keep(RESULTS, lesson.task, found, {"start": start, "train_size": size, "seed": seed, **measured})
        print(start, size, seed, measured, flush=True)
    draw(lesson.task, found)


if __name__ == "__main__":
    main()
