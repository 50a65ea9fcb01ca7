"""The rules, one per thing that tutorials write and that fails today; `tests/test_doctor.py` proves each."""

from lessons_lib.doctor.rules import data, hub, imports, tasks, text, training

RULES = (*training.RULES, *imports.RULES, *text.RULES, *tasks.RULES, *data.RULES, *hub.RULES)
