"""Labels for words of a text: lined up with a tokenizer's pieces, read as names, and judged name by name."""

import calendar
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

IGNORED = -100  # what torch's cross-entropy leaves out
DATES = {*calendar.day_name, *calendar.month_name} - {""}

Span = tuple[int, int, str]  # first word, the word after the last, type


def align_labels(word_ids: Sequence[int | None], labels: Sequence[int]) -> list[int]:
    """Return one label per piece: a word's label for its first piece, and `IGNORED` for all else.

    `word_ids`, `(seq,)`, says which word each piece belongs to (`None`: a special token), as a fast tokenizer's
    `encoding.word_ids()` does; `labels`, `(words,)`, holds the words' labels. Words that were cut off lose theirs.

    >>> align_labels([None, 0, 1, 1, 2, None], [5, 3, 0])
    [-100, 5, 3, -100, 0, -100]
    """
    aligned, before = [], None
    for word in word_ids:
        aligned.append(IGNORED if word is None or word == before else labels[word])
        before = word
    return aligned


def entity_spans(tags: Sequence[str]) -> set[Span]:
    """Return the names in a text whose words have these `tags`: `B-type` begins one, `I-type` continues it.

    An `I-` that continues nothing of its type begins a name, as in conlleval, the script of CoNLL-2003
    (https://www.cnts.ua.ac.be/conll2003/ner/).

    >>> sorted(entity_spans(["B-person", "I-person", "O", "B-place", "B-place"]))
    [(0, 2, 'person'), (3, 4, 'place'), (4, 5, 'place')]
    """
    spans, start = set(), 0
    for place, tag in enumerate([*tags, "O"]):
        before = tags[place - 1] if place else "O"
        begins = tag.startswith("B-") or tag[2:] != before[2:]
        if before != "O" and begins:
            spans.add((start, place, before[2:]))
        if tag != "O" and begins:
            start = place
    return spans


def entity_scores(predicted: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Return precision, recall and F1 per type and for all: a name counts where its words and its type are right.

    Both hold one list of tags per text. A share of nothing is 0. Raises `ValueError` where a text's lengths differ.
    """
    for number, (guess, right) in enumerate(zip(predicted, true, strict=True)):
        if len(guess) != len(right):
            raise ValueError(f"Text {number} has {len(right)} words and {len(guess)} predicted tags.")
    guessed, right = (
        {(n, *span) for n, tags in enumerate(texts) for span in entity_spans(tags)} for texts in (predicted, true)
    )
    rows = {}
    for kind in ["all", *sorted({span[-1] for span in guessed | right})]:
        found, there = ({span for span in spans if kind in ("all", span[-1])} for spans in (guessed, right))
        hits = len(found & there)
        rows[kind] = {
            "precision": hits / max(len(found), 1),
            "recall": hits / max(len(there), 1),
            "f1": 2 * hits / max(len(found) + len(there), 1),
            "names": len(there),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def predicted_tags(scores: np.ndarray, labels: np.ndarray, tags: Sequence[str]) -> list[list[str]]:
    """Return each text's tags, one per word, from what `Trainer.predict` returns.

    `scores`, `(texts, seq, tags)`, are the predictions, `labels`, `(texts, seq)`, the label_ids: they say which pieces
    begin a word.

    >>> predicted_tags(np.array([[[1, 0], [0, 1], [1, 0]]]), np.array([[-100, 0, 1]]), ["O", "B-person"])
    [['B-person', 'O']]
    """
    rows = zip(scores.argmax(-1), labels, strict=True)
    return [[tags[best] for best in row[begins != IGNORED]] for row, begins in rows]


def lazy_answers(
    train: Mapping[str, Sequence], asked: Sequence[Sequence[str]], tags: Sequence[str]
) -> dict[str, list[list[str]]]:
    """Return the tags that three answers without a model give to the words of each text in `asked`.

    `"always O"` finds nothing; `"usual tag"` gives each word the tag that it had most often in `train`, which has the
    columns `tokens` and `ner_tags`; `"rule"` is `tag_by_rule`.

    >>> train = {"tokens": [["Ann", "left", "Rome"]], "ner_tags": [[1, 0, 2]]}
    >>> lazy_answers(train, [["Rome", "won"]], ["O", "B-person", "B-place"])
    {'always O': [['O', 'O']], 'usual tag': [['B-place', 'O']], 'rule': [['O', 'O']]}
    """
    counts: dict[str, Counter] = {}
    for words, labels in zip(train["tokens"], train["ner_tags"], strict=True):
        for word, label in zip(words, labels, strict=True):
            counts.setdefault(word, Counter())[tags[label]] += 1
    usual = {word: count.most_common(1)[0][0] for word, count in counts.items()}
    return {
        "always O": [["O"] * len(words) for words in asked],
        "usual tag": [[usual.get(word, "O") for word in words] for words in asked],
        "rule": [tag_by_rule(words) for words in asked],
    }


def tag_by_rule(words: Sequence[str], capital: str = "place") -> list[str]:
    """Return tags by a rule that reads no word: weekdays and months are dates, other capitals inside a text `capital`.

    >>> tag_by_rule("On Friday the mayor of Upper Merrow left".split())
    ['O', 'B-date', 'O', 'O', 'O', 'B-place', 'I-place', 'O']
    """
    tags, before = [], ""
    for place, word in enumerate(words):
        kind = "date" if word in DATES else capital if place and word[0].isupper() else ""
        tags.append("O" if not kind else f"I-{kind}" if kind == before else f"B-{kind}")
        before = kind
    return tags
