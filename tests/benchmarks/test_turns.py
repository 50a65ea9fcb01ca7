"""Turns, what is kept of them, and the table and the verdict that they come to."""

import argparse
import doctest
import importlib
import json
from itertools import pairwise

import numpy as np
import pytest
from counted import KNOWN
from report import draw, speed_table, verdict
from results import load, save
from speed import RESULTS, begin, take_missing
from strategies import COMMON, COURSE, Strategy
from turn import take_turn, turns


def test_each_round_has_every_strategy_once_in_an_order_of_its_own():
    names = list("abcdefgh")
    order = turns(names, rounds=4)
    rounds = [[name for number, name in order if number == at] for at in range(4)]
    assert [number for number, _ in order] == sorted(number for number, _ in order)
    assert all(sorted(one) == names for one in rounds) and len(set(map(tuple, rounds))) == 4
    neighbours = [set(pair) for one in rounds for pair in pairwise(one)]
    assert neighbours.count(neighbours[0]) < 4
    assert order == turns(names, rounds=4)  # a session that is resumed goes on in the same


def test_a_turn_counts_its_sample_and_not_its_warm_up(subject, steps):
    strategy = Strategy(4, 2)
    run = take_turn(strategy, subject, "cpu", seed=0, examples=40, most_seconds=60)
    assert (run["updates"], run["batches"], run["examples"]) == (5, 10, 40)
    assert len(steps) == 7  # two to warm up
    assert run["flops"] > 0 and run["seconds"] > 0
    short = take_turn(strategy, subject, "cpu", seed=0, examples=40, most_seconds=0)
    assert short["updates"] == 1 and short["real"] < run["real"]


def test_a_turn_is_taken_once_and_again_where_its_strategy_changed(subject, steps, tmp_path, monkeypatch):
    monkeypatch.setattr("speed.RESULTS", tmp_path / "speed.json")
    monkeypatch.setattr("speed.matmul_peak", lambda device, dtype: 1e9)
    wanted = argparse.Namespace(rounds=2, examples=16, most_seconds=60)
    known = {COMMON: KNOWN[COMMON], COURSE: Strategy(8, 1)}

    def taken(known):
        steps.clear()
        found = load(tmp_path / "speed.json", "pairs", {"machine": "this"})
        begin(found, known, subject)
        take_missing(found, known, subject, "cpu", wanted, "pairs")
        return len(steps)

    assert taken(known) == 3 + 2 * 2 * 4  # one turn to start the process, then two updates after two to warm up
    assert taken(known) == 0
    # one step less a round, since the sample is one update; the common recipe takes its turn beside it again
    assert taken(known | {COURSE: Strategy(16, 1)}) == 3 + 2 * (4 + 3)
    kept = json.loads((tmp_path / "speed.json").read_text())["pairs"]
    assert len(kept["runs"]) == 6 and kept["command"] and kept["date"]
    assert speed_table(kept | {"peaks": {"fp32": [1e9]}}).loc[COURSE, "rounds"] == 2
    assert taken({COMMON: KNOWN[COMMON]}) == 0
    alone = load(tmp_path / "speed.json", "pairs", {"machine": "this"})
    begin(alone, {COMMON: KNOWN[COMMON]}, subject)  # what is gone from the table is gone from its figures
    assert [run["strategy"] for run in alone["runs"]] == [COMMON] * 4 and list(alone["epochs"]) == [COMMON]


def test_a_strategy_that_fails_is_said_to_and_the_others_go_on(subject, tmp_path, monkeypatch):
    def broken(strategy, *args, **kwargs):
        if strategy.torch_compile:
            raise RuntimeError("no compiler\nand much more")
        return {"real": 10, "seconds": 9.0 if strategy.bf16 else 0.5}

    monkeypatch.setattr("speed.RESULTS", tmp_path / "speed.json")
    monkeypatch.setattr("speed.matmul_peak", lambda device, dtype: 1e9)
    monkeypatch.setattr("speed.take_turn", broken)
    known = {COMMON: KNOWN[COMMON], "torch.compile": Strategy(torch_compile=True), "bf16": Strategy(bf16=True)}
    found = load(tmp_path / "speed.json", "pairs", {})
    begin(found, known, subject)
    take_missing(found, known, subject, "cpu", argparse.Namespace(rounds=2, examples=1, most_seconds=1), "pairs")
    assert found["failed"] == {"torch.compile": "RuntimeError: no compiler"}
    only_one = {COMMON: known[COMMON]}
    take_missing(found, only_one, subject, "cpu", argparse.Namespace(rounds=2, examples=1, most_seconds=1), "pairs")
    assert list(found["failed"]) == ["torch.compile"]  # it was not tried again
    assert sorted(run["strategy"] for run in found["runs"]) == ["bf16", COMMON, COMMON]  # what takes too long, once


def test_other_settings_cost_no_result_unless_asked_for(tmp_path):
    path = tmp_path / "speed.json"
    save(path, "mrpc", {"settings": {"rate": (1, 2), "threads": 2}, "runs": [1]})
    save(path, "pairs", {"settings": {}, "runs": [2]})
    same, other = {"rate": (1, 2), "threads": 2}, {"rate": (1, 2), "threads": 1}
    assert load(path, "mrpc", same)["runs"] == [1]
    with pytest.raises(SystemExit, match=r"holds 1 runs for 'mrpc', and threads was 2 and is 1\. Add --anew"):
        load(path, "mrpc", other)
    assert load(path, "mrpc", other, anew=True) == {"settings": {"rate": [1, 2], "threads": 1}, "runs": []}
    assert load(path, "mrpc", same)["runs"] == [1]  # nothing is dropped before something new is there
    assert load(path, "pairs", {})["runs"] == [2]


def a_run(strategy: str, number: int, seconds: float, real: int = 100) -> dict:
    others = {"joules": None, "waited": 0.1, "cpu_share": 0.9, "warmup_seconds": 1.0}
    return {"strategy": strategy, "round": number, "real": real, "seconds": seconds, "flops": 1e6 * real, **others}


def invented() -> dict:
    seconds = {COMMON: (1.0, 4.0, 2.0), COURSE: (0.25, 1.0, 1.0)}  # in the second round the machine was slow
    return {
        "runs": [a_run(name, number, one) for name, own in seconds.items() for number, one in enumerate(own)],
        "epochs": {
            COMMON: {"dtype": "fp32", "real": 100, "computed": 240},
            COURSE: {"dtype": "bf16", "real": 100, "computed": 101},
            "never measured": {"dtype": "fp32", "real": 100, "computed": 100},
        },
        "peaks": {"fp32": [1e9, 0.5e9], "bf16": [4e8]},
        "real_per_example": 50.0,
        "memory": {COMMON: {"memory_mib": 50.0}},
    }


def test_table_compares_within_rounds(tmp_path):
    found = speed_table(invented())
    assert list(found.index) == [COMMON, COURSE]
    assert found.loc[COURSE, ["times", "low", "high"]].tolist() == [4.0, 2.0, 4.0]
    assert found.loc[COMMON, ["times", "low", "high"]].tolist() == [1.0, 1.0, 1.0]
    assert found.loc[COMMON, ["of_course", "of_course_low", "of_course_high"]].tolist() == [0.25, 0.25, 0.5]
    assert found.loc[COURSE, ["examples_per_second", "real_per_second"]].tolist() == [2.0, 100.0]
    assert found["of_peak"].tolist() == pytest.approx([0.05, 0.25])
    assert found["computed_per_real"].tolist() == [2.4, 1.01]
    assert found.loc[COMMON, "memory_mib"] == 50 and np.isnan(found.loc[COURSE, "memory_mib"])
    draw(found, tmp_path / "speed.png")
    assert (tmp_path / "speed.png").stat().st_size > 0


def test_table_compares_within_a_session():
    found = invented()
    found["runs"] = [run | {"session": "monday"} for run in found["runs"]]
    later = [a_run(COMMON, 0, seconds=0.1), a_run(COURSE, 0, seconds=0.1)]  # another machine of that name, say
    found["runs"] += [run | {"session": "tuesday"} for run in later]
    assert speed_table(found).loc[COURSE, ["times", "low", "high", "rounds"]].tolist() == [3.0, 1.0, 4.0, 3.0]


@pytest.mark.parametrize(("bf16", "said"), [(False, "reached"), (True, "missed")])
def test_verdict_asks_more_of_a_processor_with_bf16(bf16, said):
    times, padding, peak, others = verdict(speed_table(invented()), bf16)
    assert times.startswith(f"{said}: 4.00 times the common recipe (2.00 to 4.00 over 3 rounds)")
    assert padding.startswith("reached: 1.010") and "25%" in peak
    assert others == f"faster than the course's recipe in each round: nothing; slower in each: {COMMON}"


@pytest.mark.parametrize("name", ["loop", "measure", "report", "sizes", "strategies"])
def test_examples_in_docstrings(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted and not outcome.failed


def test_committed_benchmark_shows_what_was_asked():
    kept = {key: found for key, found in json.loads(RESULTS.read_text()).items() if key.startswith("mrpc, CPU")}
    assert kept
    for found in kept.values():
        measured = speed_table(found)
        assert found["command"].startswith("python benchmarks/speed.py") and found["date"]
        assert {"machine", "versions", "threads"} <= set(found["settings"])
        assert measured.loc[COURSE, "rounds"] >= 5
        assert measured.loc[COURSE, "times"] >= (5 if found["strategies"][COURSE]["bf16"] else 2.5)
        assert measured.loc[COURSE, "computed_per_real"] <= 1.02
