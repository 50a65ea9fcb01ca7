"""The benchmark of quality: what it runs, what it chooses, who sees the test split, and what it keeps."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

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
    needed,
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


def invented(run, test):
    """Return what a run comes to where 1e-4 for 4 epochs does best."""
    value = 0.9 - abs(run.learning_rate - 1e-4) * 1000 - abs(run.epochs - 4) * 0.01
    return {"accuracy": value} | ({"test_accuracy": 0.4} if test else {})


def test_each_run_is_taken_once_and_kept(results):
    taken = []

    def how(run, test):
        taken.append(run)
        if len(taken) == 4:
            raise MemoryError("in the middle of the sweep")
        return invented(run, test)

    with pytest.raises(SystemExit, match="in the middle of the sweep"):
        take_missing(load(results, "pairs", {}), how, "pairs", workers=1)
    assert len(load(results, "pairs", {})["runs"]) == 3
    interrupted = taken[-1]
    done = take_missing(load(results, "pairs", {}), how, "pairs", workers=2)
    sweep = [*rate_sweep(), *epoch_sweep(Run(COURSE, 1e-4, 3, SWEEP_SEED))]
    assert set(done) == {*sweep, *over_seeds(CHOSEN), *over_seeds(COMMON_RUN)}
    assert sorted(map(repr, taken)) == sorted(map(repr, [*done, interrupted]))
    kept = load(results, "pairs", {})["runs"]
    assert len(kept) == len(done) == 16 and sum("test_accuracy" in run for run in kept) == 1


def test_the_common_recipe_waits_for_what_is_chosen_and_fills_idle_cores():
    assert needed({})[:4] == rate_sweep() and needed({})[4:] == over_seeds(COMMON_RUN)
    done = {run: invented(run, False) for run in rate_sweep()}
    assert needed(done)[4:6] == epoch_sweep(Run(COURSE, 1e-4, 3, SWEEP_SEED))
    done |= {run: invented(run, False) for run in needed(done)[4:6]}
    assert needed(done)[6:11] == over_seeds(CHOSEN) and needed(done)[11:] == over_seeds(COMMON_RUN)


def test_a_run_that_fails_costs_no_other(results):
    together = Barrier(2)

    def how(run, test):
        together.wait(timeout=30)
        if run == rate_sweep()[0]:
            raise MemoryError("no room")
        return invented(run, test)

    with pytest.raises(SystemExit, match=r"A run failed: .*3e-05.*no room.*--workers"):
        take_missing(load(results, "pairs", {}), how, "pairs", workers=2)
    [kept] = load(results, "pairs", {})["runs"]
    assert Run(**kept["run"]) == rate_sweep()[1]


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
