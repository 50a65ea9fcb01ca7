"""The program that lesson 05 gives away: it runs without the course, and what it writes can be loaded."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tools import ROOT
from tools.try_others.plan import Other, make

FILE = "%%writefile trainer_output/05/finetune_pairs.py\n"


def test_the_program_of_lesson_05_runs_by_itself(tmp_path):
    cells = nbformat.read(ROOT / "notebooks" / "05_metrics.ipynb", as_version=4).cells
    [source] = [cell.source.removeprefix(FILE) for cell in cells if cell.source.startswith(FILE)]
    assert "lesson" not in source and len([line for line in source.splitlines() if line.strip()]) < 50
    Path(tmp_path, "finetune_pairs.py").write_text(source, encoding="utf-8")
    sources = make(Other("small", "bert", "reversed"), tmp_path)
    command = [sys.executable, "-I", "finetune_pairs.py", sources["LESSONS_CHECKPOINT"], sources["LESSONS_DATASET"]]
    env = os.environ | {"HF_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, "pairs", "mine"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"validation: \{.*'eval_accuracy'.*\nalways '\w+': 0\.\d+", done.stdout)
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "mine")
    assert model.config.num_labels == 2 and "LABEL_0" not in model.config.id2label.values()
    assert AutoTokenizer.from_pretrained(tmp_path / "mine").vocab_size > 1000
