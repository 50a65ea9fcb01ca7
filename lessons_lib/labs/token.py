"""Tokens of any text, and what truncation cuts off."""

import ipywidgets as widgets
from transformers import PreTrainedTokenizerBase

from lessons_lib import html
from lessons_lib.labs.lab import Lab, choice, readable
from lessons_lib.tokens import truncation_table


def token_lab(tokenizer: PreTrainedTokenizerBase, text: str, pair: str = "", max_length: int = 32) -> Lab:
    """Type a text, or two, and see its tokens; move `max_length` and see what is cut off."""

    def draw(text: str, pair: str, max_length: int, truncation_side: str) -> str:
        text, pair = readable(text), readable(pair)
        table = truncation_table(tokenizer, text, pair or None, max_length, truncation_side)
        kept = table[table["kept"]]
        numbers = {
            "tokens": f"{len(kept):,}",
            "of them special": f"{kept['sequence'].isna().sum()}",
            "unknown": f"{(kept['piece'] == tokenizer.unk_token).sum()}",
            "cut off": f"{len(table) - len(kept):,}",
            "characters": f"{len(text) + len(pair):,}",
        }
        return html.numbers(numbers) + html.token_chips(table, tokenizer.unk_token)

    wide = widgets.Layout(width="98%")
    most = min(tokenizer.model_max_length, max(128, max_length))
    controls = {
        "text": widgets.Textarea(text, description="Text", rows=2, layout=wide),
        "pair": widgets.Textarea(pair, description="Second text (may be empty)", rows=2, layout=wide),
        "max_length": widgets.IntSlider(
            max_length, 4, most, description="max_length", layout=widgets.Layout(width="60%")
        ),
        "truncation_side": choice(["right", "left"], "truncation side"),
    }
    return Lab(draw, controls)
