"""The strategies that are compared."""

from dataclasses import asdict, replace
from itertools import pairwise

import pytest

from benchmarks.kit.strategies import COMMON, COURSE, Strategy, table
from lessons_lib import course


@pytest.mark.parametrize("batch_size", [8, 16])
@pytest.mark.parametrize(("device", "precision"), [("mps", {}), ("cpu", {"bf16": True}), ("cuda", {"fp16": True})])
def test_each_rung_changes_one_thing_up_to_the_recipe_of_the_course(device, precision, batch_size, monkeypatch):
    recipe = replace(course.COURSE.recipe, batch_size=batch_size)
    monkeypatch.setattr(course, "COURSE", replace(course.COURSE, recipe=recipe))
    known = table(device, precision)
    for below, above in pairwise(list(known.values())[: list(known).index(COURSE) + 1]):
        assert sum(getattr(above, name) != value for name, value in asdict(below).items()) == 1
    assert known[COMMON] == Strategy(8, 1, train_sampling_strategy="random", pad_to=128)
    assert known[COURSE].per_device_train_batch_size == batch_size and len(set(known.values())) == len(known)
    fp16, threads = (any(getattr(one, name) for one in known.values()) for name in ("fp16", "threads"))
    assert fp16 == (device == "cuda") and threads == (device == "cpu")
