"""Exercises of lesson 06: what the cheap answers are made of, and when training passes them."""

import copy
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from scipy.interpolate import PPoly, make_interp_spline
from sklearn.metrics import f1_score, roc_curve

from lessons_lib.exercises.engine import Exercise, Mistake


def _cosines(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return torch.nn.functional.cosine_similarity(torch.tensor(u), torch.tensor(v), dim=1).numpy()


def _vectors(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    pairs, hidden = int(rng.integers(2, 5)), int(rng.integers(5, 9))
    u, v = rng.normal(size=(2, pairs, hidden)) * rng.uniform(0.2, 5, (2, pairs, 1))
    v[0] = u[0] * rng.uniform(-3, 3)  # the same way, or the opposite one
    return u, v


pair_cosines = Exercise(
    reference=_cosines,
    draw=_vectors,
    mistakes=(
        Mistake(
            lambda u, v: (u * v).sum(axis=1),
            "That's right for vectors of length 1: divide by both lengths.",
        ),
        Mistake(
            lambda u, v: (u * v).sum(axis=1) / np.linalg.norm(u, axis=1),
            "You divided by the length of `u` alone: divide by that of `v`, too.",
        ),
        Mistake(
            lambda u, v: (u * v).sum(axis=1) / np.linalg.norm(u) / np.linalg.norm(v),
            "Without an axis, `norm` is one number for the whole array: each row has a length of its own.",
        ),
        Mistake(
            lambda u, v: (u * v).sum(axis=1) / (u**2).sum(axis=1) / (v**2).sum(axis=1),
            "Those are squared lengths: take their roots.",
        ),
        Mistake(lambda u, v: 1 - _cosines(u, v), "That's the distance: the cosine is 1 minus it."),
        Mistake(
            lambda u, v: (u @ v.T) / np.linalg.norm(u, axis=1)[:, None] / np.linalg.norm(v, axis=1),
            "That compares every row of `u` with every row of `v`: only rows with the same number are a pair.",
        ),
    ),
    hints=(
        "A cosine doesn't care how long the vectors are.",
        "`np.linalg.norm(u, axis=1)` is the length of each row.",
        "It's the sum of the products of a row, divided by the lengths of both vectors.",
    ),
)


def _right(cosines: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each threshold, in ascending order, and how many answers are right with it."""
    with warnings.catch_warnings():  # about a class that's absent
        warnings.simplefilter("ignore")
        false, true, thresholds = np.nan_to_num(roc_curve(labels, cosines, drop_intermediate=False))
    right = true * labels.sum() + (1 - false) * (1 - labels).sum()
    return thresholds[:0:-1], np.rint(right[:0:-1])  # without the first threshold, which no cosine reaches


def _threshold(cosines: np.ndarray, labels: np.ndarray) -> float:
    thresholds, right = _right(cosines, labels)
    return thresholds[right.argmax()]


def _f1_threshold(cosines: np.ndarray, labels: np.ndarray) -> float:
    return max(np.unique(cosines), key=lambda one: f1_score(labels, cosines >= one, zero_division=0))


def _scores(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = (rng.random(rng.integers(6, 12)) < rng.choice([0.2, 0.4, 0.9])).astype(int)
    cosines = np.round(np.clip(rng.normal(0.5 + 0.1 * labels, 0.25), -1, 1), 1)  # one decimal: ties
    return cosines, labels


cosine_threshold = Exercise(
    reference=_threshold,
    draw=_scores,
    mistakes=(
        Mistake(
            lambda cosines, labels: max(np.unique(cosines), key=lambda one: ((cosines > one) == labels).mean()),
            "A cosine that equals the threshold is a yes, too: `>=` instead of `>`.",
        ),
        Mistake(
            lambda cosines, labels: max(np.unique(cosines)[::-1], key=lambda one: ((cosines >= one) == labels).mean()),
            "Where several are equally good, take the lowest.",
        ),
        Mistake(_f1_threshold, "That's the threshold with the best F1: take the one with the best accuracy."),
        Mistake(
            lambda cosines, labels: _right(cosines, labels)[1].max() / len(labels),
            "That's the best accuracy: return the threshold that has it.",
        ),
        Mistake(
            lambda cosines, labels: _right(cosines, labels)[1].argmax(),
            "That's its number in the sorted list: return the threshold itself.",
        ),
        Mistake(
            lambda cosines, labels: min(np.unique(cosines), key=lambda one: ((cosines >= one) == labels).mean()),
            "That's the worst of them: a yes is a cosine at the threshold or above.",
        ),
        Mistake(
            lambda cosines, labels: np.median(cosines),
            "The middle of the cosines is where half of the answers are yes: `labels` says how many should be.",
        ),
    ),
    hints=(
        "Try every cosine as the threshold, and count.",
        "`((cosines >= threshold) == labels).mean()` is the accuracy of one threshold.",
        "`np.unique(cosines)` is sorted, and `np.argmax` takes the first of several that are equally good.",
    ),
)


def _model(rng: np.random.Generator) -> torch.nn.Sequential:
    sizes = rng.integers(2, 4, 4)
    layers = [torch.nn.utils.skip_init(torch.nn.Linear, int(one), int(two)) for one, two in pairwise(sizes)]
    model = torch.nn.Sequential(*layers)
    for weight in model.parameters():  # from `rng`: the lesson's own generator stays as it is
        weight.data.copy_(torch.from_numpy(rng.normal(size=tuple(weight.shape))))
        weight.requires_grad_(rng.random() < 0.7)
    return model


def _training(rng: np.random.Generator) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    model = _model(rng)
    twin = copy.deepcopy(model)
    groups = [{"params": []}, {"params": [], "lr": 0.01}]
    for weight, double in zip(model.parameters(), twin.parameters(), strict=True):
        fate = rng.choice(["held", "double", "left out"], p=[0.6, 0.2, 0.2])
        if fate != "left out":
            groups[rng.integers(2)]["params"].append(weight if fate == "held" else double)
    return model, torch.optim.AdamW(groups, lr=0.1)


def _unmoved(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> list[str]:
    """Take a step, and look."""
    weights = dict(model.named_parameters())
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    for weight in weights.values():
        weight.grad = torch.ones_like(weight) if weight.requires_grad else None
    optimizer.step()
    return [name for name, weight in weights.items() if torch.equal(weight, before[name])]


def _names(model: torch.nn.Module, wanted: Callable[[torch.Tensor], bool]) -> list[str]:
    return [name for name, weight in model.named_parameters() if wanted(weight)]


def _holds(groups: Sequence[dict], weight: torch.Tensor) -> bool:
    return any(weight is one for group in groups for one in group["params"])


def _holds_equal(groups: Sequence[dict], weight: torch.Tensor) -> bool:
    return any(torch.equal(weight, one) for group in groups for one in group["params"])


unmoved_weights = Exercise(
    reference=_unmoved,
    draw=_training,
    mistakes=(
        Mistake(
            lambda model, optimizer: _names(model, lambda one: not one.requires_grad),
            "Those are the frozen ones: a weight that no group holds doesn't move, either.",
        ),
        Mistake(
            lambda model, optimizer: _names(model, lambda one: not _holds(optimizer.param_groups, one)),
            "A frozen weight doesn't move, even where a group holds it: look at `requires_grad`, too.",
        ),
        Mistake(
            lambda model, optimizer: _names(
                model, lambda one: _holds(optimizer.param_groups, one) and one.requires_grad
            ),
            "Those are the ones that move: return the others.",
        ),
        Mistake(
            lambda model, optimizer: _names(
                model, lambda one: not (_holds_equal(optimizer.param_groups, one) and one.requires_grad)
            ),
            "Equal numbers aren't enough: a copy of the model has them, too. `id` says which object a weight is.",
        ),
        Mistake(
            lambda model, optimizer: _names(
                model, lambda one: not (_holds(optimizer.param_groups[:1], one) and one.requires_grad)
            ),
            "You looked into the first group alone: an optimizer may have several.",
        ),
        Mistake(lambda model, optimizer: len(_unmoved(model, optimizer)), "That's how many: return their names."),
    ),
    hints=(
        "There are two reasons why a weight can't move: no group holds it, or it's frozen.",
        '`model.named_parameters()` gives names and weights; a group\'s weights are in `group["params"]`.',
        "Collect the `id` of each weight in each group, and list the names whose weight isn't there or is frozen.",
    ),
)


def _break_even(sizes: list[int], tuned: list[float], cheap: list[float]) -> float | None:
    ahead = np.subtract(tuned, cheap)
    if ahead[-1] <= 0:
        return None
    line = PPoly.from_spline(make_interp_spline(np.log(sizes), ahead, k=1))
    roots = line.roots(extrapolate=False)
    return float(np.exp(np.nanmax(roots))) if len(roots) else sizes[0]


def _behind(tuned: list[float], cheap: list[float]) -> np.ndarray:
    return np.flatnonzero(np.subtract(tuned, cheap) <= 0)


def _first_lead(sizes: list[int], tuned: list[float], cheap: list[float]) -> float | None:
    leads = np.flatnonzero(np.subtract(tuned, cheap) > 0)
    if len(leads) == 0 or leads[0] == 0:
        return sizes[0] if len(leads) else None
    return _break_even(sizes[: leads[0] + 1], tuned[: leads[0] + 1], cheap[: leads[0] + 1])


def _next_size(sizes: list[int], tuned: list[float], cheap: list[float]) -> float | None:
    behind = _behind(tuned, cheap)
    return [*sizes, None][behind[-1] + 1 if len(behind) else 0]


def _straight(sizes: list[int], tuned: list[float], cheap: list[float]) -> float | None:
    behind, ahead = _behind(tuned, cheap), np.subtract(tuned, cheap)
    if len(behind) == 0 or ahead[-1] <= 0:
        return None if len(behind) else sizes[0]
    near = slice(behind[-1], behind[-1] + 2)
    return np.interp(0, ahead[near], sizes[near])


def _curves(rng: np.random.Generator) -> tuple[list[int], list[float], list[float]]:
    sizes = np.cumsum(rng.integers(50, 900, rng.integers(5, 9)))
    lead = np.round(np.linspace(-5, 5, len(sizes)) + rng.normal(0, 3, len(sizes)))  # in points
    kind = rng.choice(["crosses", "ahead", "level"], p=[0.5, 0.25, 0.25])
    if kind == "ahead":
        lead += 1 - lead.min()
    if kind == "level":
        lead[-1] = 0
    cheap = 70 + rng.integers(0, 3, len(sizes))
    return sizes.tolist(), ((cheap + lead) / 100).tolist(), (cheap / 100).tolist()


break_even = Exercise(
    reference=_break_even,
    draw=_curves,
    mistakes=(
        Mistake(_first_lead, "It may fall behind again: take the last time that it passes, not the first."),
        Mistake(_next_size, "That's the first measured size after it: the lines cross between two sizes."),
        Mistake(_straight, "Your lines are straight over the sizes: let them be straight over the logarithm."),
        Mistake(
            lambda sizes, tuned, cheap: _break_even(sizes, np.add(tuned, 1e-9), cheap),
            "Level isn't ahead: look for `ahead <= 0`.",
        ),
        Mistake(
            lambda sizes, tuned, cheap: _break_even(sizes, tuned, cheap) if len(_behind(tuned, cheap)) else None,
            "Where `tuned` is ahead everywhere, return the first of `sizes`.",
        ),
        Mistake(
            lambda sizes, tuned, cheap: _break_even(sizes, tuned, cheap) or sizes[-1],
            "Where `tuned` isn't ahead at the last size, nobody knows: return `None`.",
        ),
    ),
    hints=(
        "Find the last size where `tuned` isn't ahead: the lines cross between it and the next one.",
        "With `gap = np.subtract(tuned, cheap)`, they cross after a share `gap[i] / (gap[i] - gap[i + 1])` of the way.",
        "Over the logarithm, that share of the way from `a` to `b` is at `a * (b / a) ** share`.",
    ),
)
