"""A training run, watched: hand `TrainingDashboard()` to any `Trainer` as one of its `callbacks`."""

import shutil
import sys
import time
import warnings
from collections.abc import Callable

from IPython import get_ipython
from IPython.display import HTML, display
from tqdm import tqdm
from transformers import TrainerCallback

from lessons_lib.run_panel import line, panel
from lessons_lib.run_state import RunState

SHARE = 0.01  # of the run's time that drawing may take


class TrainingDashboard(TrainerCallback):
    """Losses, metrics, learning rate, real tokens per second, padding, memory and time left, while a `Trainer` trains.

    In a notebook a panel, in a terminal one line. It is drawn at most every `every` seconds, and less often where
    drawing would take more than a hundredth of the run. One dashboard may watch several runs, one after another; a run
    that is interrupted leaves the state that it had come to.

    >>> from transformers import Trainer
    >>> trainer = Trainer(model, args, callbacks=[TrainingDashboard()])  # doctest: +SKIP
    """

    def __init__(self, every: float = 0.5, clock: Callable[[], float] = time.perf_counter) -> None:
        """Draw every `every` seconds at most, by `clock`."""
        self.every, self.clock = every, clock
        self.run: RunState | None = None
        self.drawn = 0
        self._hook = self._place = None
        self._watching_cell = False

    def on_train_begin(self, args, state, control, model=None, **kwargs) -> None:
        """Start a new panel, below the last one, and count the tokens that go into `model` from now on."""
        self._close()
        if not state.is_world_process_zero:
            return
        step = state.global_step
        self.run = RunState(self.clock(), step, state.max_steps, state.num_train_epochs, step)
        for logs in state.log_history:  # of a run that is resumed
            self.run.log(logs.get("step", 0), logs)
        self._hook = (
            model.register_forward_pre_hook(self.run.count_tokens, with_kwargs=True) if model is not None else None
        )
        self._next = self.clock()
        self.drawn, self._place, self._row = 0, None, 0 if args.disable_tqdm else 1
        shell = get_ipython()
        if getattr(shell, "kernel", None) is not None:
            shell.events.register("post_run_cell", self._cell_ended)
            self._watching_cell = True
        self._refresh("starting")

    def on_step_begin(self, args, state, control, **kwargs) -> None:
        """Start the clock of a step."""
        if self.run:
            self.run.step_began = self.clock()

    def on_step_end(self, args, state, control, lr_scheduler=None, **kwargs) -> None:
        """Stop the clock of the step, and draw where it is time to."""
        if self.run:
            self.run.step_ended(self.clock(), state.global_step, state.epoch)
            if lr_scheduler is not None:
                self.run.rate(lr_scheduler.get_last_lr()[0])
            if self.clock() >= self._next:
                self._refresh("training")

    def on_prediction_step(self, args, state, control, **kwargs) -> None:
        """Draw where it is time to, so that a long evaluation does not look like a halt."""
        if self.run and self.clock() >= self._next:
            self._refresh("evaluating")

    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        """Keep what the `Trainer` writes down."""
        if self.run:
            self.run.log(state.global_step, logs or {})

    def on_train_end(self, args, state, control, **kwargs) -> None:
        """Draw the end of the run, which stays."""
        if self.run:
            self._refresh("finished" if state.global_step >= state.max_steps else "stopped early")
        self._close()

    def _cell_ended(self, result) -> None:
        """Say of a run that an error or an interrupt has ended where it came to; IPython calls this after each cell."""
        if self.run:
            error = result.error_in_exec
            self._refresh(f"stopped by {type(error).__name__}" if error else "stopped")
        self._close()

    def _close(self) -> None:
        if self._hook:
            self._hook.remove()
        if self._watching_cell:
            get_ipython().events.unregister("post_run_cell", self._cell_ended)
        if isinstance(self._place, tqdm):
            self._place.close()
        self.run = self._hook = self._place = None
        self._watching_cell = False

    def _refresh(self, status: str) -> None:
        """Draw, and see to it that the next drawing comes no sooner than the time it takes allows."""
        began = self.clock()
        try:
            self._draw(status)
        except Exception as error:  # hours of training must not end because of a picture
            warnings.warn(f"The dashboard cannot be drawn ({error!r}) and stops; the training goes on.", stacklevel=2)
            self._close()
        self.drawn += 1
        ended = self.clock()
        self._next = ended + max(self.every, (ended - began) / SHARE)

    def _draw(self, status: str) -> None:
        if self._watching_cell:
            page = HTML(panel(self.run, status, self.clock()))
            if self._place is None:
                self._place = display(page, display_id=True)
            else:
                self._place.update(page)
            return
        over = status not in ("starting", "training", "evaluating")
        words = line(self.run, status, self.clock())
        if not sys.stderr.isatty():
            if over:
                print(words, file=sys.stderr)
            return
        if self._place is None:  # below the bar of the Trainer, where it shows one
            self._place = tqdm(total=0, bar_format="{desc}", position=self._row, leave=True)
        self._place.set_description_str(words if over else words[: shutil.get_terminal_size().columns - 1])
