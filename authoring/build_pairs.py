"""Draws the embedded sentence pairs from the groups and writes them as Parquet files.

    python -m authoring.build_pairs

The same groups always give the same pairs in the same order. A group's pairs all fall into one split, so that no
sentence of the test split was ever seen in training.
"""

import hashlib
import itertools
import json
import random
import re
from collections.abc import Iterable
from pathlib import Path

from authoring.groups import KINDS, Group, problems, read_groups

FOLDER = Path(__file__).parents[1] / "lessons_lib" / "embedded" / "pairs"
SIZES = {"train": 2000, "validation": 400, "test": 400}
EQUIVALENT_SHARE = 0.675
NAMES = ["not_equivalent", "equivalent"]

Pair = tuple[str, str, int, str]


def split_groups(groups: list[Group]) -> dict[str, list[Group]]:
    """Return the groups of each split: of every seven, one for validation and one for test, all subjects in each."""
    splits: dict[str, list[Group]] = {split: [] for split in SIZES}
    subjects = []
    for subject, members in itertools.groupby(groups, key=lambda group: group.name.split("-")[0]):
        members = list(members)
        subjects.append(random.Random(subject).sample(members, len(members)))
    in_turn = [group for one in itertools.zip_longest(*subjects) for group in one if group]
    for place, group in enumerate(in_turn):
        splits[{0: "validation", 1: "test"}.get(place % 7, "train")].append(group)
    return splits


def equivalent_pairs(group: Group) -> list[Pair]:
    """Return every pair of sentences of `group` that say the same, shuffled."""
    pairs = [(first, second, 1, NAMES[1]) for first, second in itertools.combinations(group.same, 2)]
    return random.Random(group.name).sample(pairs, len(pairs))


def other_pairs(group: Group) -> list[Pair]:
    """Return a pair for each sentence of `group` that says something else: each with any of those that say the same.

    First another event, easily told apart. Then, in half of the groups, a second event; in a third of them another
    claim about the same one; in a sixth one of the finer differences (a number, a name, a negation, …), of which a
    small model learns few.
    """
    draw = random.Random(group.name)
    shuffled = draw.sample(group.other, len(group.other))
    fine = [kind for kind in KINDS if kind not in ("event", "claim")]
    second = draw.choices([["event"], ["claim"], fine], weights=[3, 2, 1])[0]
    ordered = []
    for wanted in (["event"], second):
        ordered += [other for other in shuffled if other[0] in wanted and other not in ordered][:1]
    ordered += [other for other in shuffled if other not in ordered]
    return [(draw.choice(group.same), sentence, 0, kind) for kind, sentence in ordered]


def take_evenly(pairs: list[list[Pair]], size: int) -> list[Pair]:
    """Return `size` pairs, the first of every group before the second of any.

    >>> take_evenly([["first", "second"], ["another"]], 2)
    ['first', 'another']
    """
    rounds = itertools.zip_longest(*pairs)
    taken = [pair for one in rounds for pair in one if pair]
    if len(taken) < size:
        raise ValueError(f"The groups give {len(taken)} pairs, {size} are needed: write more groups.")
    return taken[:size]


def draw_split(groups: list[Group], size: int, seed: str) -> list[Pair]:
    """Return `size` pairs from `groups`, shuffled, each turned round or not by a throw of a coin."""
    equivalent = round(size * EQUIVALENT_SHARE)
    pairs = take_evenly([equivalent_pairs(group) for group in groups], equivalent)  # the last round is not whole: the
    # other pairs go through the groups backwards, so that no group is short of both
    pairs += take_evenly([other_pairs(group) for group in reversed(groups)], size - equivalent)
    draw = random.Random(seed)
    draw.shuffle(pairs)
    return [(b, a, *rest) if draw.random() < 0.5 else (a, b, *rest) for a, b, *rest in pairs]


def draw_pairs(groups: list[Group]) -> dict[str, list[Pair]]:
    """Return the pairs `(sentence1, sentence2, label, kind)` of every split; `ValueError` where a group is not fit."""
    found = [problem for group in groups for problem in problems(group)]
    if found:
        raise ValueError("\n".join(found))
    splits = split_groups(groups)
    return {split: draw_split(splits[split], size, split) for split, size in SIZES.items()}


def content_hash(rows: Iterable[tuple]) -> str:
    """Return eight hexadecimal digits that change when a row does."""
    return hashlib.sha256(json.dumps(list(rows)).encode()).hexdigest()[:8]


def write_splits(splits: dict[str, tuple[str, dict[str, list]]], features: dict, folder: Path) -> None:
    """Write a Parquet file for each split into `folder`/<its name>, and their names into the card `folder`/README.md.

    Each split comes with a hash of its rows, which its file's name carries, because `load_dataset` keeps a copy of a
    folder's data under what the card says, and would go on giving out the old rows.
    """
    from datasets import Dataset, Features

    card = (folder / "README.md").read_text(encoding="utf-8")
    for old in (folder / folder.name).glob("*.parquet"):
        old.unlink()
    for split, (digits, columns) in splits.items():
        name = f"{folder.name}/{split}-{digits}.parquet"
        Dataset.from_dict(columns, features=Features(features)).to_parquet(folder / name)
        card = re.sub(rf"{folder.name}/{split}\S*\.parquet", name, card)
    (folder / "README.md").write_text(card, encoding="utf-8")


def write_pairs(pairs: dict[str, list[Pair]], folder: Path = FOLDER) -> None:
    """Write the pairs: columns and label names are those of MRPC, and `kind` says in what two sentences differ."""
    from datasets import ClassLabel, Value

    string, label = Value("string"), ClassLabel(names=NAMES)
    features = {"sentence1": string, "sentence2": string, "label": label, "idx": Value("int32"), "kind": string}
    splits, start = {}, 0
    for split, rows in pairs.items():
        first, second, labels, kinds = zip(*rows, strict=True)
        numbers = range(start, start + len(rows))
        columns = {"sentence1": first, "sentence2": second, "label": labels, "idx": numbers, "kind": kinds}
        splits[split] = content_hash(rows), columns
        start += len(rows)
    write_splits(splits, features, folder)


if __name__ == "__main__":
    write_pairs(draw_pairs(read_groups()))
