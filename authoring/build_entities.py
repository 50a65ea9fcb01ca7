"""Draws sentences with tagged names from the groups and writes them as Parquet files.

    python -m authoring.build_entities

The same groups always give the same sentences. Their splits are those of the pairs: a group's sentences all fall into
one, so that nearly no name of the test split was ever seen in training.
"""

import random
from collections.abc import Mapping
from pathlib import Path

from authoring.build_pairs import FOLDER as PAIRS
from authoring.build_pairs import SIZES, content_hash, split_groups, take_evenly, write_splits
from authoring.entities import TAGS, Entities, entity_problems, read_entities, split_words, tag_words
from authoring.groups import Group, read_groups

FOLDER = PAIRS.with_name("entities")

Tagged = tuple[list[str], list[str]]  # words, tags


def tagged_sentences(group: Group, entities: Entities) -> list[Tagged]:
    """Return each sentence of `group` as words and tags, shuffled, without those in which a type is unclear."""
    sentences = [*group.same, *(sentence for _, sentence in group.other)]
    unclear = [words for words, kind in entities.items() if kind == "unclear"]
    words = [split_words(one) for one in sentences if not any(part in one for part in unclear)]
    tagged = [(one, tag_words(one, entities)) for one in words]
    return random.Random(group.name).sample(tagged, len(tagged))


def draw_sentences(groups: list[Group], entities: Mapping[str, Entities]) -> dict[str, list[Tagged]]:
    """Return the sentences of every split, as many as there are pairs; `ValueError` where a mention is not fit."""
    found = [problem for group in groups for problem in entity_problems(group, entities[group.name])]
    if found:
        raise ValueError("\n".join(found))
    drawn = {}
    for split, members in split_groups(groups).items():
        rows = take_evenly([tagged_sentences(group, entities[group.name]) for group in members], SIZES[split])
        drawn[split] = random.Random(split).sample(rows, len(rows))
    return drawn


def write_sentences(drawn: Mapping[str, list[Tagged]], folder: Path = FOLDER) -> None:
    """Write the sentences with the columns of CoNLL-2003 on the Hub: `tokens`, which are words, and `ner_tags`."""
    from datasets import ClassLabel, Sequence, Value

    features = {"tokens": Sequence(Value("string")), "ner_tags": Sequence(ClassLabel(names=list(TAGS)))}
    splits = {}
    for split, rows in drawn.items():
        words, tags = zip(*rows, strict=True)
        splits[split] = content_hash(rows), {"tokens": words, "ner_tags": [[*map(TAGS.index, one)] for one in tags]}
    write_splits(splits, features, folder)


if __name__ == "__main__":
    write_sentences(draw_sentences(read_groups(), read_entities()))
