"""Predicting from the longest text to the shortest, with results in the order of the dataset."""

import time

import numpy as np
from datasets import Dataset
from strategies import Strategy
from trainer_runs import trainer_for
from transformers import Trainer
from transformers.trainer_utils import PredictionOutput
from turn import Subject


def predict_by_length(trainer: Trainer, rows: Dataset) -> PredictionOutput:
    """Return `trainer.predict(rows)`, worked out from the longest text to the shortest, results in the order of `rows`.

    With `train_sampling_strategy="group_by_length"` the Trainer draws an order of its own for predicting too, and
    returns results in that one: here it keeps the order that it is given, for as long as it predicts.
    """
    order = np.argsort([-len(ids) for ids in rows["input_ids"]], kind="stable")
    asked = trainer.args.train_sampling_strategy
    trainer.args.train_sampling_strategy = "sequential"
    try:
        found = trainer.predict(rows.select(order))
    finally:
        trainer.args.train_sampling_strategy = asked
    back = np.argsort(order)
    return PredictionOutput(found.predictions[back], found.label_ids[back], found.metrics)


def predict_seconds(strategy: Strategy, subject: Subject, device: str, rows: Dataset) -> dict[str, float]:
    """Return the seconds to predict `rows` as they stand, and by length; the results are the same, row by row."""
    trainer = trainer_for(strategy, subject, None, device, per_device_eval_batch_size=32)
    trainer.predict(rows.select(range(min(32, len(rows)))))  # warms up
    began = time.perf_counter()
    plain = trainer.predict(rows)
    between = time.perf_counter()
    by_length = predict_by_length(trainer, rows)
    seconds = {"as they stand": between - began, "by length": time.perf_counter() - between}
    assert (by_length.label_ids == rows["label"][:]).all()
    tolerance = 1e-4 if strategy.dtype == "fp32" else 0.1  # other batches, other sums, rounded otherwise
    assert np.allclose(plain.predictions, by_length.predictions, atol=tolerance)
    return seconds
