"""The figures on the card of the pairs: measured on the pairs that are shipped, and the story of MRPC again."""

from authoring import build_pairs
from authoring.groups import read_groups
from benchmarks.kit.store import read


def test_the_card_was_measured_on_the_pairs_that_are_shipped_and_repeats_the_story_of_mrpc():
    measured = read("pairs")["pairs"]
    drawn = build_pairs.draw_pairs(read_groups())
    assert measured["rows"] == {split: build_pairs.content_hash(rows) for split, rows in drawn.items()}
    accuracy = {name: score["accuracy"] for name, score in measured["test"].items()}
    always = accuracy["always equivalent"]
    assert accuracy["word overlap"] < 0.75 and accuracy["fine-tuned"] > always + 0.1
    assert abs(accuracy["from scratch"] - always) < 0.05
