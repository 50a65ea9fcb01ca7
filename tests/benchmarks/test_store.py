"""What was measured stays: runs are taken once, other settings cost none, lessons quote what is kept."""

import pytest

from benchmarks.kit import store


def test_a_run_is_taken_once_and_kept_though_a_later_one_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "RUNS", tmp_path)
    taken, plan = [], [{"size": size, "seed": 0} for size in (1, 2)]

    def how(run):
        taken.append(run["size"])
        if len(taken) == 2:
            raise MemoryError
        return {"seconds": [run["size"] * 1.5]}

    with pytest.raises(MemoryError):
        store.take_missing("sizes", "pairs", store.load("sizes", "pairs", {}), plan, how)
    store.take_missing("sizes", "pairs", store.load("sizes", "pairs", {}), plan, how)
    kept = store.read("sizes")["pairs"]
    assert taken == [1, 2, 2]
    assert kept["runs"] == [{"size": size, "seed": 0, "seconds": [size * 1.5]} for size in (1, 2)]
    assert kept["command"].startswith("python -m benchmarks.sizes") and kept["date"]


def test_other_settings_cost_no_result_unless_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "RUNS", tmp_path)
    same, other = {"rate": (1, 2), "threads": 2}, {"rate": (1, 2), "threads": 1}
    store.save("speed", "mrpc", {"settings": same, "runs": [1]})
    before = (tmp_path / "speed.json.gz").read_bytes()
    store.save("speed", "mrpc", store.load("speed", "mrpc", same))
    assert (tmp_path / "speed.json.gz").read_bytes() == before  # no time of day in it
    with pytest.raises(SystemExit, match=r"holds 1 runs for 'mrpc', and threads was 2 and is 1\. Add --replace"):
        store.load("speed", "mrpc", other)
    assert store.load("speed", "mrpc", other, replace=True) == {"settings": {"rate": [1, 2], "threads": 1}, "runs": []}
    assert store.load("speed", "mrpc", same)["runs"] == [1]  # nothing is dropped before something new is there


@pytest.mark.parametrize("name", store.QUOTED)
def test_the_package_quotes_what_was_measured(name, tmp_path, monkeypatch):
    quoted = (store.RESULTS / f"{name}.json").read_text()
    monkeypatch.setattr(store, "RESULTS", tmp_path)
    store.publish(name)
    assert (tmp_path / f"{name}.json").read_text() == quoted
