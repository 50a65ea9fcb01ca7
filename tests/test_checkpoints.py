"""A training process is killed again and again, and ends where one that was never interrupted ends."""

import json
import random
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from lessons_lib.checkpoints import newest_checkpoint, why_broken

STEPS = 30
CHILD = """
import sys
import torch
from transformers import (
    BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments, set_seed
)
from lessons_lib.checkpoints import newest_checkpoint

class Say(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        print("step", state.global_step, flush=True)

folder = sys.argv[1]
set_seed(7)
size = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
model = BertForSequenceClassification(BertConfig(vocab_size=50, **size))
numbers = torch.Generator().manual_seed(0)
rows = [
    {"input_ids": torch.randint(5, 50, (12,), generator=numbers), "labels": index % 2} for index in range(80)
]
args = TrainingArguments(
    folder, max_steps=STEPS, per_device_train_batch_size=8, learning_rate=1e-3, logging_steps=1, save_steps=4,
    save_total_limit=3, report_to="none", disable_tqdm=True, use_cpu=True, seed=7,
)
trainer = Trainer(model=model, args=args, train_dataset=rows, callbacks=[Say()])
trainer.train(resume_from_checkpoint=newest_checkpoint(folder))
trainer.save_model(folder + "/end")
trainer.state.save_to_json(folder + "/end/trainer_state.json")
""".replace("STEPS", str(STEPS))


def train(folder: Path, kill_at: int | None = None) -> int:
    """Train in a process of its own, kill it as soon as it says that it has done step `kill_at`; return that step."""
    command = [sys.executable, "-c", CHILD, str(folder)]
    last = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("step "):
                last = int(line.split()[1])
                if kill_at is not None and last >= kill_at:
                    process.kill()  # SIGKILL: no handler, no farewell
                    break
        error = process.stderr.read()
    assert process.returncode == (0 if kill_at is None else -9), error
    return last


def losses(folder: Path) -> list[float]:
    history = json.loads((folder / "end" / "trainer_state.json").read_text())["log_history"]
    return [entry["loss"] for entry in history if "loss" in entry]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX")
def test_killed_five_times_ends_with_the_same_weights(tmp_path):
    train(tmp_path / "whole")
    draw, last = random.Random(), 0
    steps = sorted(draw.sample(range(2, STEPS - 1), 5))
    for step in steps:
        last = train(tmp_path / "killed", kill_at=step)
        assert last < STEPS
    assert train(tmp_path / "killed") == STEPS
    expected, found = (load_file(tmp_path / name / "end" / "model.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(expected[name], found[name]) for name in expected), steps
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole"), steps


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    train(folder)
    return folder


@pytest.fixture
def output_dir(finished, tmp_path):
    """A run with three checkpoints, whose files a test may spoil."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def test_newest_is_found_by_its_number(output_dir):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert newest_checkpoint(output_dir) == str(output_dir / "checkpoint-30")


@pytest.mark.parametrize(
    "name", ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"]
)
@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
def test_truncated_newest_is_named_and_the_one_before_is_used(output_dir, name, keep):
    path = output_dir / "checkpoint-30" / name
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.warns(UserWarning, match=rf"checkpoint-30: {name} is cut short .* checkpoint-28 is used"):
        assert newest_checkpoint(output_dir) == str(output_dir / "checkpoint-28")


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", "trainer_state.json"])
def test_absent_file_is_named(output_dir, name):
    (output_dir / "checkpoint-30" / name).unlink()
    assert why_broken(output_dir / "checkpoint-30") == f"{name} absent"


def test_nothing_whole_means_a_new_start(output_dir):
    for path in output_dir.glob("checkpoint-*/trainer_state.json"):
        path.unlink()
    with pytest.warns(UserWarning, match="starts anew"):
        assert newest_checkpoint(output_dir) is None


def test_no_folder_means_a_new_start(tmp_path):
    assert newest_checkpoint(tmp_path / "nowhere") is None
