"""Does `compute_metrics` tell perfect answers from a constant one, and name what the trainer waits for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Number
from typing import Any

import numpy as np
import torch

from lessons_lib.checkups.case import Case, column, must_mend
from lessons_lib.checkups.report import Verdict, clean, listed, weigh

IGNORED, SURE = -100, 10.0  # SURE: the logit of an answer
DIRECTION = ("accuracy", "acc", "f1")  # scores that are 1 where all is right

Scores = dict[str, float]


def metric(case: Case) -> Verdict:
    """Call `compute_metrics` on perfect answers and on a constant one."""
    trainer = case.trainer
    if trainer.compute_metrics is None:
        return "not looked", "There's no `compute_metrics`; `evaluate` reports the loss alone."
    if reason := _why_not(case):
        return "not looked", reason
    labels = _labels(case)
    try:
        perfect, constant = (_scores(case, answers, labels) for answers in _answers(case, labels))
    except Exception as error:
        said = f"{type(error).__name__}: {clean(error, 200).rstrip('.')}"
        return (
            "fault",
            f"`compute_metrics` raises on {len(labels)} right answers: {said}. Evaluation would stop the run.",
        )
    if not isinstance(perfect, Mapping):
        return "fault", f"`compute_metrics` returns a {type(perfect).__name__}; the trainer wants a dict of numbers."
    findings = [*_apart(perfect, constant, len(labels)), *_best(case, perfect, constant)]
    told = ", ".join(
        f"{clean(name, 30)} {_number(constant[name])} to {_number(perfect[name])}" for name in _numbers(perfect)
    )
    return weigh(findings, f"From a constant answer to perfect ones, on {len(labels)} labels: {told}.")


def _why_not(case: Case) -> str:
    task, args = case.task, case.trainer.args
    if task.kind not in ("single label", "tokens", "several labels", "regression"):
        return f"We don't know what answers `compute_metrics` takes where the task is {task.kind}."
    config = task.config
    more = ("output_hidden_states", "output_attentions", "is_encoder_decoder")
    if any(getattr(config, name, False) for name in more) or args.include_for_metrics or args.batch_eval_metrics:
        return "`compute_metrics` gets more than logits and labels here, and we can't make that up."
    if reason := must_mend(case, "labels", "batch"):
        return reason
    labels = _labels(case)
    if labels is None or len(np.unique(labels[labels != IGNORED])) < 2:
        return "There are no examples with different labels to call `compute_metrics` on."
    return ""


def _labels(case: Case) -> np.ndarray | None:
    """Return the labels of evaluation, or of training, padded with -100 as the trainer does."""
    for rows in (*case.evals.values(), case.train):
        batches = [np.asarray(one) for one in column(rows, "labels")]
        if batches and batches[0].ndim > 1 and case.task.kind == "tokens":
            width = max(one.shape[1] for one in batches)
            filled = [np.pad(one, ((0, 0), (0, width - one.shape[1])), constant_values=IGNORED) for one in batches]
            return np.concatenate(filled)
        if batches:
            return np.concatenate(batches)
    return None


def _answers(case: Case, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return logits that are right everywhere, and logits that say the same everywhere."""
    if case.task.kind == "regression":
        perfect = labels.reshape(len(labels), -1).astype(np.float32)
        return perfect, np.full_like(perfect, perfect.mean())
    if case.task.kind == "several labels":
        return (2 * labels - 1) * SURE, np.full_like(labels, -SURE)
    one_hot = np.eye(case.task.columns, dtype=np.float32) * 2 * SURE - SURE
    classes, counts = np.unique(labels[labels != IGNORED], return_counts=True)
    right = np.where(labels == IGNORED, 0, labels)
    return one_hot[right], one_hot[np.full_like(right, classes[counts.argmax()])]


def _scores(case: Case, answers: np.ndarray, labels: np.ndarray) -> Any:
    from transformers import EvalPrediction

    answers, labels = answers.copy(), labels.copy()
    if (prepare := case.trainer.preprocess_logits_for_metrics) is not None:
        answers = np.asarray(prepare(torch.as_tensor(answers), torch.as_tensor(labels)))
    return case.trainer.compute_metrics(EvalPrediction(predictions=answers, label_ids=labels))


def _numbers(scores: Scores) -> list[str]:
    return [name for name, value in scores.items() if isinstance(value, Number | np.number) or np.ndim(value) == 0]


def _number(value: Any) -> str:
    return f"{float(value):.3g}"


def _apart(perfect: Scores, constant: Scores, count: int) -> Iterator[Verdict]:
    names = _numbers(perfect)
    if all(np.isclose(float(perfect[name]), float(constant[name]), equal_nan=True) for name in names):
        shown = ", ".join(f"{clean(name, 30)} {_number(perfect[name])}" for name in names)
        yield (
            "fault",
            f"`compute_metrics` gives {count} perfect answers and a constant one the same scores ({shown}), so it "
            "can't tell whether a model learns. Check that it takes `argmax(-1)` of the logits, and compares it with "
            "the labels.",
        )
        return
    for name in names:
        plain = name.removeprefix("eval_").casefold()
        if plain in DIRECTION and not np.isclose(float(perfect[name]), (1, 100)).any():
            yield (
                "doubt",
                f"`compute_metrics` gives {count} perfect answers {clean(name, 30)} {_number(perfect[name])}, and a "
                f"constant one {_number(constant[name])}. Perfect should be 1: check the axis of `argmax` and the "
                "order of arguments.",
            )


def _best(case: Case, perfect: Scores, constant: Scores) -> Iterator[Verdict]:
    args = case.trainer.args
    wanted = args.metric_for_best_model
    if not wanted or wanted.removeprefix("eval_") == "loss" or not args.load_best_model_at_end:
        return
    plain = {name.removeprefix("eval_"): name for name in _numbers(perfect)}
    name = plain.get(wanted.removeprefix("eval_"))
    if name is None and len(case.evals) < 2:
        yield (
            "fault",
            f"`metric_for_best_model` is `{clean(wanted, 40)}`, and `compute_metrics` returns {listed(perfect)}: the "
            "first evaluation would stop the run.",
        )
    elif name is not None and (float(perfect[name]) > float(constant[name])) != bool(args.greater_is_better):
        yield (
            "fault",
            f"`greater_is_better={args.greater_is_better}`, and perfect answers get {clean(name, 30)} "
            f"{_number(perfect[name])} where a constant one gets {_number(constant[name])}: the worst model would be "
            "kept.",
        )
