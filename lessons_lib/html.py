"""What the labs and the dashboard say in HTML: tokens, a tree of weights, mistakes, numbers.

Whatever comes from outside (texts, names, messages) passes through `escape`, so that it is shown and never run.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from lessons_lib.palette import BLUE, DARK_GREY, RULE

SHOWN_CUT, SHOWN_TEXT = 40, 400  # tokens, characters: what is beyond is counted, not shown
CHIP = "display: inline-block; margin: 2px; padding: 2px 6px; border-radius: 4px; color: #000; text-align: center"
LOOKS = {  # a light background for black letters, and a border that says the same without colour
    "sentence 1": f"background: #CCE3F2; border: 2px solid {BLUE}",
    "sentence 2": "background: #FBE7BD; border: 2px dashed #8A5F00",
    "special": f"background: #E4E4E4; border: 2px dotted {DARK_GREY}",
    "unknown": "background: #FFFFFF; border: 4px double #B00000",
    "cut off": f"background: #FFFFFF; border: 1px solid {RULE}",
}
MARKS = {"kept": "=", "new": "+", "dropped": "−", "changed": "≠", "mixed": "±"}


def numbers(values: Mapping[str, str]) -> str:
    """Return the HTML of a row of numbers, each below its name.

    >>> numbers({"tokens": "7"}).count("tokens")
    1
    """
    cells = [
        f'<div style="margin: 0 22px 6px 0"><div style="font-size: 85%">{escape(name)}</div>'
        f'<div style="font-size: 135%; font-variant-numeric: tabular-nums">{escape(value)}</div></div>'
        for name, value in values.items()
    ]
    return f'<div style="display: flex; flex-wrap: wrap; line-height: 1.35; margin: 6px 0">{"".join(cells)}</div>'


def note(text: str) -> str:
    """Return the HTML of a sentence."""
    return f'<p style="margin: 6px 0; line-height: 1.4; overflow-wrap: anywhere">{escape(text)}</p>'


def marked(text: str) -> str:
    """Return the HTML of `text`, with what stands between backticks as code.

    >>> marked("`a < b`")
    '<code>a &lt; b</code>'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def code(text: str) -> str:
    """Return the HTML of some lines of code."""
    return f'<pre style="margin: 6px 0; line-height: 1.4; white-space: pre-wrap">{escape(text)}</pre>'


def short(text: str, most: int = SHOWN_TEXT) -> str:
    """Return `text`, or its first `most` characters and a sign that there were more.

    >>> short("rainfall", 4)
    'rain…'
    """
    return text if len(text) <= most else text[:most] + "…"


def token_look(row: Mapping[str, object], unknown: str | None) -> str:
    """Return which of `LOOKS` a row of a `truncation_table` has; `unknown` is the tokenizer's unknown token."""
    if not row["kept"]:
        return "cut off"
    if row["piece"] == unknown:
        return "unknown"
    return "special" if row["sequence"] is None else f"sentence {row['sequence'] + 1}"


def token_chips(table: pd.DataFrame, unknown: str | None = "[UNK]") -> str:
    """Return the HTML of a `truncation_table`: a chip a token with its piece, id, offsets and token type, and a legend.

    Tokens that were cut off are shown up to `SHOWN_CUT` of them.
    """
    rows = table.to_dict("records")
    looks = [token_look(row, unknown) for row in rows]
    cut = looks.count("cut off")
    chips, shown_cut = [], 0
    for look, row in zip(looks, rows, strict=True):
        shown_cut += look == "cut off"
        if look != "cut off" or shown_cut <= SHOWN_CUT:
            start, end = row["offset_mapping"]
            types = f" · type {row['token_type_ids']}" if "token_type_ids" in row else ""
            ends = f"{start}–{end}" + (f" · {look}" if look == "cut off" else types)
            chips.append(
                f'<span style="{CHIP}; {LOOKS[look]}">{_piece(row["piece"], look)}<br>'
                f'<span style="font-size: 80%; line-height: 1.2">{row["input_ids"]}<br>{ends}</span></span>'
            )
    legend = " ".join(f'<span style="{CHIP}; {LOOKS[look]}">{escape(look)}</span>' for look in LOOKS if look in looks)
    more = note(f"and {cut - SHOWN_CUT:,} more that were cut off") if cut > SHOWN_CUT else ""
    shown = "piece, id, offsets, token type" if "token_type_ids" in table else "piece, id, offsets"
    return (
        f'<div style="margin: 6px 0; line-height: 1.3; font-size: 90%">{legend} each: {shown}'
        f'</div><div style="line-height: 1.3">{"".join(chips)}</div>{more}'
    )


def _piece(piece: str, look: str) -> str:
    strike = ' style="text-decoration: line-through"' if look == "cut off" else ""
    return f"<b{strike}>{escape(short(piece, 30))}</b>"


def weight_tree(parts: pd.DataFrame, tensors: pd.DataFrame, frozen: Sequence[str], unfolded: str) -> str:
    """Return the HTML of a model's parts, one of them `unfolded` into its tensors, each marked kept, dropped or new.

    `parts` comes from `part_table`, `tensors` from `compare_weights`; `frozen` names the parts that do not train.
    """
    lines = []
    for name, part in parts.iterrows():
        trains = "" if part["status"] == "dropped" else "frozen" if name in frozen else "trains"
        lines.append(_tree_row(0, name, f"({part['tensors']} tensors)", part["parameters"], part["status"], trains))
        if name == unfolded:
            inside = tensors[[one == name or one.startswith(f"{name}.") for one in tensors.index]]
            for tensor, row in inside.iterrows():
                shape = " × ".join(map(str, row["shape"])) or "1"
                label = tensor.removeprefix(f"{name}.")
                lines.append(_tree_row(1, label, shape, row["parameters"], row["status"], trains))
    heads = ("part or tensor", "shape", "parameters", "what became of it", "trains?")
    head = "".join(f'<th style="text-align: left; padding: 2px 14px 2px 0">{one}</th>' for one in heads)
    return f'<table style="border-collapse: collapse; line-height: 1.3"><tr>{head}</tr>{"".join(lines)}</table>'


def _tree_row(level: int, name: str, shape: str, parameters: int, status: str, trains: str) -> str:
    cell = '<td style="text-align: left; padding: 1px 14px 1px 0">'
    number = '<td style="text-align: right; padding: 1px 14px 1px 0; font-variant-numeric: tabular-nums">'
    weight = "bold" if status in ("new", "dropped", "changed") else "normal"
    return (
        f'<tr style="font-weight: {weight}"><td style="text-align: left; padding: 1px 14px 1px {level * 24}px">'
        f"{'└ ' * level}{escape(name)}</td>{cell}{escape(shape)}</td>{number}{parameters:,}</td>"
        f"{cell}{MARKS.get(status, '')} {escape(status)}</td>{cell}{trains}</td></tr>"
    )


def mistake_list(mistakes: pd.DataFrame, names: Sequence[str], first: int = 1) -> str:
    """Return the HTML of the rows of `worst_mistakes`, numbered from `first`: sentences, classes and loss."""
    items = [
        f'<li style="margin: 0 0 10px 0; overflow-wrap: anywhere">{escape(short(row["sentence1"]))}<br>'
        f"{escape(short(row['sentence2']))}<br><small>loss {row['loss']:.2f} · true: <b>"
        f"{escape(names[row['true']])}</b> · predicted: <b>{escape(names[row['predicted']])}</b> · "
        f"probability of the true class {row['probability']:.2f}</small></li>"
        for row in mistakes.to_dict("records")
    ]
    return (
        f'<ol start="{first}" style="line-height: 1.35; margin: 6px 0">{"".join(items)}</ol>'
        if items
        else note("No such mistake.")
    )


def meters(values: Mapping[str, float]) -> str:
    """Return the HTML of one bar a name for values from 0 to 1, each with its value in figures."""
    rows = [
        f'<div style="margin: 4px 0"><meter min="0" max="1" value="{value:.4f}" aria-label="{escape(name)}" '
        f'style="width: 220px; height: 18px; vertical-align: middle"></meter> <b>{value:.2f}</b> {escape(name)}</div>'
        for name, value in values.items()
    ]
    return "".join(rows)
