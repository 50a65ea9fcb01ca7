"""What a check-up says: a look, its outcome, its sentences; and all of them together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lessons_lib.html import marked, note, short

OUTCOMES = ("fault", "doubt", "fine", "not looked")  # the worst first
PLURAL = {"fault": "faults", "doubt": "doubts"}
SHOWN = 900  # characters of one look's text
CELL = "text-align: left; vertical-align: top; padding: 3px 14px 3px 0"

Verdict = tuple[str, str]  # an outcome, and sentences


@dataclass(frozen=True)
class Look:
    """One look at a trainer: its name, one of `OUTCOMES`, and what was seen, in sentences."""

    name: str
    outcome: str
    text: str

    def __repr__(self) -> str:
        """Return the look as one line."""
        return f"{self.outcome:<11} {self.name}: {self.text.replace('`', '')}"


@dataclass(frozen=True)
class Report:
    """All looks that a check-up took, in order, and the seconds that they took together."""

    looks: list[Look]
    seconds: float

    @property
    def verdict(self) -> str:
        """Return how many looks had which outcome, and which ones found something.

        >>> Report([Look("labels", "fault", "…"), Look("mask", "fine", "…")], 2.0).verdict
        '1 fault (labels), 1 fine, in 2.0 seconds'
        """
        told = []
        for outcome in OUTCOMES:
            names = [look.name for look in self.looks if look.outcome == outcome]
            which = f" ({', '.join(names)})" if outcome in PLURAL else ""
            word = PLURAL.get(outcome, outcome) if len(names) > 1 else outcome
            told += [f"{len(names)} {word}{which}"] if names else []
        return f"{', '.join(told)}, in {self.seconds:.1f} seconds"

    def __repr__(self) -> str:
        """Return the verdict and one line per look."""
        return "\n".join([f"Check-up: {self.verdict}", *map(repr, self.looks)])

    def _repr_html_(self) -> str:
        heads = "".join(f'<th style="{CELL}">{one}</th>' for one in ("look", "outcome", "what we saw"))
        rows = [
            f'<tr><th style="{CELL}">{marked(look.name)}</th>'
            f'<td style="{CELL}; white-space: nowrap; font-weight: {_weight(look)}">{look.outcome}</td>'
            f'<td style="{CELL}; overflow-wrap: anywhere">{marked(look.text)}</td></tr>'
            for look in self.looks
        ]
        table = f'<table style="border-collapse: collapse; line-height: 1.35"><tr>{heads}</tr>{"".join(rows)}</table>'
        return note(f"Check-up: {self.verdict}") + table


def _weight(look: Look) -> str:
    return "bold" if look.outcome in PLURAL else "normal"


def clean(text: object, most: int = SHOWN) -> str:
    r"""Return `text` on one line, without control characters, and at most so many characters of it.

    >>> clean("one\ntwo\x1b[31m three")
    'one two [31m three'
    """
    printable = "".join(one if one.isprintable() else " " for one in str(text)[: 2 * most])
    return short(" ".join(printable.split()), most)


def weigh(findings: Sequence[Verdict], otherwise: str = "") -> Verdict:
    """Return the worst outcome among `findings` and the sentences of all, the worst first; without any, it's fine.

    >>> weigh([("doubt", "One."), ("fault", "Two.")], "All right.")
    ('fault', 'Two. One.')
    """
    if not findings:
        return "fine", otherwise
    worst_first = sorted(findings, key=lambda one: OUTCOMES.index(one[0]))
    return worst_first[0][0], " ".join(text for _, text in worst_first)


def percent(part: float, whole: float) -> str:
    """Return a share in words.

    >>> percent(1, 8), percent(1, 5000)
    ('12 %', '0.02 %')
    """
    share = 100 * part / max(whole, 1)
    return f"{share:.2g} %" if 0 < share < 1 else f"{share:.0f} %"


def listed(names: Iterable[object], most: int = 4) -> str:
    """Return some names, each as code, and how many more there are.

    >>> listed("abcdef", most=2)
    '`a`, `b` and 4 more'
    """
    names = [f"`{clean(one, 60)}`" for one in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
