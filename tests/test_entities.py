"""Labels on pieces, names, and their scores: against cases worked by hand and scikit-learn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from lessons_lib.entities import align_labels, entity_scores, entity_spans


def test_labels_meet_pieces_as_worked_by_hand(tokenizer):
    words, labels = ["Ravi", "Stenmark", "left", "Kessandra", "."], [1, 2, 0, 3, 0]
    encoding = tokenizer(words, is_split_into_words=True)
    pieces = ["[CLS]", "ravi", "ste", "##n", "##mark", "left", "ke", "##ssa", "##ndra", ".", "[SEP]"]
    assert encoding.tokens() == pieces
    assert align_labels(encoding.word_ids(), labels) == [-100, 1, 2, -100, -100, 0, 3, -100, -100, 0, -100]


def test_a_word_that_was_cut_off_loses_its_label(tokenizer):
    encoding = tokenizer(["Ravi", "Stenmark", "left"], is_split_into_words=True, truncation=True, max_length=4)
    assert align_labels(encoding.word_ids(), [1, 2, 0]) == [-100, 1, 2, -100]


def test_the_same_word_twice_in_a_row_keeps_both_labels():
    assert align_labels([None, 0, 1, 2, None], [4, 4, 4]) == [-100, 4, 4, 4, -100]


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("", set()),
        ("O O", set()),
        ("B-a I-a I-a", {(0, 3, "a")}),
        ("B-a B-a", {(0, 1, "a"), (1, 2, "a")}),
        ("B-a I-b", {(0, 1, "a"), (1, 2, "b")}),
        ("O I-a I-a O", {(1, 3, "a")}),
        ("I-a B-a I-a", {(0, 1, "a"), (1, 3, "a")}),
        ("B-a O I-a", {(0, 1, "a"), (2, 3, "a")}),
    ],
)
def test_spans_as_worked_by_hand(tags, spans):
    assert entity_spans(tags.split()) == spans


def test_a_name_counts_only_whole_and_of_its_type():
    true = [["B-a", "I-a", "O", "B-b"], ["O", "B-a"]]
    guess = [["B-a", "O", "O", "B-b"], ["B-b", "B-a"]]
    scores = entity_scores(guess, true)
    assert scores.loc["all"].tolist() == [2 / 4, 2 / 3, 4 / 7, 3]  # guessed 4, there 3, right 2
    assert scores.loc["a"].tolist() == [1 / 2, 1 / 2, 1 / 2, 2]
    assert scores.loc["b"].tolist() == [1 / 2, 1.0, 2 / 3, 1]


def test_nothing_there_and_nothing_guessed():
    assert entity_scores([["O"]], [["O"]]).loc["all"].tolist() == [0, 0, 0, 0]


def test_other_lengths_are_named():
    with pytest.raises(ValueError, match="Text 1 has 2 words and 1 predicted tags"):
        entity_scores([["O"], ["O"]], [["O"], ["O", "B-a"]])


TAGS = st.lists(st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"]), min_size=5, max_size=5)


@given(st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=4))
def test_scores_are_scikit_learns_over_every_possible_span(texts):
    guess, true = zip(*texts, strict=True)
    every = [(n, a, b, k) for n in range(len(texts)) for a in range(5) for b in range(a + 1, 6) for k in "ab"]
    said, right = ([span[1:] in entity_spans(tags[span[0]]) for span in every] for tags in (guess, true))
    asked = {"precision": precision_score, "recall": recall_score, "f1": f1_score}
    scores = entity_scores(guess, true).loc["all"]
    for name, score in asked.items():
        assert scores[name] == pytest.approx(score(right, said, zero_division=0))
