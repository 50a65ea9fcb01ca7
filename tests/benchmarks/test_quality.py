"""The benchmark of quality: what it runs, what it chooses, who sees the test split, and what it keeps."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import quality
import torch
from counted import KNOWN
from quality import (
    SEEDS,
    SWEEP_SEED,
    Run,
    best,
    epoch_sweep,
    judged,
    over_seeds,
    rate_sweep,
    sees_test,
    take_missing,
    verdict,
)
from results import load
from strategies import COMMON, COURSE
from trainer_runs import trainer_for

CHOSEN = Run(COURSE, 1e-4, 4, SWEEP_SEED)
COMMON_RUN = Run(COMMON, 5e-5, 3, SWEEP_SEED)


def test_the_sweep_and_the_seeds_have_nothing_in_common():
    sweep = {*rate_sweep(), *epoch_sweep(rate_sweep()[0])}
    assert len(sweep) == 6 and {run.seed for run in sweep} == {SWEEP_SEED}
    runs = over_seeds(CHOSEN)
    assert [run.seed for run in runs] == list(SEEDS) and SWEEP_SEED not in SEEDS and len(SEEDS) == 5
    assert {(run.recipe, run.learning_rate, run.epochs) for run in runs} == {(COURSE, 1e-4, 4)}


def test_only_one_model_sees_the_test_split():
    runs = [*rate_sweep(), *epoch_sweep(rate_sweep()[0]), *over_seeds(CHOSEN), *over_seeds(COMMON_RUN)]
    assert [run.recipe for run in runs if sees_test(run)] == [COURSE]


def test_of_equal_runs_the_shorter_one_is_chosen():
    runs = [rate_sweep()[0], *epoch_sweep(rate_sweep()[0])]
    done = {run: {"accuracy": 0.7} for run in runs}
    assert best(done, runs).epochs == min(run.epochs for run in runs)
    longest = max(runs, key=lambda run: run.epochs)
    assert best(done | {longest: {"accuracy": 0.8}}, runs) == longest


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A file of results that is not there yet; runs go side by side in threads."""
    monkeypatch.setattr(quality, "RESULTS", tmp_path / "quality.json")
    monkeypatch.setattr(quality, "ProcessPoolExecutor", lambda workers, mp_context: ThreadPoolExecutor(workers))
    return tmp_path / "quality.json"


def test_each_run_is_taken_once_and_kept(results):
    taken = []

    def how(run, test):
        taken.append(run)
        return {"accuracy": 0.5} | ({"test_accuracy": 0.4} if test else {})

    plan = [*over_seeds(COMMON_RUN), *over_seeds(CHOSEN)]
    for part in (plan[:3], plan):
        found = load(results, "pairs", {"machine": "this"})
        done = take_missing(found, part, how, "pairs", workers=2)
    assert sorted(map(repr, taken)) == sorted(map(repr, plan)) and set(done) == set(plan)
    kept = load(results, "pairs", {"machine": "this"})["runs"]
    assert len(kept) == len(plan) and sum("test_accuracy" in run for run in kept) == 1


def test_a_run_that_fails_costs_no_other(results):
    plan = [*over_seeds(COMMON_RUN), *over_seeds(CHOSEN)]

    def how(run, test):
        if run == plan[1]:
            raise MemoryError("no room")
        return {"accuracy": 0.5}

    with pytest.raises(SystemExit, match=r"1 of 10 runs failed, such as .*seed=2.*no room.*--workers"):
        take_missing(load(results, "pairs", {}), plan, how, "pairs", workers=2)
    assert len(load(results, "pairs", {})["runs"]) == 9


@pytest.mark.parametrize(("course", "word"), [((0.80, 0.82), "held"), ((0.79, 0.80), "held"), ((0.70, 0.72), "lost")])
def test_verdict_allows_one_standard_error(course, word):
    rows = [{"recipe": COURSE, "accuracy": one} for one in course]
    rows += [{"recipe": COMMON, "accuracy": one} for one in (0.79, 0.82)]
    assert verdict(pd.DataFrame(rows)).startswith(f"{word}: mean accuracy {sum(course) / 2:.4f}")


def test_a_model_is_judged_on_every_pair(subject, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = subject.rows.select(range(50))
    trainer = trainer_for(KNOWN[COMMON], subject, None, "cpu")
    trainer.model.classifier.bias.data = torch.tensor([0.0, 1e4])  # it always says yes
    assert judged(trainer, rows)["accuracy"] == pytest.approx(np.mean(rows["label"][:]), abs=1e-4)
