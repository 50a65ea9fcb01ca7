"""The callback: what it notes at each event of a `Trainer`, and when it draws."""

import atexit
import contextlib
import functools
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping

import torch
from IPython import get_ipython
from IPython.display import HTML, display
from tqdm import tqdm
from transformers import TrainerCallback

from lessons_lib.dashboard.panel import GOING_ON, line, panel
from lessons_lib.dashboard.state import RunState
from lessons_lib.dashboard.surroundings import is_terminal, is_training

SHARE = 0.01  # of the run's time that drawing may take


def _guarded(method: Callable) -> Callable:
    """Return `method` so that an error of its own stops the dashboard, and not hours of training."""

    @functools.wraps(method)
    def run(self, *args, **kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            self._give_up(f"The dashboard stops, because of {error!r}; the training goes on.")

    return run


class TrainingDashboard(TrainerCallback):
    """Losses, metrics, learning rate, real tokens per second, padding, memory and time left, while a `Trainer` trains.

    In a notebook a panel, in a terminal one line. It is drawn at most every `every` seconds, and less often where
    drawing would take more than a hundredth of the run. One dashboard may watch several runs, one after another; a run
    that is interrupted leaves the state that it had come to. Under several processes the first one draws. `baselines`
    are drawn as level lines: what a metric such as `"accuracy"` would be on validation without any training.

    >>> from transformers import Trainer
    >>> trainer = Trainer(model, args, callbacks=[TrainingDashboard()])  # doctest: +SKIP
    """

    def __init__(
        self,
        every: float = 0.5,
        clock: Callable[[], float] = time.perf_counter,
        baselines: Mapping[str, float] | None = None,
    ) -> None:
        """Draw every `every` seconds at most, by `clock`, and each of the `baselines` beside its metric."""
        self.every, self.clock, self.baselines = every, clock, dict(baselines or {})
        self.run: RunState | None = None
        self.drawn, self._next, self._row = 0, 0.0, 0
        self._hook = self._place = self._shell = self._thread = None

    @_guarded
    def on_train_begin(self, args, state, control, model=None, **kwargs) -> None:
        """Start a new panel, below the last one, and count the tokens that go into `model` from now on."""
        self._stopped()
        if not state.is_world_process_zero:
            return
        self.run, self._thread = self._new_run(args, state), threading.get_ident()
        if model is not None:
            count = torch.compiler.disable(self._count_tokens) if args.torch_compile else self._count_tokens
            self._hook = model.register_forward_pre_hook(count, with_kwargs=True)
        self.drawn, self._next, self._row = 0, self.run.began, 0 if args.disable_tqdm else 1
        shell = get_ipython()
        if getattr(shell, "kernel", None) is not None:
            self._shell = shell
            shell.events.register("post_run_cell", self._cell_ended)
        atexit.register(self._stopped)
        self._refresh("starting")

    def _new_run(self, args, state) -> RunState:
        """Return a run that begins now, or is resumed, with what was logged before."""
        now, step = self.clock(), state.global_step
        run = RunState(now, step, state.max_steps, state.num_train_epochs, step, state.epoch or 0.0)
        run.mark, run.processes, run.baselines = now, args.world_size, self.baselines
        if args.logging_strategy != "epoch":
            run.logging_steps = 0 if args.logging_strategy == "no" else state.logging_steps
        for logs in state.log_history:
            run.log(logs["step"], logs)
            run.rate(logs["step"], logs.get("learning_rate"))
        run.mean_loss = None  # of an earlier run
        return run

    @_guarded
    def _count_tokens(self, model, args, kwargs) -> None:
        if self.run:
            self.run.count_tokens(model, args, kwargs)

    @_guarded
    def on_optimizer_step(self, args, state, control, optimizer=None, **kwargs) -> None:
        """Keep the learning rate of the step that is being made."""
        if self.run and optimizer is not None:
            self.run.rate(state.global_step + 1, optimizer.param_groups[0]["lr"])

    @_guarded
    def on_step_end(self, args, state, control, **kwargs) -> None:
        """Stop the clock of the step, and draw where it is time to."""
        if self.run:
            self.run.step_ended(self.clock(), state.global_step, state.epoch)
            self._refresh_if_due("training")

    @_guarded
    def on_prediction_step(self, args, state, control, **kwargs) -> None:
        """Draw where it is time to, so that a long evaluation does not look like a halt."""
        self._refresh_if_due("evaluating")

    @_guarded
    def on_evaluate(self, args, state, control, **kwargs) -> None:
        """Time the next step from here: evaluating is not training."""
        if self.run:
            self.run.mark = self.clock()

    on_save = on_evaluate

    @_guarded
    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        """Keep what the `Trainer` writes down."""
        if self.run:
            self.run.log(state.global_step, logs or {})

    @_guarded
    def on_train_end(self, args, state, control, **kwargs) -> None:
        """Draw the end of the run, which stays."""
        if self.run:
            self._refresh("finished" if state.global_step >= state.max_steps else "stopped early")
        self._close()

    @_guarded
    def _cell_ended(self, result) -> None:
        """Say where a run came to that an error or an interrupt has ended; IPython calls this after each cell.

        A run in a thread of its own goes on when its cell has ended.
        """
        if is_training(self._thread):
            return
        error = result.error_in_exec if self._thread == threading.get_ident() else None
        self._stopped(f"stopped by {type(error).__name__}" if error else "stopped")

    def _stopped(self, status: str = "stopped") -> None:
        """Draw a run that did not come to its end, if there is one, for the last time."""
        if self.run:
            self._refresh(status)
        self._close()

    def _close(self) -> None:
        hook, place, shell = self._hook, self._place, self._shell
        self.run = self._hook = self._place = self._shell = self._thread = None
        atexit.unregister(self._stopped)
        if hook:
            hook.remove()
        if shell:
            shell.events.unregister("post_run_cell", self._cell_ended)
        if isinstance(place, tqdm):
            place.close()

    def _give_up(self, message: str) -> None:
        """Close, and say so; nothing is raised, even where warnings are errors or standard error is broken."""
        with contextlib.suppress(Exception):
            self._close()
        try:
            warnings.warn(message, stacklevel=3)
        except Exception:
            with contextlib.suppress(Exception):
                print(message, file=sys.stderr)

    def _refresh_if_due(self, status: str) -> None:
        if self.run and self.clock() >= self._next:
            self._refresh(status)

    def _refresh(self, status: str) -> None:
        """Draw, and see to it that the next drawing comes no sooner than the time it takes allows."""
        began = self.clock()
        self._draw(status)
        self.drawn += 1
        ended = self.clock()
        self._next = ended + max(self.every, (ended - began) / SHARE)
        self.run.mark += ended - began  # drawing is not training

    def _draw(self, status: str) -> None:
        if self._shell:
            page = HTML(panel(self.run, status, self.clock()))
            if self._place is None:
                self._place = display(page, display_id=True)
            else:
                self._place.update(page)
            return
        words = line(self.run, status, self.clock())
        if not is_terminal():
            if status not in GOING_ON:
                print(words, file=sys.stderr)
            return
        if self._place is None:  # below the bar of the Trainer, where it shows one
            self._place = tqdm(total=0, bar_format="{desc}", position=self._row, leave=True)
        if status in GOING_ON:
            self._place.set_description_str(words[: shutil.get_terminal_size().columns - 1])
        else:  # closing it draws it once more, and whole
            self._place.set_description_str(words, refresh=False)
