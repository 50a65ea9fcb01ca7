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
    """One run: `began` is the clock when it did, `first_step` the step that it began or resumed at.

    `step` and `epoch` are those of the last step that ended, `mark` the clock since which the next one is timed.
    `processes` is how many share the training, each with as many tokens as this one.
    """

    began: float
    first_step: int
    max_steps: int
    epochs: float
    step: int = 0
    epoch: float = 0.0
    processes: int = 1
    mark: float = 0.0
    training_seconds: float = 0.0
    losses: Curves = field(default_factory=dict)
    metrics: Curves = field(default_factory=dict)
    learning_rates: Curves = field(default_factory=dict)
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

    def rate(self, step: int, learning_rate: float) -> None:
        """Note the learning rate that `step` was made with."""
        self.learning_rates.setdefault("learning rate", []).append((step, learning_rate))

    def log(self, step: int, logs: Mapping[str, object]) -> None:
        """Keep the numbers that the Trainer logged at `step`: losses, and the metrics of an evaluation."""
        for name, value in logs.items():
            if not isinstance(value, int | float) or name.endswith(NOT_METRICS):
                continue
            if name in ("loss", "eval_loss"):
                shown = "training loss" if name == "loss" else "validation loss"
                self.losses.setdefault(shown, []).append((step, value))
            elif name.startswith("eval_"):
                shown = name.removeprefix("eval_").replace("_", " ")
                curves = self.losses if shown.endswith(" loss") else self.metrics
                curves.setdefault(shown, []).append((step, value))
