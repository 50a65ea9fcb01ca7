"""Measures how cost grows with size: time and memory over the number of pairs and over the length of a text.

Pairs: an epoch of the course's recipe by the Trainer, in batches of 32, over the dataset's pairs, over and over, cut to
16 tokens. Tokens: steps of the bare loop on 8 texts, with the checkpoint's dropout in attention and without: on a CPU,
attention has its fast way, which keeps no weight for each pair of tokens, only without. Each size is measured in a
process of its own. Slopes are those of a straight line through the logarithms: 1 means twice the size, twice the cost.
"""

import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from datasets import Dataset, concatenate_datasets, load_dataset
from scipy.stats import linregress

from benchmarks.kit import store
from benchmarks.kit.clock import clock, in_fresh_process, peak_memory
from benchmarks.kit.strategies import COURSE, Strategy, table
from benchmarks.kit.subject import StepClock, Subject, run_trial, subject_of, trainer_for

PAIRS = (250, 1000, 4000, 16000, 64000)
TOKENS = (16, 32, 64, 128, 256, 512)
ROUNDS = 3
SHORT = 16  # tokens of a pair where pairs are counted: an epoch of 64,000 is long enough
STEPS, BATCH = 4, {"per_device_train_batch_size": 32}
UNDROPPED = "tokens, no dropout in attention"


def cost_of_pairs(count: int, raw: Dataset, strategy: Strategy, subject: Subject) -> dict[str, float]:
    """Return the seconds of an epoch over `count` pairs, of what comes before it, and the peaks of memory in MiB."""

    def tokenize(rows: dict) -> dict:
        return subject.tokenizer(rows["sentence1"], rows["sentence2"], truncation=True, max_length=SHORT)

    with tempfile.TemporaryDirectory() as folder:
        on_disk = {"cache_file_name": f"{folder}/tokenized.arrow", "load_from_cache_file": False}  # as a learner's
        with clock(subject.device) as tokenizing, peak_memory(subject.device) as for_tokenizing:
            rows = concatenate_datasets([raw] * -(-count // len(raw))).select(range(count))
            rows = rows.map(tokenize, batched=True, **on_disk)
        began, steps = time.perf_counter(), StepClock(subject.device)
        with peak_memory(subject.device) as for_training:
            trainer = trainer_for(strategy, subject, rows)
            trainer.add_callback(steps)
            trainer.train()
        del trainer, rows
    seconds = {"before": steps.began - began, "epoch": steps.ends[-1] - steps.began}
    return {"tokenize": tokenizing["seconds"], **seconds, "tokenize_mib": for_tokenizing["memory_mib"], **for_training}


def cost_of_tokens(length: int, strategy: Strategy, subject: Subject) -> dict[str, float]:
    """Return the seconds of a step on texts of exactly `length` tokens, and the peak of memory in MiB."""
    count = strategy.update_size * STEPS
    ids = np.random.default_rng(0).integers(1000, len(subject.tokenizer), (count, length))
    columns = {"input_ids": ids.tolist(), "attention_mask": np.ones_like(ids).tolist(), "label": [0, 1] * (count // 2)}
    texts = replace(subject, rows=Dataset.from_dict(columns), lengths=[length] * count)
    with peak_memory(subject.device) as memory:
        run = run_trial(strategy, texts, seed=0, examples=count, most_seconds=math.inf)
    return {"step": run["seconds"] / run["updates"], **memory}


def cost_of(run: Mapping) -> dict[str, float]:
    """Return what a `run` of the plan costs, without what a process pays once, as to start threads."""
    lesson, over, size = store.lesson_here(), run["over"], run["size"]
    subject, recipe = subject_of(lesson), table(lesson.device, lesson.precision)[COURSE]
    few = replace(recipe, per_device_train_batch_size=8, attention_dropout=0.0 if over == UNDROPPED else None)
    cost_of_tokens(min(TOKENS), few, subject)
    if over != "pairs":
        return cost_of_tokens(size, few, subject)
    raw = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)["train"]
    return cost_of_pairs(size, raw, replace(recipe, **BATCH), subject)


def slope(costs: pd.Series) -> float:
    """Return the slope of a straight line through the logarithms of `costs` over those of their sizes, the index.

    >>> round(slope(pd.Series([3, 12, 48], index=[10, 20, 40])), 3)  # twice the size, four times the cost
    2.0
    """
    fits = len(costs) > 1 and (costs > 0).all()  # not a single size, nor what cost nothing or was not measured
    return float(linregress(np.log(costs.index.astype(float)), np.log(costs)).slope) if fits else float("nan")


def slopes(runs: Sequence[dict], over: str) -> pd.DataFrame:
    """Return one row per size, medians over rounds, and a last one with the slopes; one column per cost."""
    costs = pd.DataFrame([run for run in runs if run["over"] == over]).set_index("size").drop(columns=["over", "round"])
    medians = costs.astype(float).groupby("size").median()
    return pd.concat([medians, medians.apply(slope).to_frame("slope").T])


def plan() -> list[dict[str, str | int]]:
    """Return each run; an epoch over 10,000 pairs or more is its own average, and is taken once."""
    runs = [(over, size, number) for number in range(ROUNDS) for size in TOKENS for over in ("tokens", UNDROPPED)]
    runs += [("pairs", size, number) for number in range(ROUNDS) for size in PAIRS if size < 10000 or number == 0]
    return [{"over": over, "size": size, "round": number} for over, size, number in runs]


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    wanted = store.arguments(__doc__)
    lesson = store.lesson_here()
    strategy = vars(replace(table(lesson.device, lesson.precision)[COURSE], **BATCH))
    same = {"strategy": strategy, "short": SHORT, "steps": STEPS}
    key, measured = store.begin("sizes", lesson, subject_of(lesson).lengths, wanted.replace, **same)
    store.take_missing("sizes", key, measured, plan(), partial(in_fresh_process, cost_of))
    for over in dict.fromkeys(run["over"] for run in measured["runs"]):
        costs = slopes(measured["runs"], over)
        measured.setdefault("slopes", {})[over] = store.figures(costs)["slope"]
        print(f"{over}:\n{costs.round(3).to_string()}")
    store.save("sizes", key, measured)


if __name__ == "__main__":
    main()
