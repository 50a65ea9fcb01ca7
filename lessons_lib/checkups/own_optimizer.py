"""An optimizer like the trainer's, for the copy of its model."""

from __future__ import annotations

import torch

from lessons_lib.checkups.case import Case


def new_optimizer(case: Case, rate: float | None) -> torch.optim.Optimizer:
    """Return the optimizer that the trainer would use on the copy, its highest learning rate set to `rate` if given."""
    made = _like(case, case.trainer.optimizer) if case.trainer.optimizer is not None else _made(case)
    top = max(group["lr"] for group in made.param_groups)
    if rate is not None:
        for group in made.param_groups:
            group["lr"] = rate * (group["lr"] / top if top else 1)
    return made


def _made(case: Case) -> torch.optim.Optimizer:
    twin = case.twin
    if twin.optimizer_cls_and_kwargs is not None:
        kind, settings = case.trainer.optimizer_cls_and_kwargs
        twin.optimizer_cls_and_kwargs = (kind, dict(settings))
    twin.optimizer = None
    made, twin.optimizer = twin.create_optimizer(), None
    return made


def _like(case: Case, given: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """Return one of the same class and settings, over the same weights of the copy."""
    inner = getattr(given, "optimizer", given)
    twins = dict(case.twin.model.named_parameters())
    names = {id(weight): name for name, weight in case.trainer.model.named_parameters()}
    groups = []
    for group in inner.param_groups:
        weights = [twins[names[id(one)]] for one in group["params"] if id(one) in names]
        rate = group.get("initial_lr", group["lr"])
        groups += [{**{k: v for k, v in group.items() if k != "initial_lr"}, "params": weights, "lr": rate}]
    return type(inner)(groups, **{name: value for name, value in inner.defaults.items() if name != "params"})
