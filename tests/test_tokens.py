"""The token table against the tokenizer's own answers."""

import pytest

from lessons_lib.tokens import token_table


@pytest.mark.parametrize("pair", [None, "Umbrellas help."])
def test_columns_equal_what_the_tokenizer_returns(tokenizer, pair):
    text = "Unbelievable rain, 3.5 mm!"
    table = token_table(tokenizer, text, pair)
    encoding = tokenizer(text, pair)
    for column in ("input_ids", "token_type_ids", "attention_mask"):
        assert table[column].tolist() == encoding[column]
    assert table["piece"].tolist() == encoding.tokens()


def test_pieces_stand_for_the_text_they_came_from(tokenizer):
    table = token_table(tokenizer, "Rain", "Sun")
    assert table["stands for"].tolist() == ["", "Rain", "", "Sun", ""]


def test_arguments_reach_the_tokenizer(tokenizer):
    assert len(token_table(tokenizer, "one two three four", truncation=True, max_length=4)) == 4
