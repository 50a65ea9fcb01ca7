"""Reads which names the groups' sentences hold, tags every word, and says what is wrong with the tagging.

    python -m authoring.entities council     what is wrong with one subject

`entities/<subject>.txt` has a block per group: its name, then a line per type with the mentions as they are spelled,
such as `person | Lena Okafor | Okafor`. The type `none` lists capitalised words that name none of the four. `unclear`
lists words of a sentence in which a mention is of another type than in the rest of its group: it isn't drawn.
"""

import itertools
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from authoring.groups import Group, read_groups

FOLDER = Path(__file__).parent / "entities"
TYPES = ("person", "place", "organisation", "date")
TAGS = ("O", *(f"{place}-{kind}" for kind in TYPES for place in "BI"))

Entities = dict[str, str]  # mention -> type


def split_words(sentence: str) -> list[str]:
    """Return the words and the marks of a sentence; a possessive `'s` is a word of its own.

    >>> split_words("In Dunmere's library, 3.5 km away.")
    ['In', 'Dunmere', "'s", 'library', ',', '3.5', 'km', 'away', '.']
    """
    return re.findall(r"'s\b|\w+(?:[-.,:&]\w+|'(?!s\b)\w+)*|[^\w\s]", sentence)


def parse_entities(text: str, source: str = "text") -> dict[str, Entities]:
    """Return the mentions of each group in `text`; a line that fits nowhere raises `ValueError` with its number.

    >>> parse_entities("rain-01\\nplace | Merrow | Upper Merrow\\n")
    {'rain-01': {'Merrow': 'place', 'Upper Merrow': 'place'}}
    """
    groups: dict[str, Entities] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        kind, *mentions = (part.strip() for part in line.split("|"))
        if not line.strip():
            continue
        if re.fullmatch(r"[a-z]+-\d\d", line.strip()):
            groups[line.strip()] = {}
        elif groups and kind in (*TYPES, "none", "unclear") and all(mentions):
            groups[list(groups)[-1]].update(dict.fromkeys(mentions, kind))
        else:
            raise ValueError(
                f"{source}, line {number}: {line!r} is neither a name like 'rain-01', nor a line of mentions such as "
                f"'person | Lena Okafor'; the types are {', '.join(TYPES)}, none and unclear."
            )
    return groups


def read_entities(folder: Path = FOLDER) -> dict[str, Entities]:
    """Return the mentions of every group of every `*.txt` file in `folder`."""
    files = sorted(folder.glob("*.txt"))
    return {name: each for file in files for name, each in parse_entities(file.read_text("utf-8"), str(file)).items()}


def tag_words(words: Sequence[str], entities: Mapping[str, str]) -> list[str]:
    """Return one tag per word: `B-` and the type where a mention begins, `I-` where it goes on, else `O`.

    The longest mention that fits wins. Source of the scheme: Ramshaw and Marcus, 1995, https://aclanthology.org/W95-0107.

    >>> tag_words(["Mayor", "Lena", "Okafor", "left"], {"Lena Okafor": "person", "Mayor": "none"})
    ['O', 'B-person', 'I-person', 'O']
    """
    known = [(split_words(mention), kind) for mention, kind in entities.items() if kind != "unclear"]
    tags = [""] * len(words)
    for mention, kind in sorted(known, key=lambda one: -len(one[0])):
        for start in range(len(words) - len(mention) + 1):
            place = slice(start, start + len(mention))
            if list(words[place]) == mention and not any(tags[place]):
                inside = [f"B-{kind}", *[f"I-{kind}"] * (len(mention) - 1)]
                tags[place] = ["none"] * len(mention) if kind == "none" else inside
    return ["O" if tag in ("", "none") else tag for tag in tags]


def entity_problems(group: Group, entities: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a group's mentions, one sentence each; an empty list where nothing is."""
    sentences = [split_words(sentence) for sentence in (*group.same, *(sentence for _, sentence in group.other))]
    found, joined = [], [f" {' '.join(words)} " for words in sentences]
    for mention in entities:
        if not any(f" {' '.join(split_words(mention))} " in sentence for sentence in joined):
            found.append(f"{mention!r} is in none of its sentences")
    named = {word for mention in entities for word in split_words(mention)}
    for words in sentences:
        for before, word in itertools.pairwise(words):
            month_or_year = re.fullmatch(r"(1[5-9]|20)\d\d", word)
            if ((word[0].isupper() and before not in '.?!"' and word != "I") or month_or_year) and word not in named:
                found.append(f"{word!r} is neither a mention nor under none: {' '.join(words)}")
    return [f"{group.name}: {problem}" for problem in dict.fromkeys(found)]


if __name__ == "__main__":
    entities = read_entities()
    groups = [group for group in read_groups() if group.name.startswith(sys.argv[1])]
    complaints = [one for group in groups for one in entity_problems(group, entities.get(group.name, {}))]
    sys.exit("\n".join(complaints) or None)
