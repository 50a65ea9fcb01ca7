"""Looking inside what a tokenizer returns."""

import pandas as pd
from transformers import PreTrainedTokenizerBase

from lessons_lib.errors import SetupError


def token_table(tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None = None, **kwargs) -> pd.DataFrame:
    """Return one row a token: piece, id, token type, attention mask, offsets, and the text that it stands for.

    There are token types only where the tokenizer returns them: RoBERTa's and DistilBERT's don't. `kwargs` go to the
    tokenizer (`truncation=True, max_length=12`, say). Special tokens stand for no text.

    >>> from lessons_lib.sources import embedded_checkpoint
    >>> from transformers import AutoTokenizer
    >>> tokenizer = AutoTokenizer.from_pretrained(embedded_checkpoint())
    >>> list(token_table(tokenizer, "Rainfall")["piece"])
    ['[CLS]', 'rainfall', '[SEP]']
    """
    return _encoded(tokenizer, text, pair, **kwargs)[0]


def _encoded(tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None, **kwargs) -> tuple[pd.DataFrame, list]:
    """Return the `token_table`, and for each token the text that it came from: 0, 1, or `None` if it is special."""
    if not tokenizer.is_fast:
        raise SetupError(
            f"{type(tokenizer).__name__} doesn't say which part of the text a token stands for, as ByT5's and CANINE's "
            "don't. Take a checkpoint with a fast tokenizer (`tokenizer.is_fast`), such as bert-base-uncased."
        )
    encoding = tokenizer(text, pair, return_offsets_mapping=True, **kwargs)
    sequences, texts = encoding.sequence_ids(), {0: text, 1: pair}
    stands_for = [
        "" if which is None else texts[which][start:end]
        for which, (start, end) in zip(sequences, encoding["offset_mapping"], strict=True)
    ]
    columns = {
        "piece": tokenizer.convert_ids_to_tokens(encoding["input_ids"]),
        "input_ids": encoding["input_ids"],
        **{name: encoding[name] for name in ("token_type_ids",) if name in encoding},
        "attention_mask": encoding["attention_mask"],
        "offset_mapping": encoding["offset_mapping"],
        "stands for": stands_for,
    }
    return pd.DataFrame(columns), sequences


def truncation_table(
    tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None, max_length: int, truncation_side: str = "right"
) -> pd.DataFrame:
    """Return the `token_table` of the whole text with two more columns: `sequence` and `kept`.

    `sequence` is 0 or 1, the text that a token came from, and `None` for special tokens (a token type need not tell
    them apart: RoBERTa has but one). `kept` says whether `truncation=True` leaves the token in.

    `max_length` counts tokens, special ones included; `truncation_side` is `"right"` or `"left"`. What is left in is
    worked out by `longest_first`: asking the tokenizer takes seconds where a long text is cut to a few tokens.

    >>> from lessons_lib.sources import embedded_checkpoint
    >>> from transformers import AutoTokenizer
    >>> tokenizer = AutoTokenizer.from_pretrained(embedded_checkpoint())
    >>> table = truncation_table(tokenizer, "late rainfall again", None, max_length=4, truncation_side="left")
    >>> dict(zip(table["piece"], table["kept"]))
    {'[CLS]': True, 'late': False, 'rainfall': True, 'again': True, '[SEP]': True}
    """
    table, sequences = _encoded(tokenizer, text, pair, verbose=False)
    room = max(max_length - sequences.count(None), 0)
    stays = longest_first(sequences.count(0), sequences.count(1), room)
    table["sequence"], table["kept"] = pd.Series(sequences, dtype=object), True
    for sequence, left_in in enumerate(stays):
        tokens = [row for row, which in enumerate(sequences) if which == sequence]
        lost = len(tokens) - left_in
        table.loc[tokens[:lost] if truncation_side == "left" else tokens[left_in:], "kept"] = False
    return table


def longest_first(first: int, second: int, room: int) -> tuple[int, int]:
    """Return how many tokens of two sequences `truncation=True` leaves in, where there is room for `room` of them.

    The longer one is cut first; where both are cut, the one that was longer keeps the odd token.

    >>> longest_first(9, 3, room=8), longest_first(9, 7, room=9), longest_first(2, 3, room=8)
    ((5, 3), (5, 4), (2, 3))
    """
    if first + second <= room:
        return first, second
    short = min(first, second, room // 2)
    return (room - short, short) if first > second else (short, room - short)
