"""Exercises of lesson 12: what shares alone allow, pairs that leak, a floor under the loss, the name of a fault."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import entropy

from lessons_lib.exercises.engine import Exercise, Mistake


def _labels(rng: np.random.Generator) -> tuple[list[int]]:
    classes = int(rng.integers(3, 7))
    shares = rng.dirichlet(np.ones(classes - 1))
    return (rng.choice(np.delete(np.arange(classes), 1), int(rng.integers(12, 40)), p=shares).tolist(),)  # no 1


def _shares(labels: Sequence[int]) -> np.ndarray:
    return np.bincount(labels) / len(labels)


def _unguarded(labels: Sequence[int]) -> float:
    with np.errstate(all="ignore"):
        return -(_shares(labels) * np.log(_shares(labels))).sum()


no_words_loss = Exercise(
    reference=lambda labels: entropy(np.bincount(labels)),
    draw=_labels,
    mistakes=(
        Mistake(
            lambda labels: np.log(len(set(labels))), "That's chance, each class the same: give each class its share."
        ),
        Mistake(lambda labels: np.log(max(labels) + 1), "That's `log(classes)`: here each class has its own share."),
        Mistake(lambda labels: entropy(np.bincount(labels), base=2), "That's in bits: take `np.log`, not `np.log2`."),
        Mistake(lambda labels: -entropy(np.bincount(labels)), "A loss isn't negative: it's minus the logarithm."),
        Mistake(lambda labels: -np.log(_shares(labels).max()), "That's the loss on the most common class alone."),
        Mistake(lambda labels: 1 - _shares(labels).max(), "That's how often the most common answer is wrong."),
        Mistake(
            lambda labels: -np.log(_shares(labels)[_shares(labels) > 0]).mean(),
            "You averaged over the classes: weigh each by its share, because the loss is a mean over rows.",
        ),
        Mistake(_unguarded, "A class that doesn't occur gives 0 times minus infinity, which is `nan`: leave it out."),
    ),
    hints=(
        "A row whose class has the share p costs `-log(p)`.",
        "`np.bincount(labels) / len(labels)` gives the shares; each is also how often its cost is paid.",
        "Add up minus share times log of share, over the shares above 0.",
    ),
)

SENTENCES = ["The river rose again.", "A bridge was shut.", "She won.", "He lost.", "It rains.", "They left early."]


def _splits(rng: np.random.Generator) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    pairs = [tuple(rng.choice(SENTENCES, 2, replace=False).tolist()) for _ in range(14)]
    train, test = pairs[:8], pairs[8:]
    test += [train[0], train[1][::-1], tuple(one.upper() for one in train[2]), (train[3][0], train[4][1])]
    test += [test[0], (train[5][1].lower(), train[5][0])]
    return train, [test[place] for place in rng.permutation(len(test))]


def _leaks(train: Sequence, test: Sequence, key=lambda one: tuple(sorted(map(str.casefold, one)))) -> list[int]:
    known = pd.Index(["\n".join(key(one)) for one in train])
    return np.flatnonzero(pd.Index(["\n".join(key(one)) for one in test]).isin(known)).tolist()


def _sentences(pairs: Sequence) -> set[str]:
    return {one.casefold() for pair in pairs for one in pair}


leaked_pairs = Exercise(
    reference=_leaks,
    draw=_splits,
    mistakes=(
        Mistake(
            partial(_leaks, key=lambda one: tuple(map(str.casefold, one))),
            "You miss pairs whose two sentences have changed places.",
        ),
        Mistake(partial(_leaks, key=sorted), "You miss pairs that differ in capitals: `casefold()` both."),
        Mistake(
            partial(_leaks, key=tuple), "You miss pairs that differ in capitals, or whose sentences changed places."
        ),
        Mistake(
            lambda train, test: [place for place, one in enumerate(test) if _sentences([one]) & _sentences(train)],
            "One sentence in common is no leak here: both have to be, as a pair.",
        ),
        Mistake(
            lambda train, test: [place for place, one in enumerate(test) if _sentences([one]) <= _sentences(train)],
            "Both sentences are in training, but not always in the same pair.",
        ),
        Mistake(lambda train, test: _leaks(test, train), "Those are the places in `train`: return those in `test`."),
        Mistake(
            lambda train, test: [test[place] for place in _leaks(train, test)], "Return the places, not the pairs."
        ),
        Mistake(lambda train, test: len(_leaks(train, test)), "That's how many: return the list of their places."),
    ),
    hints=(
        "Give each pair a form in which order and capitals don't show.",
        "A `frozenset` of the two casefolded sentences has no order, and fits into a set.",
        "Put the forms of all training pairs into a set, then list the places of the test pairs whose form is in it.",
    ),
)


def _disputed(rng: np.random.Generator) -> tuple[list[str], list[int]]:
    texts = rng.choice(SENTENCES[:5], int(rng.integers(10, 18))).tolist()
    labels = [int(rng.integers(0, 3)) if rng.random() < 0.6 else SENTENCES.index(one) % 3 for one in texts]
    return [*texts, SENTENCES[5], SENTENCES[5], SENTENCES[5]], [*labels, 0, 0, 2]


def _floors(texts: Sequence[str], labels: Sequence[int], base: float | None = None) -> pd.DataFrame:
    rows = pd.DataFrame({"text": texts, "label": labels}).groupby("text")["label"]
    return rows.agg(rows="size", loss=lambda some: entropy(some.value_counts(), base=base), kinds="nunique")


def _floor(texts: Sequence[str], labels: Sequence[int], base: float | None = None) -> float:
    table = _floors(texts, labels, base)
    return np.average(table["loss"], weights=table["rows"])


def _only_disputed(texts: Sequence[str], labels: Sequence[int]) -> float:
    table = _floors(texts, labels).query("kinds > 1")
    return np.average(table["loss"], weights=table["rows"])


def _outvoted(texts: Sequence[str], labels: Sequence[int]) -> float:
    rows = pd.DataFrame({"text": texts, "label": labels}).groupby("text")["label"]
    return 1 - rows.agg(lambda some: some.value_counts().max()).sum() / len(texts)


lowest_loss = Exercise(
    reference=_floor,
    draw=_disputed,
    mistakes=(
        Mistake(
            lambda *given: _floors(*given)["loss"].mean(), "Each text counts as often as it has rows: weigh your mean."
        ),
        Mistake(
            lambda *given: (lambda one: (one["loss"] * one["rows"]).sum())(_floors(*given)),
            "That's the sum: divide by the number of rows.",
        ),
        Mistake(partial(_floor, base=2), "That's in bits: take `np.log`, not `np.log2`."),
        Mistake(
            lambda *given: (lambda one: np.average(np.log(one["kinds"]), weights=one["rows"]))(_floors(*given)),
            "You give each label of a text the same share: give it the share that it has among the text's rows.",
        ),
        Mistake(lambda texts, labels: entropy(np.bincount(labels)), "That's for a model that doesn't see the texts."),
        Mistake(_only_disputed, "Rows without dispute count, too, with a loss of 0: divide by all rows."),
        Mistake(_outvoted, "That's the share of rows that no model can get right: here it's about the loss."),
    ),
    hints=(
        "Take the rows of one text at a time: it's exercise 1 on their labels.",
        "A text's rows add their number times that loss.",
        "Add this up over `set(texts)`, and divide by `len(texts)`.",
    ),
)

FAULTS = ("loss", "optimizer", "rate too low", "rate too high", "data", "fine")


def _runs(rng: np.random.Generator) -> tuple[list[dict[str, float]]]:
    runs = []
    for classes in (2, 3, 4, 5, 6, 20) * 4:
        chance = np.log(classes)
        moved = float(rng.choice([0, 3e-6, 5e-5, 4e-3, 0.2, 1.3]))
        runs.append(
            {
                "classes": classes,
                "first": float(chance * rng.choice([0.9, 1, 1, 1.1, 1.1, 1.3, 1.3, 1.7, 2.2, 4, 12])),
                "moved": moved,
                "by_heart": float(chance * rng.choice([0.05, 0.3, 0.42, 0.6, 0.9, 1.2, 2])),
                "commonest": float(rng.choice([0.4, 0.7, 0.9, 0.97, 1])),
            }
        )
    return (runs,)


def _named(runs: Sequence[Mapping], order: Sequence[int] = range(5), **other) -> list[str]:
    table = pd.DataFrame(runs)
    chance = other.get("chance", np.log(table["classes"]))
    fails = table["by_heart"] > 0.5 * chance
    holds = [
        table["first"] > other.get("most", 1.5) * chance,
        table["moved"] == 0,
        fails & (table["moved"] < other.get("still", 1e-4)),
        fails,
        table["commonest"] > 0.95,
    ]
    return np.select([holds[one] for one in order], [FAULTS[one] for one in order], FAULTS[5]).tolist()


fault_names = Exercise(
    reference=_named,
    draw=_runs,
    mistakes=(
        Mistake(partial(_named, order=(4, 0, 1, 2, 3)), "The commonest answer comes last: take the table's order."),
        Mistake(partial(_named, order=(1, 2, 3, 0, 4)), "The first loss comes first: it's the cheapest look."),
        Mistake(
            partial(_named, order=(0, 1, 3, 2, 4)),
            "Nothing is ever too low with you: ask for the small move before you call a rate too high.",
        ),
        Mistake(partial(_named, order=(0, 2, 1, 3, 4)), "A move of exactly zero is the optimizer: ask for it first."),
        Mistake(partial(_named, chance=np.log(2)), "You always take chance for two classes: take `log(classes)`."),
        Mistake(partial(_named, most=1), "A first loss a little above chance is nothing to worry about: 1.5 times is."),
        Mistake(partial(_named, order=(0, 1, 4)), "You don't ask whether it learns by heart."),
        Mistake(lambda runs: _named(runs)[0], "That's the first run alone: return a list, with a name for each."),
    ),
    hints=(
        "Go through the lines of the table from the top, and stop at the first that holds.",
        "An `if` and some `elif` for each run, with `chance = np.log(run['classes'])`.",
        "Each line can rely on those above it: where `moved` is zero, it never gets to *rate too low*.",
    ),
)
