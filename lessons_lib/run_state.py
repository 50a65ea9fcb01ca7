"""What is known of a training run while it goes on: its steps, its tokens, what the Trainer logged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Curves = dict[str, list[tuple[float, float]]]
NOT_METRICS = ("_runtime", "_per_second", "_preparation_time")


@dataclass
class RunState:
    """One run: `began` is the clock when it did, `first_step` the step that it began or resumed at,
    `step` the last one that ended."""

    began: float
    first_step: int
    max_steps: int
    epochs: float
    step: int = 0
    epoch: float = 0.0
    training_seconds: float = 0.0
    step_began: float | None = None
    learning_rate: float | None = None
    losses: Curves = field(default_factory=dict)
    metrics: Curves = field(default_factory=dict)
    learning_rates: Curves = field(default_factory=dict)
    _computed: int = 0
    _real: "int | torch.Tensor" = 0

    def count_tokens(self, model: "torch.nn.Module", args: tuple, kwargs: Mapping[str, object]) -> None:
        """Count the tokens of a batch on its way into `model`: a forward pre-hook, for training batches alone.

        `input_ids` and `attention_mask` are `(batch, seq)`; without a mask every token counts as real. The sum stays
        on its device, so that a GPU is not made to wait.
        """
        ids, mask = kwargs.get("input_ids"), kwargs.get("attention_mask")
        if not model.training or ids is None:
            return
        self._computed += ids.numel()
        self._real = self._real + (ids.numel() if mask is None or mask.dim() != 2 else mask.detach().sum())

    def tokens(self) -> tuple[int, int]:
        """Return the real tokens so far, and the computed ones, padding included."""
        return int(self._real), self._computed

    def step_ended(self, now: float, step: int, epoch: float | None) -> None:
        """Note that step number `step` ended at the clock's `now`."""
        if self.step_began is not None:
            self.training_seconds += now - self.step_began
        self.step_began = None
        self.step, self.epoch = step, epoch or 0.0

    def rate(self, learning_rate: float) -> None:
        """Note the learning rate of the last step."""
        self.learning_rate = learning_rate
        self.learning_rates.setdefault("learning rate", []).append((self.step, learning_rate))

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds that the rest will take at the pace since this run began; `None` before its first step."""
        done = self.step - self.first_step
        return (now - self.began) / done * (self.max_steps - self.step) if done else None

    def log(self, step: int, logs: Mapping[str, object]) -> None:
        """Keep the numbers that the Trainer logged at `step`: losses, metrics of an evaluation, the learning rate."""
        for name, value in logs.items():
            if not isinstance(value, int | float) or name.endswith(NOT_METRICS):
                continue
            if name == "loss":
                self.losses.setdefault("training loss", []).append((step, value))
            elif name == "learning_rate" and step <= self.first_step:  # of a run that is resumed; else `rate` knows
                self.learning_rates.setdefault("learning rate", []).append((step, value))
            elif name.startswith("eval_"):
                shown = name.removeprefix("eval_").replace("_", " ")
                if shown.endswith("loss"):
                    self.losses.setdefault(f"validation {shown}", []).append((step, value))
                else:
                    self.metrics.setdefault(shown, []).append((step, value))
