"""The benchmark of quality: what it runs, what it chooses, who sees the test split, and what it keeps."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import numpy as np
import pytest
import quality
import torch
from counted import KNOWN
from quality import (
    COMMON_RUN,
    SEEDS,
    SWEEP_SEED,
    TEST_SEED,
    Run,
    best,
    chosen_of,
    epoch_sweep,
    frozen,
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

BEST = Run(COURSE, 16, 1e-4, 4, SWEEP_SEED)
PLAIN = Run(COURSE, 8, 5e-5, 3, SWEEP_SEED)
LARGER = Run(COURSE, 16, 7e-5, 3, SWEEP_SEED)


def test_sweep_seeds_and_test_have_nothing_in_common():
    sweep = {*rate_sweep(), *epoch_sweep(rate_sweep()[0])}
    assert len(sweep) == 6 and {run.seed for run in sweep} == {SWEEP_SEED}
    assert [run.seed for run in over_seeds(BEST)] == list(SEEDS) and len({*SEEDS, SWEEP_SEED, TEST_SEED}) == 7


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
    """Return what a run comes to where the sweep's seed likes 1e-4 for 4 epochs, and the others do not."""
    value = 0.9 - abs(run.learning_rate - 1e-4) * 1000 - abs(run.epochs - 4) * 0.01
    value -= 0.2 * (run.batch_size == 16 and run.seed != SWEEP_SEED)
    return {"accuracy": value} | ({"test_accuracy": 0.4} if test else {})


def test_each_run_is_taken_once_and_kept(results):
    taken = []

    def how(run, test):
        taken.append(run)
        if len(taken) == 4:
            raise MemoryError("in the middle of the sweep")
        return invented(run, test)

    with pytest.raises(SystemExit, match="in the middle of the sweep"):
        take_missing(load(results, "pairs", {}), how, "pairs", "fp32", workers=1)
    assert len(load(results, "pairs", {})["runs"]) == 3
    interrupted = taken[-1]
    done = take_missing(load(results, "pairs", {}), how, "pairs", "fp32", workers=2)
    sweep = [*rate_sweep(), *epoch_sweep(replace(BEST, epochs=3))]
    seeds = [run for one in (BEST, PLAIN, LARGER, COMMON_RUN, *frozen("fp32")[:2]) for run in over_seeds(one)]
    assert set(done) == {*sweep, *seeds, replace(frozen("fp32")[1], seed=TEST_SEED)}
    assert sorted(map(repr, taken)) == sorted(map(repr, [*done, interrupted]))
    kept = load(results, "pairs", {})["runs"]
    assert len(kept) == len(done) == 37
    assert [run["run"]["seed"] for run in kept if "test_accuracy" in run] == [TEST_SEED]


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_one_thing_follows_from_another_and_the_test_split_comes_last(dtype):
    common, done = over_seeds(COMMON_RUN), {}
    finalists = [run for one in (BEST, PLAIN, LARGER) for run in over_seeds(one)]
    for new in (rate_sweep(), epoch_sweep(replace(BEST, epochs=3)), finalists):
        assert needed(done, dtype) == [*done, *new, *common]  # nothing is chosen for the common recipe: it fills up
        done |= {run: invented(run, False) for run in new}
    assert {run.dtype for run in (*done, *common)} == {"fp32"}
    largest, second, _ = frozen(dtype)
    assert {run.dtype for run in frozen(dtype)} == {dtype} and all(run.freeze_embeddings for run in frozen(dtype))
    for new in (common, over_seeds(largest), over_seeds(second), [replace(second, seed=TEST_SEED)]):
        assert not any(map(sees_test, done))
        assert needed(done, dtype) == [*done, *new]
        done |= {run: invented(run, sees_test(run)) for run in new}
    assert needed(done, dtype) == list(done) and sees_test(list(done)[-1])


@pytest.mark.parametrize(
    ("means", "chosen"),
    [
        ((0.81,), 0),  # the fastest is as accurate: the others are not even taken
        ((0.80, 0.82), 1),
        ((0.80, 0.79, 0.81), 2),
        ((0.78, 0.79, 0.77), 1),  # none is as accurate
    ],
)
def test_the_fastest_that_is_as_accurate_is_chosen(means, chosen):
    spread = (-0.01, -0.01, 0, 0.01, 0.01)  # a standard error of 0.004, of the difference 0.006
    done = {
        run: {"accuracy": value + by}
        for one, value in zip((COMMON_RUN, *frozen("fp32")), (0.815, *means), strict=False)
        for run, by in zip(over_seeds(one), spread, strict=True)
    }
    assert chosen_of(done, frozen("fp32")) == frozen("fp32")[chosen]


def test_a_run_that_fails_costs_no_other(results):
    together = Barrier(2)

    def how(run, test):
        together.wait(timeout=30)
        if run == rate_sweep()[0]:
            raise MemoryError("no room")
        return invented(run, test)

    with pytest.raises(SystemExit, match=r"A run failed: .*3e-05.*no room.*--workers"):
        take_missing(load(results, "pairs", {}), how, "pairs", "fp32", workers=2)
    [kept] = load(results, "pairs", {})["runs"]
    assert Run(**kept["run"]) == rate_sweep()[1]


@pytest.mark.parametrize(("course", "word"), [((0.80, 0.82), "held"), ((0.79, 0.80), "held"), ((0.70, 0.72), "lost")])
def test_verdict_allows_one_standard_error(course, word):
    assert verdict(course, (0.79, 0.82)).startswith(f"{word}: mean accuracy {sum(course) / 2:.4f}")


def test_a_model_is_judged_on_every_pair(subject, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = subject.rows.select(range(50))
    trainer = trainer_for(KNOWN[COMMON], subject, None, "cpu")
    trainer.model.classifier.bias.data = torch.tensor([0.0, 1e4])  # it always says yes
    assert judged(trainer, rows)["accuracy"] == pytest.approx(np.mean(rows["label"][:]), abs=1e-4)
