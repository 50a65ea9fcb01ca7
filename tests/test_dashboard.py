"""The dashboard on real Trainers: what it counts, how rarely it draws, what it survives."""

import base64
import io
import re
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch
from IPython.core.events import EventManager, available_events
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

from lessons_lib.dashboard import TrainingDashboard, callback, charts, panel
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


def test_learning_rate_that_is_a_tensor_is_kept_as_it_was(trainer):
    watch = Drawn(every=0)
    one = trainer(watch, logging_steps=1)
    one.optimizer = torch.optim.AdamW(one.model.parameters(), lr=torch.tensor(1e-3))
    one.train()
    logged = [(logs["step"], logs["learning_rate"]) for logs in one.state.log_history if "learning_rate" in logs]
    assert logged[0][1] > logged[-1][1] > 0
    assert watch.last.learning_rates["learning rate"] == logged
    assert f"learning rate{logged[-1][1]:.1e}" in read(watch.panels[-1])


@pytest.mark.parametrize("of", [float, np.float32, np.float64, torch.tensor, lambda value: torch.tensor([value])])
def test_a_number_is_read_whatever_holds_it(of):
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    run.log(1, {"loss": of(0.5), "eval_accuracy": of(0.25)})
    run.rate(1, of(0.125))
    assert (run.losses, run.metrics) == ({"training loss": [(1, 0.5)]}, {"validation accuracy": [(1, 0.25)]})
    assert run.learning_rates == {"learning rate": [(1, 0.125)]}
    assert all(type(value) is float for [(_, value)] in (*run.losses.values(), *run.learning_rates.values()))


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


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "text", None, [1], True, np.ones(2), torch.ones(2)])
def test_odd_logs_are_survived(value):
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    run.log(1, {"loss": value, "eval_loss": value, "eval_accuracy": value})
    read(panel.panel(run, "training", now=1.0))
    assert "training" in panel.line(run, "training", now=1.0)


def test_weights_that_are_not_finite_show_behind_a_loss_of_zero(trainer):
    watch = Drawn(every=0)
    one = trainer(watch)
    one.model.classifier.weight.data.fill_(float("nan"))
    one.train()
    assert [logs["loss"] for logs in one.state.log_history if "loss" in logs] == [0, 0, 0]
    shown = read(watch.panels[-1])
    assert "gradient normnan" in shown
    assert "Not finite: gradient norm nan." in shown


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["loss", "eval_loss", "eval_perplexity", "grad_norm"])
def test_each_last_value_that_is_not_finite_is_named(name, value):
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    run.log(1, {"loss": 0.5, "grad_norm": 1.0, "eval_loss": 0.5, "eval_perplexity": 1.6})
    assert not panel.notes(run, "training")
    run.log(2, {name: value})
    shown = {"loss": "training loss", "grad_norm": "gradient norm"}.get(name, name.replace("eval_", "validation "))
    [note] = panel.notes(run, "training")
    assert note.startswith(f"Not finite: {shown} {value}.")
    assert panel.figures(run, "training", now=1.0)[shown] == f"{value}"
    assert note in panel.line(run, "training", now=1.0)
    run.log(3, {name: 1.0})
    assert not panel.notes(run, "training")


def test_loss_of_zero_without_a_gradient_norm_is_doubted():
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    run.log(10, {"train_loss": 0.0, "total_flos": 1.0})
    assert "exactly 0" in panel.notes(run, "finished")[0]
    run.log(10, {"loss": 0.0, "grad_norm": 0.3})
    assert not panel.notes(run, "finished")


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


@pytest.mark.parametrize("broken", ["_draw", "_new_run", "_close", "_refresh_if_due"])
def test_no_error_ends_the_training_where_warnings_are_errors(trainer, monkeypatch, capsys, broken):
    def fail(*args, **kwargs):
        raise OSError("not foreseen")

    one = trainer(TrainingDashboard(every=0))
    monkeypatch.setattr(TrainingDashboard, broken, fail)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="The dashboard stops")
        one.train()
    assert one.state.global_step == 6
    assert "not foreseen" in capsys.readouterr().err


def test_an_error_in_counting_tokens_does_not_end_the_training(trainer, monkeypatch):
    def fail(*args, **kwargs):
        raise AttributeError("not foreseen")

    one = trainer(TrainingDashboard(every=0))
    monkeypatch.setattr(RunState, "count_tokens", fail)
    with pytest.warns(UserWarning, match="not foreseen"):
        one.train()
    assert one.state.global_step == 6
    assert not one.model._forward_pre_hooks


class Log:
    """A stand-in for standard error that writes, and can do nothing else."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass


class ClosedLog(Log):
    def isatty(self):
        raise ValueError("I/O operation on closed file")


def watch_to_its_end(trainer) -> None:
    """Train six steps under a dashboard that must not stop."""
    one = trainer(TrainingDashboard(every=0))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="The dashboard stops")
        one.train()
    assert one.state.global_step == 6


@pytest.mark.parametrize("kind", [Log, ClosedLog])
def test_standard_error_that_does_not_know_whether_it_is_a_terminal(trainer, monkeypatch, kind):
    log = kind()
    monkeypatch.setattr("sys.stderr", log)
    watch_to_its_end(trainer)
    assert len(re.findall("^finished · step 6 of 6 · ", log.text, flags=re.MULTILINE)) == 1


def test_no_standard_error_is_no_error(trainer, monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    watch_to_its_end(trainer)


def test_standard_error_that_cannot_be_written_to_does_not_end_the_training(trainer, monkeypatch):
    monkeypatch.setattr("sys.stderr", object())
    one = trainer(TrainingDashboard(every=0))
    with pytest.warns(UserWarning, match="The dashboard stops"):
        one.train()
    assert one.state.global_step == 6


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


def test_losses_and_metrics_of_other_names_are_shown_and_told_apart(trainer):
    watch = Drawn(every=0)
    one = trainer(watch, eval_strategy="epoch")
    log = one.log

    def log_more(logs, start_time=None):
        if "loss" in logs:
            logs |= {"embedding_loss": 0.125, "train_accuracy": 0.25, "f1": 0.375}
        if "eval_loss" in logs:
            logs |= {"eval_embedding_loss": 0.625, "eval_f1": 0.875}
        log(logs, start_time)

    one.log = log_more
    one.train()
    found = panel.figures(watch.last, "finished", now=1.0)
    assert found["training embedding loss"] == "0.125"
    assert found["validation embedding loss"] == "0.625"
    assert (found["training accuracy"], found["validation accuracy"]) == ("0.250", "0.750")
    assert (found["training f1"], found["validation f1"]) == ("0.375", "0.875")
    assert {name for name in found if name.endswith("loss")} == set(watch.last.losses)
    alternatives = " ".join(alternative_texts(watch.panels[-1]))
    for name in ("training embedding loss", "validation embedding loss", "training f1", "validation f1"):
        assert f"{name} from " in alternatives


OF_EVALUATIONS = (
    "eval_loss eval_embedding_loss eval_accuracy eval_test_loss eval_train_loss eval_training val_loss validation/loss "
    "test_loss dev_f1 valid_loss custom_loss"
)


@pytest.mark.parametrize("name", OF_EVALUATIONS.split())
def test_no_figure_of_an_evaluation_reads_as_one_of_training(name):
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    run.log(1, {name: 0.25, "custom_runtime": 2.0})
    [shown] = {**run.losses, **run.metrics}
    assert not shown.startswith("training")
    run.log(1, {"loss": 0.5})
    assert run.losses["training loss"] == [(1, 0.5)]


def test_names_that_would_read_alike_keep_their_own():
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    run.log(1, {"loss": 0.5, "accuracy": 0.25, "train_accuracy": 0.75, "eval_loss": 0.5, "eval_validation_loss": 0.125})
    assert run.metrics == {"training accuracy": [(1, 0.25)], "train_accuracy": [(1, 0.75)]}
    assert run.losses["eval_validation_loss"] == [(1, 0.125)]


def test_times_counts_and_rates_are_no_metrics():
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    run.log(1, {"train_runtime": 1.0, "train_mem_cpu_alloc_delta": 12, "epoch": 1.0, "learning_rate": 0.1})
    run.log(1, {"eval_steps_per_second": 3.0, "num_input_tokens_seen": 7, "total_flos": 1e9, "grad_norm": 0.5})
    assert not run.losses and not run.metrics


def test_run_that_ends_before_its_first_log_says_so_and_shows_the_mean(trainer):
    watch = Drawn(every=0)
    one = trainer(watch, logging_steps=500)
    one.train()
    for drawn in (watch.panels[0], watch.panels[-1]):
        assert "`logging_steps` is 500, but the run has 6 steps. Lower it, for example to 1," in read(drawn)
    mean = one.state.log_history[-1]["train_loss"]
    assert f"mean training loss{mean:.3f}" in read(watch.panels[-1])


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"logging_strategy": "no"}, '`logging_strategy` is "no"'),
        ({"logging_steps": 6}, None),
        ({"logging_steps": 0.5}, None),
        ({"logging_steps": 500, "logging_first_step": True}, None),
        ({"logging_strategy": "epoch"}, None),
    ],
)
def test_hint_only_where_no_loss_will_come(trainer, settings, hint):
    watch = Drawn(every=0)
    trainer(watch, **settings).train()
    assert ("No training loss is logged" in read(watch.panels[-1])) == (hint is not None)
    assert (hint or "") in read(watch.panels[-1])
    assert ("mean training loss" in read(watch.panels[-1])) == (hint is not None)


def alternative_texts(page):
    return re.findall(r'<img alt="([^"]*)"', page)


SIZES = {"accuracy": 0.75, "f1": 0.5, "perplexity": 35.25, "num_tokens": 1_234_567, "calibration": 1.5e-06, "recall": 0}


def run_of_sizes():
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    for step in (1, 2):
        run.log(step, {f"eval_{name}": value * step / 2 for name, value in SIZES.items() if name != "num_tokens"})
        run.log(step, {"eval_num_tokens": SIZES["num_tokens"] * step // 2})
    return run


def test_numbers_are_written_by_their_size():
    found = panel.figures(run_of_sizes(), "training", now=1.0)
    shown = {name: found[f"validation {name.replace('_', ' ')}"] for name in SIZES}
    assert shown == {
        "accuracy": "0.750",
        "f1": "0.500",
        "perplexity": "35.25",
        "num_tokens": "1,234,567",
        "calibration": "1.50e-06",
        "recall": "0",
    }


def test_curves_share_a_chart_only_where_each_can_be_seen():
    drawn = charts.by_size(run_of_sizes().metrics)
    assert [[name.removeprefix("validation ") for name in chart] for chart in drawn] == [
        ["accuracy", "f1", "recall"],
        ["perplexity"],
        ["calibration"],
        ["num tokens"],
    ]
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    run.log(1, {"loss": 2.3, "eval_loss": 0.9, "eval_f1": 0.001, "train_f1": 0.5})
    assert [set(chart) for chart in charts.by_size(run.losses)] == [{"training loss", "validation loss"}]
    assert [set(chart) for chart in charts.by_size(run.metrics)] == [{"training f1", "validation f1"}]


@pytest.mark.parametrize("count", [1, 6, 7, 14, 18, 30])
def test_alternative_texts_name_each_line_and_nothing_else(count):
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1)
    values = {f"eval_metric{number:02}": 0.5 for number in range(count)}
    run.log(1, values)
    run.log(2, values)
    pictures = charts.charts(run, panel.MOST_CURVES)
    names = re.findall(r"metric(\d\d) from", " ".join(pictures))
    lines = sum(base64.b64decode(one).count(b"<polyline") for one in re.findall('base64,([^"]*)"', " ".join(pictures)))
    assert names == [f"{number:02}" for number in range(min(count, panel.MOST_CURVES))]
    assert lines == len(names)
    left_out = count - len(names)
    assert [f"{left_out} more losses and metrics" in note for note in panel.notes(run, "training")] == [True] * (
        left_out > 0
    )


def test_a_baseline_is_a_level_line_beside_its_metric():
    run = RunState(0.0, 0, max_steps=10, epochs=1, baselines={"accuracy": 0.6, "f1": 0.7})
    run.log(5, {"eval_accuracy": 0.8})
    texts = " ".join(alternative_texts("".join(charts.charts(run, panel.MOST_CURVES))))
    assert "accuracy 0.800; baseline accuracy from 0.600 to 0.600" in texts and "f1" not in texts


def test_alternative_text_gives_the_ends_that_are_drawn():
    run = RunState(began=0, first_step=0, max_steps=1000, epochs=1)
    for step in range(1, 1001):
        run.log(step, {"loss": float("nan") if step > 990 else step, "eval_loss": float("nan")})
    [chart] = charts.by_size(run.losses)
    assert set(chart) == {"training loss"}
    (_, first), *_, (_, last) = chart["training loss"]
    assert last == 990
    assert alternative_texts(panel.panel(run, "training", now=1.0)) == [
        f"A curve over the steps: loss. training loss from {first} to 990."
    ]


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


IN_A_THREAD = """
import threading

class Wait(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == 5:
            reached.set()
            assert go_on.wait(60)

reached, go_on = threading.Event(), threading.Event()
trainer.add_callback(Wait())
thread = threading.Thread(target=trainer.train)
thread.start()
assert reached.wait(60)
"""


@pytest.mark.parametrize(
    ("stop_at", "end"), [(None, "Finished at step 10 of 10"), (8, "Stopped at step 8 of 10")], ids=["finishes", "fails"]
)
def test_run_in_a_thread_goes_on_when_its_cell_has_ended(execute, stop_at, end):
    panels, _ = execute(f"stop_at = {stop_at}", IN_A_THREAD, "pass", "go_on.set(); thread.join()")
    assert [end in read(one) for one in panels] == [True]


@pytest.fixture
def shell(monkeypatch):
    """What the dashboard asks of a notebook; `pages` are those that were shown."""
    shell = SimpleNamespace(kernel=True, pages=[])
    shell.events = EventManager(shell, available_events)

    def show(page, display_id=None):
        shell.pages.append(page.data)
        return SimpleNamespace(update=show)

    monkeypatch.setattr(callback, "get_ipython", lambda: shell)
    monkeypatch.setattr(callback, "display", show)
    monkeypatch.setattr(callback, "SHARE", 1e9)  # draw each step, whatever it costs
    return shell


def test_run_in_a_pool_that_fails_is_not_taken_for_one_that_goes_on(trainer, shell):
    class EndCell(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            main.submit(shell.events.trigger, "post_run_cell", SimpleNamespace(error_in_exec=ValueError())).result()

    one = trainer(TrainingDashboard(every=0), EndCell(), Stop(RuntimeError("out of memory")))
    with ThreadPoolExecutor(1) as main, ThreadPoolExecutor(1) as pool:
        assert pool.submit(one.train).exception()
        assert "Training at step 3 of 6" in read(shell.pages[-1])
        shell.events.trigger("post_run_cell", SimpleNamespace(error_in_exec=None))
    assert "Stopped at step 3 of 6" in read(shell.pages[-1])
    assert not any("ValueError" in page for page in shell.pages)
    assert not shell.events.callbacks["post_run_cell"]


def test_no_warning_and_no_trace_on_the_model(trainer):
    one = trainer(TrainingDashboard(every=0))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module=callback.__name__)
        one.train()
    assert not one.model._forward_pre_hooks
