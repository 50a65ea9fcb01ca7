"""The tables: a row per checkpoint or dataset, a column per lesson, and below them what was said, and what failed."""

from collections.abc import Mapping, Sequence

from tools.try_others.outcome import Outcome
from tools.try_others.plan import Other

Outcomes = Mapping[tuple[str, str], Outcome]


def table(title: str, rows: Sequence[Other], lessons: Sequence[str], outcomes: Outcomes) -> str:
    """Return one table in Markdown; `outcomes` are by the row's name and the lesson's number.

    >>> said = {("gpt2", "02"): Outcome("says", "It reads from left to right."), ("gpt2", "04"): Outcome("passes")}
    >>> print(table("checkpoints", [Other("gpt2", "gpt2")], ["02", "03", "04"], said))
    ## checkpoints
    <BLANKLINE>
    | checkpoints | 02 | 03 | 04 |
    |---|---|---|---|
    | gpt2 | says 1 | … | passes |
    <BLANKLINE>
    1. It reads from left to right.
    """
    texts: list[str] = []
    lines = [f"## {title}", "", f"| {title} | {' | '.join(lessons)} |", "|---" * (len(lessons) + 1) + "|"]
    for row in rows:
        cells = [_cell(outcomes.get((row.name, number)), texts) for number in lessons]
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    notes = [f"{number}. {text}" for number, text in enumerate(texts, 1)]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _cell(outcome: Outcome | None, texts: list[str]) -> str:
    if outcome is None:
        return "…"
    if not outcome.text:
        return outcome.kind
    if outcome.text not in texts:
        texts.append(outcome.text)
    return f"{outcome.kind} {texts.index(outcome.text) + 1}"
