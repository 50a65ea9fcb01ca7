"""Measures which body to take for pairs of sentences: the encoder of 22 million weights, or a decoder of 135 million.

Each way learns from the same training pairs, drawn by one of three seeds, and is judged on the validation split. Each
run has a process of its own, so that its peak of memory is its own.
"""

from collections.abc import Mapping
from functools import partial
from importlib.metadata import version

import numpy as np
import torch
from datasets import DatasetDict, load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
    set_seed,
)

from benchmarks import starts
from benchmarks.kit import store
from benchmarks.kit.clock import clock, in_fresh_process, peak_memory
from benchmarks.kit.subject import ARGUMENTS, LONGEST, predict_by_length, subject_of
from lessons_lib.course import COURSE
from lessons_lib.lesson import Lesson
from lessons_lib.vectors import mean_vectors

FEW, EPOCHS, SEEDS = COURSE.short["train_size"], 3, range(1, 4)
ANSWERS = ("encoder, cosine", "encoder, frozen features", "decoder, frozen features")
ON_ALL = ", on all pairs"
RATES = {"encoder, LoRA": 1e-3, "encoder, fine-tuned": COURSE.recipe.learning_rate, "decoder, LoRA": 5e-4}


def new_model(way: str, checkpoint: str, lesson: Lesson) -> PreTrainedModel:
    """Return the model of a `way` to train: a decoder in 16 bits where this machine trains so, its head in 32."""
    decoder = way.startswith("decoder")
    dtype = torch.bfloat16 if decoder and lesson.precision.get("bf16") else torch.float32
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2, dtype=dtype)
    if way.endswith("LoRA"):
        if decoder:
            model.score.float()
        whole = ["score"] if decoder else ["pooler", "classifier"]  # this encoder's pooler was never trained
        return get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, modules_to_save=whole))
    model.base_model.embeddings.requires_grad_(not COURSE.recipe.freeze_embeddings)
    return model


def trained(way: str, seed: int, raw: DatasetDict, checkpoint: str, lesson: Lesson) -> tuple[np.ndarray, int]:
    """Train on the pairs of `raw`; return the predictions on its validation split and how many weights were trained."""
    tokenizer, decoder = AutoTokenizer.from_pretrained(checkpoint), way.startswith("decoder")

    def tokenize(pair: Mapping[str, str]) -> Mapping[str, list[int]]:
        texts = ["\n".join(pair[side] for side in starts.SIDES)] if decoder else [pair[side] for side in starts.SIDES]
        return tokenizer(*texts, truncation=True, max_length=LONGEST)

    rows = raw.map(tokenize).select_columns([*tokenizer.model_input_names, "label"])
    set_seed(seed)
    model = new_model(way, checkpoint, lesson)
    few = len(rows["train"]) <= FEW
    args = TrainingArguments(
        "build/benchmarks",
        **ARGUMENTS | {"num_train_epochs": EPOCHS, "seed": seed, "train_sampling_strategy": "group_by_length"},
        per_device_train_batch_size=COURSE.short["batch_size"] if few else COURSE.recipe.batch_size,
        learning_rate=RATES[way.removesuffix(ON_ALL)],
        warmup_steps=COURSE.recipe.warmup_steps,
        use_cpu=lesson.device == "cpu",
        **{name: on for name, on in lesson.precision.items() if name != "use_cpu"},
    )
    trainer = Trainer(
        model,
        args,
        train_dataset=rows["train"],
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
    )
    trainer.train()
    moving = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    return predict_by_length(trainer, rows["validation"]).predictions.argmax(-1), moving


def answered(way: str, raw: DatasetDict, checkpoint: str, lesson: Lesson) -> np.ndarray:
    """Return the predictions of a logistic regression on what a body as it is says of the pairs."""
    tokenizer, body = AutoTokenizer.from_pretrained(checkpoint), AutoModel.from_pretrained(checkpoint)
    texts = sorted({text for rows in raw.values() for side in starts.SIDES for text in rows[side]})
    vector_of = dict(zip(texts, mean_vectors(texts, tokenizer, body.to(lesson.device)), strict=True))
    train, asked = (starts.Split.of(raw[name], None, vector_of) for name in ("train", "validation"))
    return starts.answer(way.partition(", ")[2], train, asked)[0]


def measure(run: Mapping) -> dict[str, float]:
    """Return what a `run` took and how well it did, on the pairs that its seed draws."""
    lesson = store.lesson_here("11")
    raw = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)
    taken = np.random.default_rng(run["seed"]).permutation(len(raw["train"]))[: run["train_size"]]
    raw = DatasetDict(train=raw["train"].select(taken), validation=raw["validation"])
    way, moving = run["way"], 0
    labels = np.array(raw["validation"]["label"][:])
    if way == starts.LINE:
        return store.accuracy_and_f1(np.full(len(labels), round(np.mean(raw["train"]["label"][:]))), labels)
    checkpoint = lesson.decoder if way.startswith("decoder") else lesson.checkpoint
    with peak_memory(lesson.device) as memory, clock(lesson.device) as seconds:
        if way in ANSWERS:
            guess = answered(way, raw, checkpoint, lesson)
        else:
            guess, moving = trained(way, run["seed"], raw, checkpoint, lesson)
    costs = {"seconds": round(seconds["seconds"], 1), "memory_mib": round(memory["memory_mib"] or 0)}
    return {**costs, "trainable": moving, **store.accuracy_and_f1(guess, labels)}


def plan(total: int) -> list[dict[str, str | int]]:
    """Return each run for `total` training pairs: seed by seed, what costs least first."""
    few = [(way, FEW, seed) for seed in SEEDS for way in (starts.LINE, *ANSWERS, *RATES)]
    all_pairs = [(f"encoder, fine-tuned{ON_ALL}", total, seed) for seed in SEEDS]
    return [{"way": way, "train_size": size, "seed": seed} for way, size, seed in few + all_pairs]


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    wanted = store.arguments(__doc__)
    lesson = store.lesson_here("11")
    raw = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)
    lengths = subject_of(lesson).lengths
    more = {"epochs": EPOCHS, "learning_rates": RATES, "peft": version("peft")}
    key, measured = store.begin("bodies", lesson, lengths, wanted.replace, **more)
    store.take_missing("bodies", key, measured, plan(len(raw["train"])), partial(in_fresh_process, measure))
    store.publish("bodies")


if __name__ == "__main__":
    main()
