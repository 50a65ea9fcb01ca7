"""Measures how cost grows with size: time and memory over the number of pairs and over the length of a text.

    make bench-sizes
    python benchmarks/sizes.py [--dataset ../shared/glue --task mrpc]

Pairs: an epoch of the course's recipe by the Trainer, in batches of 32, over 250 to 64,000 pairs cut to 16 tokens and
tokenized first; those of the dataset, over and over. Tokens: steps of the bare loop on batches of 8 texts of 16 to 512
tokens, with the checkpoint's dropout in attention and without it: on a CPU, scaled dot product attention has its fast
way, which keeps no weight for each pair of tokens, only without it. Each size is measured in a process of its own.
Slopes are those of a straight line through the logarithms: 1 means twice the size, twice the cost; 0 means flat.
Results are kept in benchmarks/sizes.json.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset, concatenate_datasets, load_dataset
from loop import as_updates, collator, take_updates
from measure import clock, in_fresh_process, peak_memory
from report import NOTHING, as_json
from results import arguments, keep, lesson_for, load, save, settings_here
from strategies import COURSE, Strategy, table
from trainer_runs import StepClock, trainer_for
from turn import Subject, subject_of

RESULTS = Path(__file__).with_suffix(".json")
PAIRS = (250, 1000, 4000, 16000, 64000)
TOKENS = (16, 32, 64, 128, 256, 512)
SHORT = 16  # tokens of a pair where pairs are counted: an epoch of 64,000 is long enough
STEPS = 4
UNDROPPED = "tokens, no dropout in attention"
STEP = ["step", "memory_mib"]
COSTS = {"tokens": STEP, UNDROPPED: STEP, "pairs": ["tokenize", "before", "epoch", "tokenize_mib", "memory_mib"]}


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the slope of a straight line through the logarithms of `costs` over those of `sizes`.

    >>> round(slope([10, 20, 40], [3, 12, 48]), 3)  # twice the size, four times the cost
    2.0
    """
    return float(np.polyfit(np.log(np.array(sizes, float)), np.log(np.array(costs, float)), 1)[0])


def many_pairs(raw: Dataset, count: int) -> Dataset:
    """Return `count` pairs: those of `raw`, over and over, still on disk."""
    return concatenate_datasets([raw] * -(-count // len(raw))).select(range(count))


def cost_of_pairs(count: int, raw: Dataset, strategy: Strategy, subject: Subject, device: str) -> dict[str, float]:
    """Return the seconds of an epoch over `count` pairs, of what comes before it, and the peaks of memory in MiB."""
    tokenizer = subject.tokenizer

    def tokenize(rows: dict) -> dict:
        return tokenizer(rows["sentence1"], rows["sentence2"], truncation=True, max_length=SHORT)

    with tempfile.TemporaryDirectory() as folder:
        cache = f"{folder}/tokenized.arrow"  # on disk, as a learner's would be
        began = time.perf_counter()
        with peak_memory(device) as for_tokenizing:
            rows = many_pairs(raw, count).map(tokenize, batched=True, cache_file_name=cache, load_from_cache_file=False)
        tokenized = time.perf_counter()
        with peak_memory(device) as for_training:
            trainer = trainer_for(strategy, subject, rows, device, train_sampling_strategy="group_by_length")
            ends = StepClock(device)
            trainer.add_callback(ends)
            trainer.train()
        del trainer, rows
    return {
        "tokenize": tokenized - began,
        "before": ends.began - tokenized,
        "epoch": ends.ends[-1] - ends.began,
        "tokenize_mib": for_tokenizing["memory_mib"],
        "memory_mib": for_training["memory_mib"],
    }


def cost_of_tokens(length: int, strategy: Strategy, subject: Subject, device: str) -> dict[str, float]:
    """Return the seconds of a step on 8 texts of exactly `length` tokens, and the peak of memory in MiB."""
    count = strategy.update_size * (STEPS + 1)
    ids = np.random.default_rng(0).integers(1000, len(subject.tokenizer), (count, length))
    columns = {"input_ids": ids.tolist(), "attention_mask": np.ones_like(ids).tolist(), "label": [0, 1] * (count // 2)}
    rows = Dataset.from_dict(columns)
    with peak_memory(device) as memory:
        model = subject.model_for(strategy).to(device)
        collate = collator(strategy, subject.tokenizer)
        updates = take_updates(strategy, model, rows, as_updates(range(count), strategy), collate)
        next(updates)  # warms up
        with clock(device) as taken:
            done = sum(1 for _ in updates)
        del model
    return {"step": taken["seconds"] / done, "memory_mib": memory["memory_mib"]}


def cost_of(over: str, size: int, dataset: str, task: str) -> dict[str, float]:
    """Return what `size` pairs or tokens cost; what a process pays once, such as starting threads, is not counted."""
    lesson = lesson_for(dataset, task)
    subject, strategy = subject_of(lesson), strategy_for(lesson)
    few = replace(strategy, per_device_train_batch_size=8)
    if over == UNDROPPED:
        few = replace(few, attention_dropout=0.0)
    cost_of_tokens(min(TOKENS), few, subject, lesson.device)
    if over != "pairs":
        return cost_of_tokens(size, few, subject, lesson.device)
    raw = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)["train"]
    return cost_of_pairs(size, raw, strategy, subject, lesson.device)


def strategy_for(lesson) -> Strategy:
    """Return the course's recipe on this machine, in batches of 32."""
    return replace(table(lesson.device, lesson.precision)[COURSE], per_device_train_batch_size=32)


def slopes(runs: Sequence[dict], over: str, costs: Sequence[str]) -> pd.DataFrame:
    """Return one row a size, medians over rounds, and a last one with the slopes; where a cost is 0, there is none."""
    found = pd.DataFrame([run for run in runs if run["over"] == over]).groupby("size")[list(costs)].median()
    several = len(found) > 1
    found.loc["slope"] = [
        slope(found.index, found[cost]) if several and (found[cost] > 0).all() else NOTHING for cost in costs
    ]
    return found


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--pairs", type=int, nargs="*", default=PAIRS)
    parser.add_argument("--tokens", type=int, nargs="*", default=TOKENS)
    wanted = parser.parse_args()
    lesson = lesson_for(wanted.dataset, wanted.task)
    lengths, strategy = subject_of(lesson).lengths, strategy_for(lesson)
    settings = settings_here(lesson, lengths, strategy=vars(strategy), short=SHORT, steps=STEPS)
    key = f"{lesson.task}, {settings['machine']}"
    found = load(RESULTS, key, settings, wanted.anew)
    of_tokens = [(size, number) for number in range(wanted.rounds) for size in wanted.tokens]
    plan = [(over, *turn) for turn in of_tokens for over in ("tokens", UNDROPPED)]
    plan += [("pairs", size, number) for number in range(wanted.rounds) for size in wanted.pairs]
    plan = [turn for turn in plan if turn[1] < 10000 or turn[2] == 0]  # so long an epoch is its own average
    done = {(run["over"], run["size"], run["round"]) for run in found["runs"]}
    for over, size, number in plan:
        if (over, size, number) in done:
            continue
        cost = in_fresh_process(cost_of, over, size, wanted.dataset, wanted.task)
        keep(RESULTS, key, found, {"over": over, "size": size, "round": number, **cost})
        print(over, size, {name: round(value, 3) for name, value in cost.items()}, flush=True)
    for over, costs in COSTS.items():
        if any(run["over"] == over for run in found["runs"]):
            costs_of = slopes(found["runs"], over, costs)
            found.setdefault("slopes", {})[over] = as_json(costs_of)["slope"]
            print(f"{over}:\n{costs_of.round(3).to_string()}")
    save(RESULTS, key, found)


if __name__ == "__main__":
    main()
