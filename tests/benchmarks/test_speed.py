"""Trials of strategies, what is kept of them, and the table that they come to."""

from statistics import median

import pytest

from benchmarks import speed
from benchmarks.kit import store
from benchmarks.kit.strategies import COMMON, COURSE, Strategy
from benchmarks.kit.subject import round_order, run_trial
from benchmarks.speed import draw, faster_and_slower, speed_table

PADDED = Strategy(8, train_sampling_strategy="random", pad_to=128)


@pytest.fixture
def session(tmp_path, monkeypatch, subject):
    """Take what is missing of strategies in a new session, and return what is kept then and what failed."""
    monkeypatch.setattr(store, "RUNS", tmp_path)
    monkeypatch.setattr(speed, "matmul_peak", lambda device, dtype: 1e9)
    monkeypatch.setattr(speed, "ROUNDS", 2)

    def take(known):
        measured = store.load("speed", "pairs", {"examples": 16, "most_seconds": 60})
        speed.begin(measured, known, subject)
        return measured, speed.take_missing(measured, known, subject, "pairs")

    return take


def test_each_round_has_every_strategy_once_in_an_order_of_its_own():
    rounds = ["".join(round_order(list("abcdefgh"), number)) for number in (0, 1, 2, 0)]
    assert {"".join(sorted(one)) for one in rounds} == {"abcdefgh"} and len(set(rounds)) == 3
    assert rounds[0] == rounds[3]  # a session that is resumed goes on in the same


def test_a_trial_takes_its_sample_after_two_updates_to_warm_up(subject, steps):
    run = run_trial(Strategy(4, 2), subject, seed=0, examples=40, most_seconds=60)
    assert run["updates"] == 5 and len(steps) == 7 and run["flops"] > 0 and run["seconds"] > 0
    short = run_trial(Strategy(4, 2), subject, seed=0, examples=40, most_seconds=0)
    assert short["updates"] == 1 and short["real"] < run["real"]


def test_a_trial_is_run_once_and_again_where_its_strategy_changed(session, steps):
    def taken(known):
        steps.clear()
        session(known)
        return len(steps)

    known = {COMMON: PADDED, COURSE: Strategy(8)}
    assert taken(known) == 2 * 2 * 4  # two updates after two to warm up
    assert taken(known) == 0
    # one step less per round, since the sample is one update; the common recipe is tried beside it again
    assert taken(known | {COURSE: Strategy(16)}) == 2 * (4 + 3)
    alone, _ = session({COMMON: PADDED})  # what is gone from the table is gone from its figures
    assert [run["strategy"] for run in alone["runs"]] == [COMMON] * 4 and list(alone["epochs"]) == [COMMON]


def test_a_strategy_that_fails_is_said_to_and_the_others_go_on(session, monkeypatch):
    def broken(strategy, *args, **kwargs):
        if strategy.torch_compile:
            raise RuntimeError("no compiler\nand much more")
        return {"real": 10, "seconds": 0.5}

    monkeypatch.setattr(speed, "run_trial", broken)
    measured, failed = session({COMMON: PADDED, "torch.compile": Strategy(torch_compile=True)})
    assert failed == {"torch.compile": "RuntimeError: no compiler"}
    assert [run["strategy"] for run in measured["runs"]] == [COMMON] * 2


@pytest.mark.parametrize("measured", store.read("speed").values())
def test_committed_table_comes_from_its_runs_and_compares_within_rounds(measured):
    speeds = speed_table(measured)
    for name, row in store.figures(speeds).items():
        assert row.items() <= measured["table"][name].items()
    rates = {(run["round"], run["strategy"]): run["real"] / run["seconds"] for run in measured["runs"]}
    times = [rates[number, COURSE] / rates[number, COMMON] for number in range(5)]
    assert speeds.loc[COURSE, ["times", "low", "high"]].tolist() == [median(times), min(times), max(times)]
    assert speeds.loc[COURSE, "computed_per_real"] <= 1.02
    later = [run | {"session": "later", "seconds": 1.0} for run in measured["runs"] if run["strategy"] == COURSE]
    assert speed_table(measured | {"runs": measured["runs"] + later}).loc[COURSE, "times"] == median(times)
    assert "common recipe" in faster_and_slower(speeds)[1]
    axes, alt = draw(speeds)
    assert len(axes.patches) == len(speeds) and f"{COURSE} comes to {median(times):.2f}" in alt
