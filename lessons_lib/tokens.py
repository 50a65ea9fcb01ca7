"""Looking inside what a tokenizer returns."""

import pandas as pd
from transformers import PreTrainedTokenizerBase


def token_table(tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None = None, **kwargs) -> pd.DataFrame:
    """Return one row a token: the piece, its id, its token type, its attention mask, and the text that it stands for.

    `kwargs` go to the tokenizer (`truncation=True, max_length=12`, say). Special tokens stand for no text.

    >>> from lessons_lib.sources import embedded_checkpoint
    >>> from transformers import AutoTokenizer
    >>> tokenizer = AutoTokenizer.from_pretrained(embedded_checkpoint())
    >>> list(token_table(tokenizer, "Rainfall")["piece"])
    ['[CLS]', 'rainfall', '[SEP]']
    """
    encoding = tokenizer(text, pair, return_offsets_mapping=True, return_token_type_ids=True, **kwargs)
    texts = {0: text, 1: pair}
    stands_for = [
        "" if which is None else texts[which][start:end]
        for which, (start, end) in zip(encoding.sequence_ids(), encoding["offset_mapping"], strict=True)
    ]
    columns = {
        "piece": tokenizer.convert_ids_to_tokens(encoding["input_ids"]),
        "input_ids": encoding["input_ids"],
        "token_type_ids": encoding["token_type_ids"],
        "attention_mask": encoding["attention_mask"],
        "stands for": stands_for,
    }
    return pd.DataFrame(columns)
