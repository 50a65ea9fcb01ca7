"""The benchmark of quality: what it runs, what it chooses, who sees the test split, and what it keeps."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmarks import quality
from benchmarks.kit import store
from benchmarks.quality import COMMON_RUN, FINALISTS, SWEEP, TEST_SEED, Run, over_seeds


def invented(run):
    """Return what a run comes to where batches of 16 are not as accurate."""
    return {"accuracy": 0.9 - 0.2 * (run.batch_size == 16) - run.seed / 1000}


def test_each_run_is_taken_once_and_one_that_fails_costs_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "RUNS", tmp_path)
    monkeypatch.setattr(quality, "ProcessPoolExecutor", lambda workers, mp_context: ThreadPoolExecutor(workers))
    taken = []

    def how(run):
        taken.append(run)
        if run == SWEEP[2] and taken.count(run) == 1:
            raise MemoryError("no room")
        return invented(run)

    def take():
        return quality.take_missing(store.load("quality", "pairs", {}), how, "pairs", "bf16", workers=2)

    with pytest.raises(SystemExit, match="A run failed"):
        take()
    assert SWEEP[2] not in [Run(**run["run"]) for run in store.read("quality")["pairs"]["runs"]]
    done, (largest, second, _) = take(), quality.frozen("bf16")
    expected = {*SWEEP, *over_seeds(*FINALISTS, largest, second), replace(second, seed=TEST_SEED)}
    assert set(done) == expected and sorted(map(repr, taken)) == sorted(map(repr, [*expected, SWEEP[2]]))
    assert len(store.read("quality")["pairs"]["runs"]) == len(done) == 37
    assert list(quality.stages(done, "bf16"))[-1] == [replace(second, seed=TEST_SEED)]  # the test split comes last


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
        for one, value in zip((COMMON_RUN, *quality.frozen("fp32")), (0.815, *means), strict=False)
        for run, by in zip(over_seeds(one), spread, strict=True)
    }
    assert quality.choose(done, quality.frozen("fp32")) == quality.frozen("fp32")[chosen]
    seeds = quality.seeds_table({"runs": [{"run": vars(run), **one} for run, one in done.items()]})
    assert seeds["held"].sum() == 1 + (means[-1] > 0.80)


@pytest.mark.parametrize("seed", [1, TEST_SEED])
def test_only_the_last_seed_sees_the_test_split(seed, subject, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    splits, some = [], replace(subject, rows=subject.rows.select(range(16)))
    monkeypatch.setattr(store, "lesson_for", lambda *asked: SimpleNamespace(device="cpu"))
    monkeypatch.setattr(quality, "subject_of", lambda lesson, split="train": splits.append(split) or some)
    scores = quality.take(replace(SWEEP[0], epochs=1, seed=seed), "", "")
    assert splits == ["train", "validation", *["test"] * (seed == TEST_SEED)]
    assert ("test_f1" in scores) == (seed == TEST_SEED)
