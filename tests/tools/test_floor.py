"""The oldest versions that pyproject.toml allows, as pip is given them."""

import pytest

from tools.doors import floor, pinned

CPU_BUILDS = "https://download.pytorch.org/whl/cpu"


@pytest.mark.parametrize("index", ["", CPU_BUILDS])
def test_pins_are_the_bounds_and_torch_is_the_small_one(monkeypatch, index):
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index)
    lower = floor.bounds_here()
    pins = dict(line.split("==") for line in floor.pins())
    torch = lower["torch"] if index else pinned("torch")[0].partition("==")[2]
    assert {"transformers", "datasets", "ipywidgets"} < set(lower)
    assert pins == lower | {"torch": torch}


def test_table_says_what_is_not_the_bound():
    here = {"scikit-learn": "1.5.0", "torch": "2.11.0+cpu", "psutil": "5.9.5"}
    lines = floor.table({"scikit-learn": "1.5", "torch": "2.11", "psutil": "5.9.4"}, here).splitlines()
    assert [line.endswith("newer than the bound") for line in lines] == [False, False, True]
