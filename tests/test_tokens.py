"""The token table against the tokenizer's own answers."""

import random

import pytest
from transformers import ByT5Tokenizer

from lessons_lib.errors import SetupError
from lessons_lib.tokens import longest_first, token_table, truncation_table


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


def test_longest_first_equals_the_tokenizer(tokenizer):
    draw = random.Random(0)
    for _ in range(300):
        first, second, room = draw.randint(1, 12), draw.randint(1, 12), draw.randint(0, 24)
        pair = ("rain " * first, "sun " * second)
        kept = tokenizer(*pair, truncation=True, max_length=room + 3).sequence_ids()
        assert longest_first(first, second, room) == (kept.count(0), kept.count(1)), (first, second, room)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("pair", [None, "The committee kept the volleyballers' bridge."])
@pytest.mark.parametrize("max_length", [4, 5, 9, 16, 64])
def test_truncation_table_keeps_what_the_tokenizer_keeps(checkpoint, side, pair, max_length):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint, truncation_side=side)
    text = "Unbelievable rain, 3.5 mm, on Monday evening!"
    table = truncation_table(tokenizer, text, pair, max_length, side)
    expected = tokenizer(text, pair, truncation=True, max_length=max_length)
    assert table[table["kept"]]["input_ids"].tolist() == expected["input_ids"]
    assert table["input_ids"].tolist() == tokenizer(text, pair)["input_ids"]


def test_sequence_tells_texts_apart_without_token_types(tokenizer):
    table = truncation_table(tokenizer, "Rain", "Sun", max_length=16)
    assert table["sequence"].tolist() == [None, 0, None, 1, None]


def test_a_tokenizer_without_offsets_gets_a_sentence():
    with pytest.raises(SetupError, match="ByT5Tokenizer doesn't say which part of the text"):
        token_table(ByT5Tokenizer(), "Rain")
