"""Measures when fine-tuning pays: answers that leave the encoder as it is beside models that are trained.

Each learns from the same training pairs, drawn by one of five seeds, and is judged on the validation split. The answers
and two of the models do so over a growing number of pairs. With all of them they are judged on the test split, too,
and by the kind of pair, where the pairs name one.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, DatasetDict, load_dataset
from matplotlib.axes import Axes
from scipy.sparse import hstack, spmatrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import AutoModel, PreTrainedModel, PreTrainedTokenizerBase, Trainer, set_seed

from authoring.build_pairs import content_hash
from authoring.groups import word_overlap
from benchmarks.kit import store
from benchmarks.kit.clock import clock
from benchmarks.kit.strategies import Strategy
from benchmarks.kit.subject import Subject, predict_by_length, subject_of, trainer_for
from lessons_lib import machine
from lessons_lib.compare import crossing, curve_tables, kind_table, start_table
from lessons_lib.course import COURSE
from lessons_lib.heads import part_of, without_prefix
from lessons_lib.lesson import Lesson
from lessons_lib.plots import plot_learning_curve, plot_starts
from lessons_lib.vectors import mean_vectors

LINE, SIDES = "majority class", ("sentence1", "sentence2")
ANSWERS = (LINE, "word overlap", "bag of words", "cosine", "frozen features")
MODELS = ("frozen encoder", "fine-tuned", "layer-wise rates", "from scratch")
WHOLE = ("cosine", "frozen features", "fine-tuned")  # those that see every pair
CURVES = (*WHOLE, "from scratch")
SEEDS, EPOCHS = range(1, 6), 3
FEW = COURSE.short["train_size"]
SIZES = (FEW // 4, FEW, 1000)  # and all
# a lone head and a head above slower layers take more than the course's rate
LEARNING_RATES = {"frozen encoder": 1e-2, "layer-wise rates": 2e-4}


@dataclass(frozen=True)
class Split:
    """Pairs of sentences as texts, as tokens, and as two vectors each, `(n, hidden)`, from the encoder as it is."""

    texts: Dataset
    tokens: Dataset | None
    first: np.ndarray
    second: np.ndarray

    @classmethod
    def of(cls, texts: Dataset, tokens: Dataset | None, vector_of: Mapping[str, np.ndarray]) -> "Split":
        """Return these pairs with the vector of each of their sentences."""
        return cls(texts, tokens, *(np.stack([vector_of[text] for text in texts[side]]) for side in SIDES))

    @property
    def labels(self) -> np.ndarray:
        """The right answers, shape `(n,)`."""
        return np.array(self.texts["label"][:])

    def draw(self, size: int, seed: int) -> "Split":
        """Return `size` of the pairs: those that `seed` draws."""
        taken = np.random.default_rng(seed).permutation(len(self.texts))[:size]
        return Split(self.texts.select(taken), self.tokens.select(taken), self.first[taken], self.second[taken])


def splits_of(lesson: Lesson, raw: DatasetDict, tokenizer: PreTrainedTokenizerBase) -> dict[str, Split]:
    """Return the three splits of `raw` as `lesson` tokenizes them; each sentence goes through the encoder once."""
    encoder = AutoModel.from_pretrained(lesson.checkpoint, revision=lesson.revision).to(lesson.device)
    names = ("train", "validation", "test")
    texts = sorted({text for name in names for side in SIDES for text in raw[name][side]})
    vector_of = dict(zip(texts, mean_vectors(texts, tokenizer, encoder), strict=True))
    return {name: Split.of(raw[name], subject_of(lesson, name).rows, vector_of) for name in names}


def features(name: str, *splits: Split) -> list[np.ndarray | spmatrix]:
    """Return what the answer called `name` looks at in each pair of each of `splits`, shape `(n, features)`.

    The words of a bag are those of the first split: which of them the two sentences share, and in which they differ.
    """
    if name == "word overlap":
        return [np.array([[word_overlap(*(row[side] for side in SIDES))] for row in one.texts]) for one in splits]
    if name == "bag of words":
        counter = CountVectorizer(binary=True).fit([text for side in SIDES for text in splits[0].texts[side]])
        sides = [[counter.transform(one.texts[side]) for side in SIDES] for one in splits]
        return [hstack([first.multiply(second), abs(first - second)]) for first, second in sides]
    vectors = [(one.first, one.second) for one in splits]
    if name == "cosine":
        return [(u * v).sum(1, keepdims=True) for u, v in vectors]
    return [np.hstack([u, v, abs(u - v), u * v]) for u, v in vectors]


def answer(name: str, train: Split, *others: Split) -> list[np.ndarray]:
    """Return the predictions of a logistic regression on the features called `name`, for each of the `others`.

    One feature needs one threshold, so nothing holds its weight back; more are kept small, as is usual.
    """
    if name == LINE:
        return [np.full(len(other.labels), round(train.labels.mean())) for other in others]
    known, *asked = features(name, train, *others)
    strength = np.inf if known.shape[1] == 1 else 1.0
    fitted = LogisticRegression(C=strength, max_iter=1000).fit(known, train.labels)
    return [fitted.predict(one) for one in asked]


def layer_groups(model: PreTrainedModel, rate: float, decay: float = 0.8, weight_decay: float = 0.01) -> list[dict]:
    """Return AdamW's parameter groups: each part slower than the one above, and only matrices decay."""
    weights = without_prefix(dict(model.named_parameters()), model.base_model_prefix + ".")
    parts = list(dict.fromkeys(map(part_of, weights)))
    rates = {part: rate * decay**below for below, part in enumerate(reversed(parts))}
    decays = {name: weight_decay if weight.ndim > 1 else 0.0 for name, weight in weights.items()}
    own = {name: {"lr": rates[part_of(name)], "weight_decay": decays[name]} for name in weights}
    return [{"params": [weight], **own[name]} for name, weight in weights.items()]


def train_model(start: str, seed: int, train: Split, subject: Subject, precision: Mapping[str, bool]) -> Trainer:
    """Return a Trainer that has trained a `start` on `train`: in small batches where there are few pairs."""
    recipe = COURSE.recipe
    strategy = Strategy(
        COURSE.short["batch_size"] if len(train.texts) <= FEW else recipe.batch_size,
        freeze_embeddings=recipe.freeze_embeddings and start == "fine-tuned",
    )
    own = {"learning_rate": LEARNING_RATES.get(start, recipe.learning_rate), "warmup_steps": recipe.warmup_steps}
    set_seed(seed)
    subject = subject.from_scratch() if start == "from scratch" else subject
    trainer = trainer_for(strategy, subject, train.tokens, num_train_epochs=EPOCHS, seed=seed, **own, **precision)
    if start == "frozen encoder":
        trainer.model.base_model.requires_grad_(False)
    if start == "layer-wise rates":
        trainer.optimizer = torch.optim.AdamW(layer_groups(trainer.model, trainer.args.learning_rate), fused=True)
    trainer.train()
    return trainer


def kinds_of(texts: Dataset) -> list[str]:
    """Return the kind of each pair; an empty list where the pairs name none."""
    return texts["kind"][:] if "kind" in texts.column_names else []


def by_kind(split: Split, predictions: np.ndarray) -> dict[str, float]:
    """Return the share of right answers among the pairs of each kind; nothing where the pairs name no kind."""
    kinds = np.array(kinds_of(split.texts))
    right = predictions == split.labels
    return {kind: round(float(right[kinds == kind].mean()), 4) for kind in sorted(set(kinds.tolist()))}


def measure(run: Mapping, splits: Mapping[str, Split], subject: Subject, precision: Mapping[str, bool]) -> dict:
    """Fit a `run`'s start to its pairs, judge it on validation, and with all pairs on test, return what that took."""
    train, start = splits["train"].draw(run["train_size"], run["seed"]), run["start"]
    whole = run["train_size"] == len(splits["train"].texts)
    asked, measured = {name: splits[name] for name in (["validation", "test"] if whole else ["validation"])}, {}
    if start in ANSWERS:
        given = dict(zip(asked, answer(start, train, *asked.values()), strict=True))
    else:
        with clock(subject.device) as taken:
            trainer = train_model(start, run["seed"], train, subject, precision)
        moving = sum(weight.numel() for weight in trainer.model.parameters() if weight.requires_grad)
        measured = {"seconds": round(taken["seconds"], 1), "trainable": moving}
        given = {name: predict_by_length(trainer, split.tokens).predictions.argmax(-1) for name, split in asked.items()}
    measured |= store.accuracy_and_f1(given["validation"], asked["validation"].labels)
    if whole:
        test = store.accuracy_and_f1(given["test"], asked["test"].labels)
        kinds = by_kind(asked["validation"], given["validation"])
        measured |= {f"test_{name}": score for name, score in test.items()} | ({"kinds": kinds} if kinds else {})
    return measured


def plan(total: int) -> list[dict[str, str | int]]:
    """Return each run for `total` training pairs: what costs nothing first, then the models, seed by seed."""
    sizes = [*(size for size in SIZES if size < total), total]
    rest = [(start, FEW) for start in MODELS if start != "fine-tuned"] + [("from scratch", SIZES[0])]
    ordered = [(seed, name, size) for seed in SEEDS for name in ANSWERS for size in sizes]
    ordered += [(seed, "fine-tuned", size) for seed in SEEDS for size in sizes]
    ordered += [(seed, name, size) for seed in SEEDS for name, size in rest]
    return [{"start": name, "train_size": size, "seed": seed} for seed, name, size in ordered]


def every_pair(measured: Mapping) -> int:
    """Return how many training pairs a task has: what the largest of its runs saw."""
    return max(run["train_size"] for run in measured["runs"])


def draw(measured: Mapping) -> dict[str, tuple[Axes, str]]:
    """Draw the starts of a task at few pairs, and the curves; return each with what it shows in words."""
    table, curves = start_table(measured, FEW), curve_tables(measured, CURVES)
    line = table.loc[LINE, "accuracy"]
    ahead = [f"{name} ({row['accuracy']:.2f})" for name, row in table.iterrows() if row["low"] > line]
    alt = f"Accuracy of each start at {FEW} pairs with its interval over the seeds, a line at the {LINE} ({line:.2f}). "
    alt += f"Beyond it with their whole interval: {', '.join(ahead) or 'none'}."
    ends = [(name, *curve["accuracy"].iloc[[0, -1]]) for name, curve in curves.items()]
    said = " and ".join(f"{name} from {first:.2f} to {last:.2f}" for name, first, last in ends)
    at = crossing(curves["fine-tuned"], curves["cosine"])
    curve = plot_learning_curve(curves, (LINE, line), at)
    said += f"; fine-tuned passes cosine {f'at {curve.texts[0].get_text()}' if at else 'nowhere'}"
    return {
        "starts": (plot_starts(table.drop(index=LINE), {LINE: line}, LINE), alt),
        "curve": (
            curve,
            f"Accuracy over the number of training pairs, from the fewest to the most: {said}; {LINE}: {line:.2f}.",
        ),
    }


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    wanted = store.arguments(__doc__)
    lesson = store.lesson_here()
    raw = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)
    subject = subject_of(lesson)
    splits = splits_of(lesson, raw, subject.tokenizer)
    settings = {
        "machine": machine.device_name(lesson.device),
        "precision": lesson.precision,
        "versions": {name: version(name) for name in ("torch", "transformers", "datasets", "scikit-learn")},
        "checkpoint": Path(lesson.checkpoint).parent.name if Path(lesson.checkpoint).is_dir() else lesson.checkpoint,
        "rows": {name: content_hash(tuple(row.values()) for row in rows) for name, rows in raw.items()},
        "kinds": dict(Counter(kinds_of(splits["validation"].texts))),
        "epochs": EPOCHS,
        "batch_size": {f"up to {FEW}": COURSE.short["batch_size"], "above": COURSE.recipe.batch_size},
        "learning_rates": LEARNING_RATES | {"others": COURSE.recipe.learning_rate},
    }
    measured = store.load("starts", lesson.task, settings, wanted.replace)
    how = partial(measure, splits=splits, subject=subject, precision=lesson.precision)
    store.take_missing("starts", lesson.task, measured, plan(len(raw["train"])), how)
    store.publish("starts")
    print(start_table(measured, len(raw["train"])).round(3).to_string())
    print(kind_table(measured, WHOLE).round(2).to_string())
    for name, (axes, _) in draw(measured).items():
        store.save_picture(axes, f"{name}-{lesson.task}.png")


if __name__ == "__main__":
    main()
