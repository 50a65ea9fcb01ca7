"""The oldest versions that pyproject.toml allows, as pip is given them."""

import pytest

from tools.doors import ROOT, floor, pinned

PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("index", ["", "https://download.pytorch.org/whl/cpu"])
def test_pins_are_the_bounds_and_torch_is_the_small_one(monkeypatch, index):
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index)
    pins = floor.pins()
    asked = [pin.replace("==", ">=") for pin in pins if not pin.startswith("torch==")]
    assert len(asked) > 10 and all(f'"{one}' in PYPROJECT for one in asked)
    [torch] = [pin for pin in pins if pin.startswith("torch==")]
    assert f'"{torch.replace("==", ">=")}"' in PYPROJECT if index else [torch] == pinned("torch")
