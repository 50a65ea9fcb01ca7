"""The rooms of the library: four floors at most, arrows down only, and a light import."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.write_docs.floors import floors, imports

ROOT = Path(__file__).parents[1]
ROOMS = imports(ROOT)
PURE = (
    "tokens",
    "padding",
    "heads",
    "metrics",
    "memory",
    "compare",
    "checkpoints",
    "vectors",
    "own_data",
    "entities",
    "language",
    "dates",
    "cache",
    "own_checkpoint",
    "own_pairs",
    "progress",
    "exercises",
)


def test_there_is_no_circle_and_no_fifth_floor():
    assert len(floors(ROOMS)) <= 4  # a circle has no floors at all


def test_nothing_imports_the_labs_and_machine_knows_no_hub():
    assert not [room for room, taken in ROOMS.items() if "labs" in taken]
    assert ROOMS["machine"] == ROOMS["course"] == set()


@pytest.mark.parametrize("room", PURE)
def test_an_idea_knows_neither_widgets_nor_figures(room):
    code = f"import sys, lessons_lib.{room}; print({{'ipywidgets', 'matplotlib.pyplot'}} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
