"""The benchmark of quality: what it runs, what it chooses, who sees the test split, and what it keeps."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmarks import quality
from benchmarks.kit import store
from benchmarks.quality import COMMON_RUN, FINALISTS, SWEEP, TEST_SEED, over_seeds


def test_each_run_is_taken_once_and_the_test_split_comes_last(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "RUNS", tmp_path)
    less = {8: 0.0, 16: 0.2}  # by batch size
    monkeypatch.setattr(quality, "take", lambda kept: {"accuracy": 0.9 - less[kept["run"]["batch_size"]]})
    largest, second, _ = quality.frozen("bf16")
    for _ in range(2):  # the second time, nothing is missing
        assert quality.measure(store.load("quality", "pairs", {}), "pairs", "bf16") == second
    kept = [quality.Run(**run["run"]) for run in store.read("quality")["pairs"]["runs"]]
    assert {*kept} == {*SWEEP, *over_seeds(*FINALISTS, largest, second), replace(second, seed=TEST_SEED)}
    assert len(kept) == 37 and kept[-1] == replace(second, seed=TEST_SEED)


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
    runs = [
        {"run": vars(run), "accuracy": value + by}
        for one, value in zip((COMMON_RUN, *quality.frozen("fp32")), (0.815, *means), strict=False)
        for run, by in zip(over_seeds(one), spread, strict=True)
    ]
    assert quality.choose({"runs": runs}, "fp32") == quality.frozen("fp32")[chosen]
    assert quality.seeds_table({"runs": runs})["held"].sum() == 1 + (means[-1] > 0.80)


@pytest.mark.parametrize("seed", [1, TEST_SEED])
def test_only_the_last_seed_sees_the_test_split(seed, subject, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    splits, some = [], replace(subject, rows=subject.rows.select(range(16)))
    monkeypatch.setattr(store, "lesson_here", lambda: SimpleNamespace(device="cpu"))
    monkeypatch.setattr(quality, "subject_of", lambda lesson, split="train": splits.append(split) or some)
    scores = quality.take({"run": vars(replace(SWEEP[0], epochs=1, seed=seed))})
    assert splits == ["train", "validation", *["test"] * (seed == TEST_SEED)]
    assert ("test_f1" in scores) == (seed == TEST_SEED)
