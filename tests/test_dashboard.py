"""The dashboard on real Trainers: what it counts, how rarely it draws, what it survives."""

import io
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from test_html import read
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from lessons_lib.dashboard import TrainingDashboard, callback, panel
from lessons_lib.dashboard.state import RunState


def small_model():
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(vocab_size=30522, **size))


@pytest.fixture
def features(pairs, tokenizer):
    rows = pairs["train"][:24]
    encoded = tokenizer(rows["sentence1"], rows["sentence2"])
    return [
        {"input_ids": ids, "attention_mask": mask, "label": label}
        for ids, mask, label in zip(encoded["input_ids"], encoded["attention_mask"], rows["label"], strict=True)
    ]


@pytest.fixture
def trainer(features, tokenizer, tmp_path):
    def build(*callbacks, **settings):
        settings = {"num_train_epochs": 2, "logging_steps": 2, "save_strategy": "no", "disable_tqdm": True} | settings
        args = TrainingArguments(tmp_path, per_device_train_batch_size=8, report_to="none", use_cpu=True, **settings)
        return Trainer(
            model=small_model(),
            args=args,
            train_dataset=features,
            eval_dataset=features[:8],
            data_collator=DataCollatorWithPadding(tokenizer),
            compute_metrics=lambda prediction: {"accuracy": 0.75},
            callbacks=list(callbacks),
        )

    return build


class Drawn(TrainingDashboard):
    """A dashboard that keeps the panel and the line of each drawing, with the run as it was at the last one."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.panels, self.last = [], None

    def _draw(self, status):
        self.panels.append(panel.panel(self.run, status, self.clock()))
        self.last = self.run
        super()._draw(status)


def test_tokens_are_those_of_the_batches(trainer):
    watch = Drawn(every=0)
    one = trainer(watch, eval_strategy="epoch", gradient_accumulation_steps=2)
    collate, batches = one.data_collator, []
    one.data_collator = lambda features: batches.append(collate(features)) or batches[-1]
    evaluate = one.evaluate
    one.evaluate = lambda *args, **kwargs: batches.append(None) or evaluate(*args, **kwargs)
    one.train()
    kept, evaluating = [], False
    for batch in batches:  # after each mark comes the one batch of eight that was evaluated
        if batch is None or evaluating:
            evaluating = batch is None
        else:
            kept.append(batch)
    assert len(kept) == 6
    computed = sum(batch["input_ids"].numel() for batch in kept)
    real = sum(int(batch["attention_mask"].sum()) for batch in kept)
    assert watch.last.tokens() == (real, computed)
    assert computed > real


class OnGpu:
    """What is asked of a tensor on a GPU, which this machine need not have."""

    def __init__(self, device, number, shape=(2, 4)):
        self.device, self.number, self.shape = device, number, shape

    def numel(self):
        return 8

    def detach(self):
        return self

    def sum(self):
        return self

    def __radd__(self, other):
        return OnGpu(self.device, self.number + other)

    def __add__(self, other):
        assert self.device == other.device, "tensors on two GPUs cannot be added"
        return OnGpu(self.device, self.number + other.number)

    def __int__(self):
        return self.number


def test_tokens_on_two_gpus_are_summed_apart():
    run = RunState(began=0, first_step=0, max_steps=1, epochs=1)
    for device in ("cuda:0", "cuda:1", "cuda:0"):
        batch = {"input_ids": OnGpu(device, 0), "attention_mask": OnGpu(device, 5)}
        run.count_tokens(torch.nn.Linear(1, 1), (), batch)
    assert run.tokens() == (15, 24)


def test_mask_of_multiple_choice_counts():
    run = RunState(began=0, first_step=0, max_steps=1, epochs=1)
    mask = torch.tensor([[[1, 1, 0], [1, 0, 0]]])
    run.count_tokens(torch.nn.Linear(1, 1), (), {"input_ids": torch.zeros(1, 2, 3), "attention_mask": mask})
    assert run.tokens() == (3, 6)


def test_learning_rate_is_that_of_the_trainers_own_log(trainer):
    watch = Drawn(every=0)
    one = trainer(watch, logging_steps=1, warmup_steps=2)
    one.train()
    logged = [(logs["step"], logs["learning_rate"]) for logs in one.state.log_history if "learning_rate" in logs]
    assert len(logged) == 6
    assert watch.last.learning_rates["learning rate"] == logged


def test_panel_shows_what_the_trainer_logged(trainer):
    watch = Drawn(every=0)
    one = trainer(watch, eval_strategy="epoch")
    one.train()
    shown = read(watch.panels[-1])
    history = one.state.log_history
    losses = [logs["loss"] for logs in history if "loss" in logs]
    validation = [logs["eval_loss"] for logs in history if "eval_loss" in logs]
    assert f"training loss{losses[-1]:.3f}" in shown
    assert f"validation loss{validation[-1]:.3f}" in shown
    assert "accuracy0.750" in shown
    assert "Finished at step 6 of 6" in shown
    for name in ("learning rate", "real tokens per second", "padding", "memory"):
        assert name in shown
    assert watch.panels[-1].count("<img") == 3
    assert [value for _, value in watch.last.losses["training loss"]] == losses


def test_two_runs_do_not_mix(trainer):
    watch = Drawn(every=0)
    one = trainer(watch)
    one.train()
    first = watch.last
    one.train()
    assert watch.last is not first
    assert len(watch.last.losses["training loss"]) == len(first.losses["training loss"]) == 3
    assert watch.last.tokens()[0] == first.tokens()[0]
    assert not one.model._forward_pre_hooks


def test_resumed_run_goes_on_from_its_checkpoint(trainer):
    trainer(save_strategy="steps", save_steps=3).train()
    watch = Drawn(every=0)
    one = trainer(watch)
    one.train(resume_from_checkpoint=str(Path(one.args.output_dir) / "checkpoint-3"))
    assert watch.last.first_step == 3
    assert [step for step, _ in watch.last.losses["training loss"]] == [2, 4, 6]
    assert "at step 3 of 6" in read(watch.panels[0])
    assert "epoch1.00 of 2" in read(watch.panels[0])
    assert [step for step, _ in watch.last.learning_rates["learning rate"]] == [2, 4, 5, 6]
    assert "step 6 of 6" in read(watch.panels[-1])


class Stop(TrainerCallback):
    def __init__(self, error):
        self.error = error

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == 3:
            raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("out of memory")])
def test_run_that_was_stopped_does_not_spoil_the_next(trainer, error):
    watch = Drawn(every=0)
    one = trainer(watch, Stop(error))
    with pytest.raises(type(error)):
        one.train()
    stopped, drawn = watch.last, len(watch.panels)
    one.pop_callback(Stop)
    one.train()
    assert "Stopped at step 3 of 6" in read(watch.panels[drawn])  # outside a notebook the next run says so
    assert "time left" not in read(watch.panels[drawn])
    assert watch.last is not stopped
    assert "Finished at step 6 of 6" in read(watch.panels[-1])
    assert not one.model._forward_pre_hooks


def test_predicting_between_runs_draws_nothing(trainer, features):
    watch = Drawn(every=0)
    one = trainer(watch)
    one.evaluate()
    assert not watch.panels
    one.train()
    drawn = len(watch.panels)
    one.predict(features[:8])
    assert len(watch.panels) == drawn


def walk(steps, seconds_a_step, seconds_a_drawing, every=0.5):
    """A run of `steps` on a clock of our own; return how often it was drawn, and how long the clock went."""
    now = [0.0]
    watch = TrainingDashboard(every=every, clock=lambda: now[0])
    watch._draw = lambda status: now.__setitem__(0, now[0] + seconds_a_drawing)
    args = TrainingArguments("unused", report_to="none", use_cpu=True)
    state, control = TrainerState(max_steps=steps, num_train_epochs=1), TrainerControl()
    watch.on_train_begin(args, state, control)
    for step in range(1, steps + 1):
        watch.on_step_begin(args, state, control)
        now[0] += seconds_a_step
        state.global_step = step
        watch.on_log(args, state, control, logs={"loss": 1.0})
        watch.on_step_end(args, state, control)
    watch.on_train_end(args, state, control)
    return watch.drawn, now[0]


def test_drawn_at_most_twice_a_second():
    drawn, seconds = walk(steps=10_000, seconds_a_step=0.01, seconds_a_drawing=0)
    assert seconds == pytest.approx(100)
    assert 190 <= drawn <= 202  # twice a second, and the beginning and the end


def test_steps_that_are_not_drawn_cost_no_drawing():
    assert walk(steps=10_000, seconds_a_step=1e-6, seconds_a_drawing=0)[0] == 2


@pytest.mark.parametrize("seconds_a_drawing", [0.002, 0.02, 0.2])
def test_drawing_takes_less_than_a_hundredth_of_the_run(seconds_a_drawing):
    drawn, seconds = walk(steps=5_000, seconds_a_step=0.2, seconds_a_drawing=seconds_a_drawing)
    assert (drawn - 2) * seconds_a_drawing < 0.01 * seconds
    assert drawn > 40


def test_panel_of_a_long_run_is_drawn_fast():
    run = RunState(began=0, first_step=0, max_steps=100_000, epochs=3, step=100_000, epoch=3.0)
    for step in range(1, 100_001):
        run.log(step, {"loss": 1 / step, "eval_loss": 1 / step, "eval_accuracy": 0.5})
        run.rate(step, 1 / step)
    taken = []
    for _ in range(5):
        start = time.process_time()
        panel.panel(run, "training", now=10.0)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.2  # of this process, whatever others do: three curves of 100,000 points


def test_a_step_that_is_not_drawn_costs_next_to_nothing():
    watch = TrainingDashboard(every=1e9)
    watch._draw = lambda status: None
    args, model = TrainingArguments("unused", report_to="none", use_cpu=True), torch.nn.Linear(1, 1)
    state, control = TrainerState(max_steps=2000, num_train_epochs=1), TrainerControl()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batch = {"input_ids": torch.ones(8, 64), "attention_mask": torch.ones(8, 64)}
    watch.on_train_begin(args, state, control, model=model)
    start = time.process_time()
    for step in range(1, 2001):
        watch.run.count_tokens(model, (), batch)
        watch.on_optimizer_step(args, state, control, optimizer=optimizer)
        state.global_step = step
        watch.on_step_end(args, state, control)
        watch.on_log(args, state, control, logs={"loss": 1.0})
    assert (time.process_time() - start) / 2000 < 0.0005  # a hundredth of a step of 50 milliseconds
    assert watch.drawn == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "text", None, [1]])
def test_odd_logs_are_survived(value):
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    run.log(1, {"loss": value, "eval_loss": value, "eval_accuracy": value})
    read(panel.panel(run, "training", now=1.0))
    assert "training" in panel.line(run, "training", now=1.0)


def test_a_drawing_that_fails_does_not_end_the_training(trainer, monkeypatch):
    def fail(self, status):
        raise OSError("no display")

    monkeypatch.setattr(TrainingDashboard, "_draw", fail)
    one = trainer(TrainingDashboard(every=0))
    with pytest.warns(UserWarning, match="no display"):
        one.train()
    assert one.state.global_step == 6


@pytest.mark.parametrize("name", ["log", "rate", "step_ended", "seconds_left"])
def test_no_error_of_the_dashboard_ends_the_training(trainer, monkeypatch, name):
    def fail(*args, **kwargs):
        raise AttributeError("not foreseen")

    one = trainer(TrainingDashboard(every=0))
    monkeypatch.setattr(RunState, name, fail)
    with pytest.warns(UserWarning, match="not foreseen"):
        one.train()
    assert one.state.global_step == 6
    assert not one.model._forward_pre_hooks


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_terminal_is_drawn_over_and_keeps_one_last_line(trainer, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(callback, "SHARE", 1e9)  # draw each step, whatever it costs
    trainer(TrainingDashboard(every=0)).train()
    *running, last = [line.rstrip() for line in re.split(r"[\r\n]+", terminal.getvalue()) if " · " in line]
    assert len(running) >= 6
    assert all(line.startswith(("starting", "training")) and len(line) < 80 for line in running)
    assert last.startswith("finished · step 6 of 6")
    assert "memory" in last  # the last one is whole
    assert terminal.getvalue().rstrip(" ").endswith("\n")


def test_script_that_is_interrupted_says_where_it_came_to(tmp_path):
    code = SETUP.replace("OUTPUT", str(tmp_path)) + "\nstop_at = 4\ntrainer.train()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "KeyboardInterrupt" in done.stderr
    assert re.search(r"^stopped · step 4 of 10 · ", done.stderr, flags=re.MULTILINE)


def test_stream_has_no_last_epoch():
    run = RunState(began=0, first_step=0, max_steps=10, epochs=sys.maxsize, epoch=0.2)
    assert panel.figures(run, "training", now=1.0)["epoch"] == "0.20"


def test_several_evaluation_sets_and_names_of_our_own_stay_apart():
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1, step=2)
    run.log(
        2, {"eval_loss": 0.1, "eval_test_loss": 0.2, "eval_step": 3.0, "eval_test_f1": 0.4, "eval_test_runtime": 9.0}
    )
    found = panel.figures(run, "training", now=1.0)
    assert found["validation loss"] == "0.100"
    assert found["test loss"] == "0.200"
    assert found["test f1"] == "0.400"
    assert found["step"] == "2 of 10"
    assert "test runtime" not in found


def test_terminal_gets_one_line(trainer, capsys):
    trainer(TrainingDashboard(every=0)).train()
    lines = [line for line in capsys.readouterr().err.splitlines() if " · " in line]
    assert len(lines) == 1  # not a terminal here: no bar that is drawn over itself
    assert re.match(r"finished · step 6 of 6 · epoch 2\.00 of 2 · training loss \d", lines[0])


def test_time_left_is_that_of_the_pace():
    run = RunState(began=100, first_step=10, max_steps=50, epochs=1, step=10)
    assert run.seconds_left(now=101) is None
    run.mark = 110
    run.step_ended(now=120, step=20, epoch=0.4)
    assert run.training_seconds == 10
    assert run.seconds_left(now=120) == pytest.approx(60)


def test_model_without_tokens_or_mask():
    run = RunState(began=0, first_step=0, max_steps=1, epochs=1)
    model = torch.nn.Linear(1, 1)
    run.count_tokens(model, (), {"pixel_values": torch.zeros(2, 3)})
    run.count_tokens(model, (), {"input_ids": [[1, 2, 3]]})
    assert run.tokens() == (0, 0)
    run.count_tokens(model, (), {"input_ids": torch.zeros(2, 3)})
    assert run.tokens() == (6, 6)
    run.count_tokens(model, (), {"input_ids": torch.zeros(1, 4), "attention_mask": {"full": torch.zeros(1, 4)}})
    assert run.tokens() == (10, 10)
    run.count_tokens(model.eval(), (), {"input_ids": torch.zeros(2, 3)})
    assert run.tokens() == (10, 10)


SETUP = """
import warnings
warnings.simplefilter("ignore")
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments
from lessons_lib.dashboard import TrainingDashboard

class Stop(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == stop_at:
            raise KeyboardInterrupt

size = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
rows = [{"input_ids": [1, 2, 3], "attention_mask": [1, 1, 0], "labels": 1}] * 80
args = TrainingArguments("OUTPUT", num_train_epochs=1, logging_steps=5, save_strategy="no", use_cpu=True)
model = BertForSequenceClassification(BertConfig(vocab_size=100, **size))
trainer = Trainer(model=model, args=args, train_dataset=rows, callbacks=[TrainingDashboard(every=0), Stop()])
"""


@pytest.fixture
def execute(tmp_path):
    def run(*cells):
        cells = [SETUP.replace("OUTPUT", str(tmp_path)), *cells]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        NotebookClient(notebook, timeout=120, allow_errors=True, extra_arguments=["--log-level=ERROR"]).execute()
        pages = [output["data"]["text/html"] for cell in notebook.cells for output in cell.outputs if "data" in output]
        return [page for page in pages if "training-dashboard" in page], notebook

    return run


def test_headless_notebook_keeps_one_final_panel_a_run(execute):
    panels, _ = execute("stop_at = None", "trainer.train();", "trainer.train();")
    assert len(panels) == 2
    for one in panels:
        assert "Finished at step 10 of 10" in read(one)
        assert "padding33.3%" in read(one)


def test_run_that_fails_and_the_next_in_one_cell(execute):
    cell = "try:\n    trainer.train()\nexcept KeyboardInterrupt:\n    stop_at = None\ntrainer.train();"
    panels, _ = execute("stop_at = 4", cell)
    first, second = map(read, panels)
    assert "Stopped at step 4 of 10" in first
    assert "Finished at step 10 of 10" in second


def test_interrupted_notebook_says_where_it_came_to(execute):
    panels, notebook = execute("stop_at = 4", "trainer.train();", "stop_at = None", "trainer.train();")
    assert notebook.cells[2].outputs[-1].ename == "KeyboardInterrupt"
    first, second = map(read, panels)
    assert "Stopped by KeyboardInterrupt at step 4 of 10" in first
    assert "Finished at step 10 of 10" in second


def test_no_warning_and_no_trace_on_the_model(trainer):
    one = trainer(TrainingDashboard(every=0))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module=callback.__name__)
        one.train()
    assert not one.model._forward_pre_hooks
