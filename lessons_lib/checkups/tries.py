"""Training a copy of the model on one batch at one learning rate, and what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from lessons_lib.checkups.case import Case
from lessons_lib.checkups.loss import loss_of
from lessons_lib.checkups.own_optimizer import new_optimizer
from lessons_lib.checkups.task import CLASSIFIES

STEPS, EARLY = 100, 25  # steps at the most, and those after which a loss that hasn't moved won't
LEARNED, MOVED = 0.5, 0.02  # shares of the first loss


@dataclass(frozen=True)
class Try:
    """What happened at one learning rate: the loss after each step, and whether all answers were one in the end."""

    rate: float
    losses: tuple[float, ...]
    same_answers: bool
    late: bool  # time was over first

    @property
    def share(self) -> float:
        """Return the last loss as a share of the first; infinite where it isn't a number."""
        share = self.losses[-1] / max(self.losses[0], 1e-9)
        return share if math.isfinite(share) else math.inf

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{len(self.losses) - 1} steps at {self.rate:g} took the loss from {self.losses[0]:.2f} to "
            f"{self.losses[-1]:.2f}"
        )


def try_rate(case: Case, batch: Any, rate: float | None, weights: Mapping, start: Mapping, seconds: float) -> Try:
    """Train from `start` with dropout off, until the loss has halved or steps or seconds are over."""
    with torch.no_grad():
        for name, one in weights.items():
            one.copy_(start[name])
    optimizer, model = new_optimizer(case, rate), case.twin.model.eval()
    rate, end, losses = max(group["lr"] for group in optimizer.param_groups), time.perf_counter() + seconds, []
    with torch.enable_grad():
        for _ in range(STEPS + 1):
            loss, outputs = loss_of(case, batch)
            losses.append(loss.mean().item())
            if _is_over(losses) or time.perf_counter() > end:
                break
            optimizer.zero_grad()
            loss.mean().backward()
            if case.trainer.args.max_grad_norm:
                torch.nn.utils.clip_grad_norm_(model.parameters(), case.trainer.args.max_grad_norm)
            optimizer.step()
    model.zero_grad(set_to_none=True)
    late = not _is_over(losses) and len(losses) <= STEPS
    return Try(rate, tuple(losses), _same(case, outputs), late)


def _is_over(losses: list[float]) -> bool:
    first, last = losses[0], losses[-1]
    if not math.isfinite(last):
        return True
    learned = len(losses) > 2 and max(losses[-2:]) <= LEARNED * first
    stuck = len(losses) > EARLY and max(losses) - min(losses) < MOVED * first
    return learned or stuck


def _same(case: Case, outputs: Any) -> bool:
    logits = outputs.get("logits") if isinstance(outputs, Mapping) else None
    if not torch.is_tensor(logits) or case.task.kind not in CLASSIFIES or case.task.columns < 2:
        return False
    return len(logits.argmax(-1).unique()) == 1
