"""What is known of a training run while it goes on: its steps, its tokens, what the Trainer logged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lessons_lib.dashboard.logs import is_metric, number, shown_name

if TYPE_CHECKING:
    import torch

Curves = dict[str, list[tuple[float, float]]]


@dataclass
class RunState:
    """One run: `began` is the clock when it did, `first_step` the step that it began or resumed at.

    `step` and `epoch` are those of the last step that ended, `mark` the clock since which the next one is timed.
    `processes` is how many share the training, each with as many tokens as this one. The Trainer logs each
    `logging_steps` steps, never where that is 0, and at other times where it is `None`. `mean_loss` is that of its last
    log, over all steps. `baselines` are what metrics on validation would be without any training, by their names.
    """

    began: float
    first_step: int
    max_steps: int
    epochs: float
    step: int = 0
    epoch: float = 0.0
    processes: int = 1
    mark: float = 0.0
    logging_steps: int | None = None
    gradient_norm: float | None = None
    mean_loss: float | None = None
    training_seconds: float = 0.0
    losses: Curves = field(default_factory=dict)
    metrics: Curves = field(default_factory=dict)
    baselines: Mapping[str, float] = field(default_factory=dict)
    learning_rates: Curves = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _computed: int = 0
    _real: "dict[object, int | torch.Tensor]" = field(default_factory=dict)

    def count_tokens(self, model: "torch.nn.Module", args: tuple, kwargs: Mapping[str, object]) -> None:
        """Count the tokens of a batch on its way into `model`: a forward pre-hook, for training batches alone.

        `input_ids` and `attention_mask` have one shape, `(batch, seq)` for most models; without such a mask every token
        counts as real. Each device keeps a sum of its own, so that no GPU waits for another.
        """
        ids, mask = kwargs.get("input_ids"), kwargs.get("attention_mask")
        shape = getattr(ids, "shape", None)
        if not model.training or shape is None:
            return
        self._computed += ids.numel()
        real = mask.detach().sum() if getattr(mask, "shape", None) == shape else ids.numel()
        device = getattr(real, "device", None)
        self._real[device] = self._real.get(device, 0) + real

    def tokens(self) -> tuple[int, int]:
        """Return the real tokens so far, and the computed ones, padding included."""
        return sum(int(real) for real in self._real.values()), self._computed

    def step_ended(self, now: float, step: int, epoch: float | None) -> None:
        """Note that step number `step` ended at the clock's `now`; it took the time since `mark`, loading included."""
        self.training_seconds += now - self.mark
        self.mark = now
        self.step, self.epoch = step, epoch or 0.0

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds that the rest will take at the pace since this run began; `None` before its first step."""
        done = self.step - self.first_step
        return (now - self.began) / done * (self.max_steps - self.step) if done else None

    def rate(self, step: int, learning_rate: object) -> None:
        """Note the learning rate that `step` was made with, a number or a tensor that will change."""
        value = number(learning_rate)
        if value is not None:
            self.learning_rates.setdefault("learning rate", []).append((step, value))

    def log(self, step: int, logs: Mapping[str, object]) -> None:
        """Keep the losses and metrics that were logged at `step`, and how large the gradient was."""
        values = {str(name): value for name, logged in logs.items() if (value := number(logged)) is not None}
        self.gradient_norm = values.get("grad_norm", self.gradient_norm)
        if "total_flos" in values:  # the last log of the Trainer
            self.mean_loss = values.pop("train_loss", None)
        for name in filter(is_metric, values):
            shown = shown_name(name, values)
            if self._names.setdefault(shown, name) != name:  # both `accuracy` and `train_accuracy`
                shown = name
            curves = self.losses if shown.endswith("loss") else self.metrics
            curves.setdefault(shown, []).append((step, values[name]))
