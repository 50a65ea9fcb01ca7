"""Reads the groups of sentences that the embedded pairs are drawn from, and says what is wrong with them.

A group is a block of lines in `groups/<subject>.txt`: its name, then sentences that say the same thing (`=`), then
sentences that look alike and say something else (`x kind |`). Groups are separated by an empty line.
"""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

KINDS = ("detail", "roles", "negation", "modality", "quantity", "cause", "missing", "claim", "event")
FOLDER = Path(__file__).parent / "groups"


@dataclass(frozen=True)
class Group:
    """One group: `same` says one thing in several ways, `other` holds `(kind, sentence)` of things it does not say."""

    name: str
    same: tuple[str, ...]
    other: tuple[tuple[str, str], ...]


def words(sentence: str) -> set[str]:
    """Return the lower-case words of a sentence.

    >>> sorted(words("It's 3.5 km, she said."))
    ['3.5', "it's", 'km', 'said', 'she']
    """
    return set(re.findall(r"[a-z0-9]+(?:[.,:'][a-z0-9]+)*", sentence.lower()))


def word_overlap(first: str, second: str) -> float:
    """Return the share of words that two sentences have in common (Jaccard), between 0 and 1.

    >>> word_overlap("The cat sat.", "the cat slept")
    0.5
    """
    a, b = words(first), words(second)
    return len(a & b) / len(a | b)


def parse_groups(text: str, source: str = "text") -> list[Group]:
    """Return the groups in `text`; a line that fits nowhere raises `ValueError` with the source and the line number.

    >>> [group] = parse_groups("rain-01\\n= It rained.\\n= Rain fell.\\nx negation | It did not rain.\\n")
    >>> group.same, group.other
    (('It rained.', 'Rain fell.'), (('negation', 'It did not rain.'),))
    """
    groups: list[Group] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if re.fullmatch(r"[a-z]+-\d\d", line):
            groups.append(Group(line, (), ()))
        elif groups and line.startswith("= "):
            last = groups[-1]
            groups[-1] = Group(last.name, (*last.same, line[2:]), last.other)
        elif groups and (match := re.fullmatch(r"x (\w+) \| (.+)", line)) and match[1] in KINDS:
            last = groups[-1]
            groups[-1] = Group(last.name, last.same, (*last.other, (match[1], match[2])))
        else:
            kinds = ", ".join(KINDS)
            raise ValueError(
                f"{source}, line {number}: {line!r} is neither a name like 'rain-01', nor '= sentence', "
                f"nor 'x kind | sentence' with one of these kinds: {kinds}."
            )
    return groups


def read_groups(folder: Path = FOLDER) -> list[Group]:
    """Return every group of every `*.txt` file in `folder`, sorted by file name."""
    files = sorted(Path(folder).glob("*.txt"))
    return [group for file in files for group in parse_groups(file.read_text(encoding="utf-8"), str(file))]


def problems(group: Group) -> list[str]:
    """Return what is wrong with a group, one sentence each; an empty list where it is fit to draw pairs from."""
    found = []
    if len(group.same) < 4 or len(group.other) < 3:
        found.append(f"needs 4 '=' and 3 'x' sentences, has {len(group.same)} and {len(group.other)}")
    sentences = [*group.same, *(sentence for _, sentence in group.other)]
    for sentence in sentences:
        if not sentence.isascii() or sentence != " ".join(sentence.split()):
            found.append(f"has a character outside ASCII or stray white space: {sentence!r}")
        if not re.search(r"[.?!][\"']?$", sentence):
            found.append(f"does not end as a sentence: {sentence!r}")
    for first, second in itertools.combinations(sentences, 2):
        if re.findall(r"\w+", first.lower()) == re.findall(r"\w+", second.lower()):
            found.append(f"says the very same words twice: {first!r}")
    for first, second in itertools.combinations(group.same, 2):
        if word_overlap(first, second) > 0.6:
            found.append(f"two '=' sentences share over 60 % of their words: {first!r} and {second!r}")
    return [f"{group.name}: {problem}" for problem in found]
