"""A training process is killed again and again, and ends where one that was never interrupted ends."""

import json
import os
import random
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.distributed import checkpoint as dcp
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
)

from lessons_lib.checkpoints import newest_checkpoint, why_broken, why_complete

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
    with pytest.warns(UserWarning, match="step 0.*from_pretrained"):
        assert newest_checkpoint(output_dir) is None


def test_no_folder_means_a_new_start(tmp_path):
    assert newest_checkpoint(tmp_path / "nowhere") is None


@pytest.fixture
def newest(output_dir):
    return output_dir / "checkpoint-30"


def resume(checkpoint: Path, max_steps: int = 31) -> int:
    """Return the step at which the `Trainer` ends that resumes here, with ten steps to an epoch as in the child."""
    model = AutoModelForSequenceClassification.from_config(
        AutoConfig.from_pretrained(checkpoint.parent / "config.json")
    )
    rows = [{"input_ids": torch.arange(5, 17), "labels": index % 2} for index in range(80)]
    args = TrainingArguments(
        checkpoint.parent, max_steps=max_steps, report_to="none", disable_tqdm=True, use_cpu=True, save_strategy="no"
    )
    trainer = Trainer(model=model, args=args, train_dataset=rows)
    trainer.train(resume_from_checkpoint=str(checkpoint))
    return trainer.state.global_step


def remove(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def shard(folder: Path, suffix: str) -> None:
    """Write the weights as two shards with an index, in place of a single file."""
    weights, stem = load_file(folder / "model.safetensors"), {"safetensors": "model", "bin": "pytorch_model"}[suffix]
    remove(folder, "model.safetensors")
    place = {name: f"{stem}-0000{1 + number % 2}-of-00002.{suffix}" for number, name in enumerate(sorted(weights))}
    for file in set(place.values()):
        part = {name: weights[name].clone() for name in weights if place[name] == file}
        (save_file if suffix == "safetensors" else torch.save)(part, folder / file)
    (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": place}))


def shard_absent(folder, suffix):
    shard(folder, suffix)
    next(folder.glob(f"*2-of-00002.{suffix}")).unlink()


def shard_cut(folder, suffix):
    shard(folder, suffix)
    cut(next(folder.glob(f"*2-of-00002.{suffix}")))


def index_absent(folder, suffix):
    shard(folder, suffix)
    next(folder.glob("*.index.json")).unlink()


def index_cut(folder, suffix):
    shard(folder, suffix)
    cut(next(folder.glob("*.index.json")))


# what happened to a checkpoint, and whether it is whole; whether it can be resumed, the Trainer says
CASES = {
    "nothing": (lambda folder: None, True),
    "save_only_model": (lambda folder: remove(folder, "optimizer.pt", "scheduler.pt", "rng_state.pth"), False),
    "no optimizer": (lambda folder: remove(folder, "optimizer.pt"), False),
    "no scheduler": (lambda folder: remove(folder, "scheduler.pt"), False),
    "no random state": (lambda folder: remove(folder, "rng_state.pth"), True),
    "no state": (lambda folder: remove(folder, "trainer_state.json"), False),
    "no weights": (lambda folder: remove(folder, "model.safetensors"), False),
    "optimizer cut": (lambda folder: cut(folder / "optimizer.pt"), False),
    "random state cut": (lambda folder: cut(folder / "rng_state.pth"), False),
    "configuration cut": (lambda folder: cut(folder / "config.json"), False),
    "settings cut": (lambda folder: cut(folder / "training_args.bin"), False),
    "tokenizer cut": (lambda folder: (folder / "tokenizer.json").write_text('{"version'), False),
    "SIGTERM while saving": (lambda folder: (folder / "checkpoint-is-incomplete.txt").touch(), False),
    **{f"sharded {one}": (lambda folder, one=one: shard(folder, one), True) for one in ("safetensors", "bin")},
    **{
        f"{what.__name__} {one}": (lambda folder, what=what, one=one: what(folder, one), False)
        for what in (shard_absent, shard_cut, index_absent, index_cut)
        for one in ("safetensors", "bin")
    },
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_trainer_can_resume_is_never_thrown_away(newest, case):
    spoil, whole = CASES[case]
    shutil.copy(newest / "config.json", newest.parent)
    for other in ("checkpoint-24", "checkpoint-28"):
        shutil.rmtree(newest.parent / other)
    spoil(newest)
    try:
        resumable = resume(newest) == 31
    except Exception:
        resumable = False
    assert (why_broken(newest) is None) == whole
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert newest_checkpoint(newest.parent) == (str(newest) if resumable else None)
    assert bool(told) != whole


@pytest.mark.parametrize("case", [case for case, (_, whole) in CASES.items() if not whole])
def test_a_whole_checkpoint_goes_before_one_that_is_not(newest, case):
    CASES[case][0](newest)
    with pytest.warns(UserWarning, match="checkpoint-30: .*checkpoint-28 is used"):
        assert newest_checkpoint(newest.parent) == str(newest.parent / "checkpoint-28")


def test_absent_shards_are_named_and_counted(newest):
    place = {f"layer.{number}": f"model-{number:05}-of-00009.safetensors" for number in range(1, 10)}
    (newest / "model.safetensors").rename(newest / "model-00009-of-00009.safetensors")
    (newest / "model.safetensors.index.json").write_text(json.dumps({"weight_map": place}))
    reason = why_broken(newest)
    assert all(f"model-0000{number}-of" in reason for number in (1, 2, 3, 4)) and "4 more absent" in reason


def test_shard_of_another_save_lacks_what_the_index_lists(newest):
    shard(newest, "safetensors")
    shutil.copy(newest / "model-00001-of-00002.safetensors", newest / "model-00002-of-00002.safetensors")
    index = json.loads((newest / "model.safetensors.index.json").read_text())["weight_map"]
    tensor = next(name for name, file in index.items() if file.startswith("model-00002"))
    assert f"model-00002-of-00002.safetensors lacks {tensor}" in why_broken(newest)


@pytest.mark.parametrize("index", ["[]", "{}", '{"weight_map": {}}', '{"weight_map": []}'])
def test_index_that_lists_nothing(newest, index):
    (newest / "model.safetensors").unlink()
    (newest / "model.safetensors.index.json").write_text(index)
    assert why_broken(newest) == "model.safetensors.index.json lists no shards"


def test_adapters_with_names_have_folders_of_their_own(newest):
    (newest / "translate").mkdir()
    (newest / "model.safetensors").rename(newest / "translate" / "adapter_model.safetensors")
    assert why_broken(newest) is None
    cut(newest / "translate" / "adapter_model.safetensors")
    assert "translate/adapter_model.safetensors is cut short" in why_broken(newest)


def fsdp_sharded(folder: Path) -> None:
    """Write what accelerate's `save_fsdp_model` and `save_fsdp_optimizer` write for SHARDED_STATE_DICT."""
    weights = load_file(folder / "model.safetensors")
    for name, part in (("pytorch_model_fsdp_0", "model"), ("optimizer_0", "optimizer")):
        writer = dcp.FileSystemWriter(folder / name, thread_count=2)
        dcp.save({part: weights}, storage_writer=writer, no_dist=True)
    remove(folder, "model.safetensors", "config.json", "optimizer.pt")


def fsdp_full(folder: Path) -> None:
    """Write what they write for FULL_STATE_DICT, beside the weights that the `Trainer` writes then."""
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model_fsdp.bin")
    (folder / "optimizer.pt").rename(folder / "optimizer.bin")


def deepspeed(folder: Path) -> None:
    """Write the layout of DeepSpeed's `save_checkpoint`, whose engine saves optimizer and schedule."""
    (folder / "global_step30").mkdir()
    torch.save({}, folder / "global_step30" / "mp_rank_00_model_states.pt")
    torch.save({}, folder / "global_step30" / "zero_pp_rank_0_mp_rank_00_optim_states.pt")
    (folder / "latest").write_text("global_step30")
    remove(folder, "optimizer.pt", "scheduler.pt")


def deepspeed_zero3(folder: Path) -> None:
    deepspeed(folder)
    remove(folder, "model.safetensors")
    (folder / "zero_to_fp32.py").touch()


KINDS = [
    (fsdp_sharded, "FSDP", "merge-weights"),
    (fsdp_full, "FSDP", "from_pretrained"),
    (deepspeed, "DeepSpeed", "from_pretrained"),
    (deepspeed_zero3, "DeepSpeed", "zero_to_fp32.py"),
]


@pytest.mark.parametrize(("write", "kind", "way"), KINDS)
def test_checkpoints_of_fsdp_and_deepspeed_say_how_they_are_resumed(newest, monkeypatch, write, kind, way):
    write(newest)
    assert why_broken(newest) is None
    with pytest.warns(UserWarning, match=f"launch the run with {kind}.*{way}"):
        assert newest_checkpoint(newest.parent) == str(newest)
    monkeypatch.setenv(f"ACCELERATE_USE_{kind.upper()}", "true")  # as `accelerate launch` and the Trainer set it
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert newest_checkpoint(newest.parent) == str(newest)


@pytest.mark.parametrize("write", [fsdp_sharded, fsdp_full])
def test_the_trainer_refuses_fsdp_where_it_does_not_run(newest, write):
    shutil.copy(newest / "config.json", newest.parent)
    write(newest)
    with pytest.raises(ValueError, match="only supported when using PyTorch FSDP"):
        resume(newest)


@pytest.mark.parametrize("name", ["pytorch_model_fsdp_0", "optimizer_0"])
@pytest.mark.parametrize("part", ["__0_0.distcp", "__0_1.distcp", ".metadata"])
@pytest.mark.parametrize("spoil", [cut, Path.unlink])
def test_part_of_an_fsdp_checkpoint_is_missed(newest, name, part, spoil):
    fsdp_sharded(newest)
    spoil(newest / name / part)
    assert f"{name}/{part}" in why_broken(newest)
    with pytest.raises(dcp.CheckpointException):  # the authority: torch can't read it either
        dcp_to_torch_save(newest / name, newest.parent / "merged.pt")
    with pytest.warns(UserWarning, match="checkpoint-28 is used"):
        newest_checkpoint(newest.parent)


@pytest.mark.parametrize("write", [fsdp_sharded, fsdp_full])
def test_fsdp_without_its_optimizer_can_be_resumed(newest, write):
    write(newest)
    for path in newest.glob("optimizer*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert "optimizer" in why_broken(newest)
    for other in ("checkpoint-24", "checkpoint-28"):
        shutil.rmtree(newest.parent / other)
    with pytest.warns(UserWarning, match="begin again"):
        assert newest_checkpoint(newest.parent) == str(newest)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda folder: remove(folder, "latest"), "latest absent"),
        (lambda folder: (folder / "latest").write_text(""), "latest is cut short"),
        (lambda folder: (folder / "latest").write_text("global_step28"), "global_step28/"),
        (lambda folder: shutil.rmtree(folder / "global_step30"), "global_step30/"),
        (lambda folder: cut(next(folder.glob("*/*optim*"))), "global_step30/zero_pp_rank_0_mp_rank_00_optim_states.pt"),
    ],
)
def test_part_of_a_deepspeed_checkpoint_is_missed(newest, spoil, named):
    deepspeed_zero3(newest)
    spoil(newest)
    assert named in why_broken(newest)
    with pytest.warns(UserWarning, match="checkpoint-28 is used"):
        newest_checkpoint(newest.parent)


def a_file(path: Path) -> None:
    path.write_text("")


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent / "unplugged" / "disk")


def a_link_to_a_file(path: Path) -> None:
    a_file(path.parent / "file")
    path.symlink_to(path.parent / "file")


@pytest.mark.parametrize("make", [a_file, a_link_to_nothing, a_link_to_a_file, Path.mkdir])
def test_what_only_has_the_name_of_a_checkpoint_is_named(output_dir, make):
    make(output_dir / "checkpoint-99")
    with pytest.warns(UserWarning, match="checkpoint-99: .*checkpoint-30 is used"):
        assert newest_checkpoint(output_dir) == str(output_dir / "checkpoint-30")


def test_link_to_a_checkpoint_is_one(newest, tmp_path):
    newest.rename(tmp_path / "elsewhere")
    newest.symlink_to(tmp_path / "elsewhere")
    assert why_broken(newest) is None and newest_checkpoint(newest.parent) == str(newest)


def test_link_to_nothing_among_the_files(newest):
    remove(newest, "model.safetensors")
    a_link_to_nothing(newest / "model.safetensors")
    assert why_broken(newest) == "model.safetensors is a link to nothing"


@pytest.fixture
def rerun(output_dir):
    """A function that writes step 28 an hour after step 30, with this log; `None` leaves the log as it is."""

    def write(log: list | None) -> Path:
        path = output_dir / "checkpoint-28" / "trainer_state.json"
        state = json.loads(path.read_text())
        if log is not None:
            path.write_text(json.dumps(state | {"log_history": log}))
        written = (output_dir / "checkpoint-30" / "trainer_state.json").stat().st_mtime
        os.utime(path, (written + 3600, written + 3600))
        return output_dir

    return write


@pytest.mark.parametrize("log", [[{"loss": 9.9, "step": 1}], []])
def test_the_run_that_was_written_last_counts_not_the_longer_one(rerun, log):
    with pytest.warns(UserWarning, match="checkpoint-30 has a higher number.*checkpoint-28"):
        assert Path(newest_checkpoint(rerun(log))).name == "checkpoint-28"


def test_the_last_run_without_its_optimizer_goes_before_another_run_with_it(rerun):
    folder = rerun([{"loss": 9.9, "step": 1}])
    remove(folder / "checkpoint-28", "optimizer.pt", "scheduler.pt")
    with pytest.warns(UserWarning, match="begin again"):
        assert Path(newest_checkpoint(folder)).name == "checkpoint-28"


def test_copying_a_run_does_not_change_the_order(rerun):
    folder = rerun(None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Path(newest_checkpoint(folder)).name == "checkpoint-30"


def test_without_times_the_number_counts(output_dir):
    for path in output_dir.glob("checkpoint-*/trainer_state.json"):
        os.utime(path, (0, 0))
    assert Path(newest_checkpoint(output_dir)).name == "checkpoint-30"


@pytest.mark.parametrize(
    ("step", "max_steps", "complete"),
    [(30, None, True), (28, None, False), (30, 31, False), (28, 28, True), (30, 10, True)],
)
def test_a_run_with_no_steps_left_is_complete(output_dir, step, max_steps, complete):
    assert bool(why_complete(output_dir / f"checkpoint-{step}", max_steps)) == complete


def test_the_trainer_takes_a_step_more_after_a_complete_run(output_dir):
    shutil.copy(output_dir / "checkpoint-28" / "config.json", output_dir)
    assert why_complete(output_dir / "checkpoint-28", max_steps=28)
    assert resume(output_dir / "checkpoint-28", max_steps=28) == 29


@pytest.mark.parametrize(("waited", "complete"), [(0, False), (1, False), (2, True), (3, True)])
@pytest.mark.parametrize("several", [False, True])
def test_a_run_that_stopped_early_is_complete(output_dir, waited, complete, several):
    stopping = EarlyStoppingCallback(early_stopping_patience=2)
    stopping.early_stopping_patience_counter = waited
    path = output_dir / "checkpoint-28" / "trainer_state.json"
    callbacks = {"EarlyStoppingCallback": [stopping.state()] if several else stopping.state()}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"stateful_callbacks": callbacks}))
    assert bool(why_complete(path.parent)) == complete


def test_unreadable_state_is_not_complete(tmp_path):
    assert why_complete(tmp_path) is None
