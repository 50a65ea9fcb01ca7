"""Every figure draws what it is given and says it in words, and `show` carries these words."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lessons_lib import plots

LOG = [
    {"epoch": 1.0, "loss": 0.7},
    {"epoch": 1.0, "eval_loss": 0.6, "eval_accuracy": 0.7},
    {"epoch": 2.0, "loss": 0.4},
    {"epoch": 2.0, "eval_loss": 0.5, "eval_accuracy": 0.8},
    {"epoch": 2.0, "train_runtime": 3.0},
]
NAN = float("nan")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_show_carries_the_alternative_text_and_closes_the_figure():
    ax = plots.plot_lengths([3, 5, 8])
    page = plots.show(ax, alt='bars "a" < b & c')
    assert 'alt="bars &quot;a&quot; &lt; b &amp; c"' in page.data
    assert page.data.count("data:image/png;base64,") == 1
    assert ax.figure.number not in plt.get_fignums()


def test_show_takes_the_text_of_the_figure_unless_another_is_given():
    assert 'alt="One bar shows accuracy: a 0.50."' in plots.show(plots.plot_bars({"a": 0.5}, "accuracy")).data
    assert 'alt="mine"' in plots.show(plots.plot_bars({"a": 0.5}, "accuracy"), "mine").data


def test_show_of_a_figure_without_a_text_says_what_to_do():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match=r"no alternative text.*plot_.*show\(axes, alt="):
        plots.show(ax)


def log(**columns):
    """Return one entry per epoch and column, as a trainer logs them."""
    return [{"epoch": epoch, name: one} for name, values in columns.items() for epoch, one in enumerate(values, 1)]


def seeds(accuracy):
    rows = {"accuracy": accuracy, "low": [one - 0.02 for one in accuracy], "high": [one + 0.02 for one in accuracy]}
    return pd.DataFrame(rows, index=[f"start {number}" for number in range(len(accuracy))])


def curve(accuracy):
    return seeds(accuracy).set_axis([120, 480, 1920][: len(accuracy)])


def text_of(ax):
    return ax.figure.get_label()


MASKS = np.array([[1, 1, 0, 0], [1, 1, 1, 1]]), np.array([[0, 0, 0, 1]])
ZERO_ONE = np.array([0, 1, 0, 1])
THRESHOLD = np.array([0.1, 0.9, 0.2, 0.8]), ZERO_ONE, ["no", "yes"]
STAGES = [np.zeros((2, 9)), np.zeros((2, 3))]
TEXTS = [  # a figure, what its text has to say, and what another figure of the same kind has to say
    (
        plots.plot_bars,
        (
            ({"a": 0.5, "b": 0.9}, "f1", ("base", 0.7)),
            ["Two bars", "f1", "a 0.50 and b 0.90", "longer one is b", "base at 0.70", "one of the two"],
        ),
        (({"a": 3.0, "b": 2.0, "c": 1.0}, "s"), ["Three bars", "longest is a", "shortest is c"]),
    ),
    (
        plots.plot_batch,
        ((MASKS[0],), ["two rows of four positions", "at the end", "25% "]),
        ((MASKS[1],), ["one row of four positions", "at the start", "75% "]),
    ),
    (
        plots.plot_batches,
        (({"x": MASKS[0], "y": MASKS[1]},), ["Two batches", "x, four positions wide", "25% ", "75% "]),
        (({"x": np.ones((2, 3))},), ["One batch", "three positions", "no padding"]),
    ),
    (
        plots.plot_confusion,
        ((np.array([[5, 1], [2, 9]]), ["no", "yes"]), ["14 of 17", "made twice, is yes taken for no"]),
        ((np.array([[5, 3], [2, 9]]), ["no", "yes"]), ["14 of 19", "made 3 times, is no taken for yes"]),
    ),
    (
        plots.plot_epoch,
        (([2, 4, 3, 1], [3, 1, 0, 2], 2), ["four texts", "two batches from 3 to 4", "from 1 to 4 tokens", "29% "]),
        (([2, 2], [1, 0], 2), ["two texts", "one batch two positions", "two tokens", "nothing is padding"]),
    ),
    (
        plots.plot_guesses,
        (
            ([0.0, 0.5], [0.25, 0.6], 0.75),
            ["Two points", "0.25 to 0.60", "rises from 0.25", "square at always yes, 0.75", "0.10 away"],
        ),
        (([1.0], [0.3], 0.2), ["One point", "falls from 0.80", "always yes, 0.20"]),
    ),
    (
        plots.plot_learning_curve,
        (
            ({"ft": curve([0.6, 0.8]), "cos": curve([0.7, 0.7])}, ("base", 0.5), 240.0),
            [
                "120 to 480",
                "ft rises from 0.60 to 0.80",
                "cos stays level at 0.70",
                "at 120 pairs: cos; at 480 pairs: ft",
                "base at 0.50",
                "about 240 pairs",
            ],
        ),
        (
            ({"ft": curve([0.8, 0.6, 0.7])}, ("base", 0.5)),
            ["One line", "falls from 0.80 to 0.60 at 480 pairs, then rises to 0.70"],
        ),
    ),
    (
        plots.plot_lengths,
        (([3, 5, 6, 40],), ["four pairs", "from 3 to 40 tokens", "two pairs, is at 4 to 7", "mean 13.5"]),
        (([3, 5, 9], ("median", 5.0)), ["three pairs", "from 3 to 9", "Three bars are equally high", "median 5"]),
    ),
    (
        plots.plot_lines,
        (
            ({"a": ([0, 1, 2], [5, 3, 1]), "b": ([0, 2], [2, 2])}, "step", "rate"),
            ["Two lines show rate over step (0 to 2)", "a falls from 5 to 1", "b stays level at 2"],
        ),
        (
            ({"a": ([0, 1, 2, 3], [1, 4, 2, 3])}, "step", "rate"),
            ["One line", "rises from 1 to 3, with ups and downs between 1 and 4"],
        ),
    ),
    (
        plots.plot_loss_and_metric,
        (
            (LOG, ("always yes", 0.6)),
            [
                "training loss falls from 0.70 to 0.40",
                "validation loss falls from 0.60 to 0.50",
                "Right: accuracy on validation rises from 0.70 to 0.80",
                "above the dashed line, always yes, at 0.60",
            ],
        ),
        (
            (log(eval_f1=[0.8, 0.3]), ("blind", 0.5), "eval_f1"),
            ["f1 on validation falls from 0.80 to 0.30", "below the dashed line, blind"],
        ),
    ),
    (
        plots.plot_losses,
        (
            (LOG,),
            [
                "Two lines",
                "epoch (1 to 2)",
                "training loss falls from 0.70 to 0.40",
                "validation loss falls from 0.60 to 0.50",
            ],
        ),
        ((log(loss=[0.5, 0.9]),), ["One line", "training loss rises from 0.50 to 0.90"]),
    ),
    (
        plots.plot_probabilities,
        (
            (np.array([0.1, 0.9, 0.8]), np.array([0, 1, 1]), ["no", "yes"]),
            [
                "probability of yes",
                "one pair no (mean 0.10, none above 0.5)",
                "two pairs yes (mean 0.85, two above 0.5)",
            ],
        ),
        (
            (np.array([0.6, -0.2]), np.array([0, 0]), ["no", "yes"], "cosine"),
            ["Histograms of the cosine", "two pairs no (mean 0.20, one above 0.5)", "no pair yes"],
        ),
    ),
    (
        plots.plot_stages,
        ((["ids", "logits"], STAGES, 1), ["Two boxes", "ids 2 × 9 and logits 2 × 3", "hatched one is logits"]),
        ((["ids", "out"], STAGES[::-1], 0), ["ids 2 × 3 and out 2 × 9", "hatched one is ids"]),
    ),
    (
        plots.plot_starts,
        (
            (
                pd.DataFrame({"accuracy": [0.8, 0.7], "low": [0.75, 0.6], "high": [0.85, 0.8]}, index=["ft", "cos"]),
                {"base": 0.675},
                "base",
            ),
            ["ft 0.80 (0.75 to 0.85) and cos 0.70 (0.60 to 0.80)", "longer one is ft", "one of the two bars"],
        ),
        (
            (pd.DataFrame({"accuracy": [0.5], "low": [0.4], "high": [0.6]}, index=["cos"]), {"base": 0.9}, "base"),
            ["cos 0.50", "base 0.90", "does not reach"],
        ),
    ),
    (
        plots.plot_threshold,
        (
            (*THRESHOLD, 0.5),
            [
                "Threshold 0.50",
                "all four examples are right",
                "1 of the area",
                "recall 1 and 0 wrong yes",
                "precision 1;",
                "guessing is at 0.50",
            ],
        ),
        (
            (*THRESHOLD, 0.95),
            ["Threshold 0.95", "2 of 4 examples", "twice, is yes taken for no", "recall 0 and", "no point"],
        ),
    ),
    (
        plots.plot_trainable,
        (
            ({"layers": 3_000_000, "head": 1_000_000}, ["layers"]),
            ["layers 3 and head 1", "longer one is layers", "one is frozen", "25.00% of all"],
        ),
        (({"layers": 2_000_000, "head": 2_000_000}, []), ["Both are level", "Nothing is frozen"]),
    ),
    (
        plots.plot_widths,
        (
            ({"dynamic": [5, 9], "grouped": [9, 5]},),
            ["dynamic rises from 5 to 9", "grouped falls from 9 to 5", "(1 to 2)"],
        ),
        (({"dynamic": [5, 9, 7]},), ["rises from 5 to 9 at batch 2, then falls to 7"]),
    ),
]


def test_every_figure_has_its_text_tested():
    assert {draw.__name__ for draw, *_ in TEXTS} == {name for name in dir(plots) if name.startswith("plot_")}


@pytest.mark.parametrize(("draw", "one", "other"), TEXTS, ids=lambda value: getattr(value, "__name__", ""))
def test_text_says_what_is_drawn(draw, one, other):
    texts = [text_of(draw(*arguments)) for arguments, _ in (one, other)]
    for text, (_, said), not_said in zip(texts, (one, other), (other, one), strict=True):
        assert [words for words in said if words not in text] == [], text
        assert any(words not in text for words in not_said[1])
        assert len(text.split()) <= 70 and text.endswith(".") and ".." not in text and "  " not in text


@pytest.mark.parametrize(
    ("draw", "arguments", "said"),
    [
        (plots.plot_bars, ({}, "f1"), "An empty figure of f1: there are no bars."),
        (plots.plot_bars, ({"a": NAN, "b": 1.0}, "f1"), "Two bars show f1: a not a number and b 1.00."),
        (plots.plot_bars, ({"a": 0.501, "b": 0.502, "c": 0.5}, "f1"), "All are level."),
        (plots.plot_bars, (dict.fromkeys("abcdefgh", 1.0), "f1"), "f 1.00 and 2 more."),
        (plots.plot_bars, ({"a": 0.5}, "f1", ("base", 0.499)), "the bar does not reach beyond it."),
        (plots.plot_losses, ([],), "An empty figure of cross-entropy over epoch."),
        (plots.plot_losses, (log(loss=[0.5]),), "(1): training loss has one point, at 0.50."),
        (plots.plot_losses, (log(loss=[NAN]),), "has no points, and one value is no number."),
        (plots.plot_losses, (log(loss=[0.5, NAN, 0.4, math.inf]),), "0.50 to 0.40, and two values are no numbers."),
        (plots.plot_losses, (log(loss=[0.5, 0.501, 0.5]),), "training loss stays level at 0.50."),
        (plots.plot_losses, (log(loss=["0.5", "0.4"]),), "falls from 0.50 to 0.40."),
        (plots.plot_loss_and_metric, (log(eval_accuracy=[0.6]), ("base", 0.6)), "ends on the dashed line"),
        (plots.plot_lines, ({}, "step", "rate"), "An empty figure of rate over step."),
        (plots.plot_lines, ({f"l{n}": ([1], [n]) for n in range(9)}, "step", "rate"), "at 5; and 3 more."),
        (plots.plot_lines, ({"a": (range(9), [*range(5), 4, 4, 4, 4])}, "x", "y"), "straight from 0 to 4 at x 4, then"),
        (plots.plot_lengths, ([],), "An empty histogram"),
        (plots.plot_lengths, ([1],), "one pair, of one token."),
        (plots.plot_guesses, ([], [], 0.5), "there are no points"),
        (plots.plot_confusion, (np.zeros((2, 2), int), ["no", "yes"]), "no examples."),
        (plots.plot_confusion, (np.eye(30, dtype=int), list(range(30))), "Shown are the 12 most common of 30 classes."),
        (plots.plot_batch, (np.r_[np.ones(999), 0].reshape(1, -1),), "under 1%"),
        (
            plots.plot_epoch,
            ([5], [0], 4),
            "The first text of an epoch, one row each, in one batch five positions wide.",
        ),
    ],
)
def test_text_at_the_edges(draw, arguments, said):
    assert said in text_of(draw(*arguments))


def test_figure_of_several_parts_has_the_texts_of_all():
    _, (left, right) = plt.subplots(1, 2)
    plots.plot_bars({"a": 1.0}, "right", ax=right)
    plots.plot_bars({"a": 1.0}, "left", ax=left)
    assert text_of(left) == "One bar shows left: a 1.00. One bar shows right: a 1.00."


def test_part_leaves_the_text_of_the_whole():
    ax = plots.plot_loss_and_metric(LOG, ("always yes", 0.6))
    before = text_of(ax)
    plots.plot_lengths([1, 2], ax=ax)
    assert text_of(ax) == before


def test_metric_that_was_not_logged_is_said():
    with pytest.raises(ValueError, match=r"No log has 'eval_f1'.*eval_accuracy and eval_loss"):
        plots.plot_loss_and_metric(LOG, ("always yes", 0.6), "eval_f1")


def test_lengths_count_every_text():
    ax = plots.plot_lengths([3, 5, 5, 40])
    assert sum(patch.get_height() for patch in ax.patches) == 4


def test_lengths_are_held_against_their_mean_or_another_line():
    assert [text.get_text() for text in plots.plot_lengths([3, 5, 40]).texts] == ["mean 16"]
    assert [text.get_text() for text in plots.plot_lengths([3, 5, 40], line=("median", 5.0)).texts] == ["median 5"]


def test_batch_says_its_share_of_real_tokens():
    ax = plots.plot_batch(np.array([[1, 1, 0, 0], [1, 1, 1, 1]]))
    assert ax.get_title() == "8 positions, 25% of them padding"


def test_bars_have_the_values_and_the_line():
    ax = plots.plot_bars({"a": 0.5, "b": 0.9}, "accuracy", line=("baseline", 0.7))
    assert [patch.get_width() for patch in ax.patches] == [0.5, 0.9]
    assert ax.get_legend().get_texts()[0].get_text() == "baseline"


def test_bars_on_a_logarithmic_axis_are_all_seen():
    ax = plots.plot_bars({"a": 5.0, "b": 5e6}, "seconds", written="{:,.0f}", log=True)
    assert ax.get_xscale() == "log"
    assert ax.get_xlim()[0] < 5 and ax.get_xlim()[1] > 5e6
    assert [text.get_text() for text in ax.texts] == ["5", "5,000,000"]


def test_lines_are_told_apart_by_stroke_as_well():
    ax = plots.plot_lines({name: ([1, 2], [3, 4]) for name in "abcd"}, "step", "loss")
    assert len({line.get_linestyle() for line in ax.lines}) == 4
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list("abcd")


def test_no_line_is_lost_and_no_two_look_alike():
    ax = plots.plot_lines({str(name): ([1, 2], [3, 4]) for name in range(9)}, "step", "loss")
    assert len({(line.get_linestyle(), line.get_color()) for line in ax.lines}) == 9


def test_guesses_stand_beside_the_line_of_blind_answers():
    ax = plots.plot_guesses([0.0, 0.5], [0.2, 0.6], yes=0.75)
    blind, always_yes, guesses = ax.lines
    assert list(blind.get_ydata()) == [0.25, 0.75]
    assert list(always_yes.get_ydata()) == [0.75]
    assert list(zip(*guesses.get_data(), strict=True)) == [(0.0, 0.2), (0.5, 0.6)]


def test_losses_draw_both_curves():
    ax = plots.plot_losses(LOG)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0.7, 0.4], [0.6, 0.5]]


def test_losses_without_validation_draw_one_curve():
    assert len(plots.plot_losses([entry for entry in LOG if "eval_loss" not in entry]).lines) == 1


def test_metric_stands_beside_the_losses():
    ax = plots.plot_loss_and_metric(LOG, ("always yes", 0.6))
    assert ax.lines[1].get_ydata() == [0.6, 0.6] and "always yes" in ax.get_legend_handles_labels()[1]
    assert ax.lines[0].get_ydata().tolist() == [0.7, 0.8]
    assert len(ax.figure.axes) == 2


def test_confusion_writes_every_count():
    ax = plots.plot_confusion(np.array([[5, 1], [2, 9]]), ["no", "yes"])
    assert [text.get_text() for text in ax.texts] == ["5", "1", "2", "9"]


def test_confusion_of_many_classes_names_each():
    ax = plots.plot_confusion(np.eye(5, dtype=int), list("abcde"))
    assert len(ax.texts) == 25
    assert [label.get_text() for label in ax.get_yticklabels()] == list("abcde")


def test_confusion_of_too_many_classes_shows_the_most_common():
    ax = plots.plot_confusion(np.diag(range(30)), [str(number) for number in range(30)])
    assert [label.get_text() for label in ax.get_yticklabels()] == [str(number) for number in range(18, 30)]


def test_probabilities_count_every_example():
    ax = plots.plot_probabilities(np.array([0.1, 0.9, 0.8]), np.array([0, 1, 1]), ["no", "yes"])
    assert sum(patch.get_height() for container in ax.containers for patch in container) == 3


def test_draws_into_the_axes_that_it_is_given():
    _, ax = plt.subplots()
    assert plots.plot_lengths([1, 2], ax=ax) is ax


def test_batches_stand_below_one_another_on_one_scale():
    ax = plots.plot_batches({"short": np.ones((2, 3), int), "long": np.ones((2, 9), int)})
    assert [one.get_title().split(":")[0] for one in ax.figure.axes] == ["short", "long"]
    assert {one.get_xlim() for one in ax.figure.axes} == {(0.0, 9.0)}


def test_widths_draw_one_line_a_name():
    ax = plots.plot_widths({"dynamic": [5, 9], "grouped": [9, 5]})
    assert [line.get_ydata().tolist() for line in ax.lines] == [[5, 9], [9, 5]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["dynamic", "grouped"]


def test_epoch_draws_real_tokens_and_padding():
    ax = plots.plot_epoch([2, 4, 3, 1], order=[3, 1, 0, 2], batch_size=2, width=9)
    real, padding = ([patch.get_width() for patch in container] for container in ax.containers)
    assert real == [1, 4, 2, 3]
    assert padding == [3, 0, 1, 0]
    assert ax.get_xlim() == (0, 9)
    assert len(ax.lines) == 1  # parts the two batches


def test_frozen_parts_say_so():
    ax = plots.plot_trainable({"embeddings": 5, "head": 1}, frozen=["embeddings"])
    assert [text.get_text() for text in ax.texts] == ["frozen", "trains"]
    assert ax.patches[0].get_hatch() and not ax.patches[1].get_hatch()


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_threshold_marks_its_point_on_both_curves(threshold):
    probabilities, labels = np.array([0.1, 0.4, 0.6, 0.9]), np.array([0, 1, 0, 1])
    recall = plots.plot_threshold(probabilities, labels, ["no", "yes"], threshold)
    matrix, roc, _ = recall.figure.axes
    assert sum(int(text.get_text()) for text in matrix.texts) == 4
    point = {0.0: (1.0, 1.0), 0.5: (0.5, 0.5), 1.0: (0.0, 0.0)}[threshold]
    assert tuple(float(value[0]) for value in roc.lines[1].get_data()) == point
    labelled = [line.get_label() for line in recall.lines]
    assert ("this threshold" in labelled) == (threshold < 1)  # nobody said yes: precision is no number


def test_starts_have_a_bar_each_and_an_interval():
    ax = plots.plot_starts(seeds([0.8, 0.7]), {"majority class": 0.675}, line="majority class")
    bars, intervals = [one for one in ax.containers if len(one) == 3]
    assert [patch.get_width() for patch in bars] == [0.675, 0.8, 0.7]
    assert bars[0].get_hatch() and not bars[1].get_hatch()
    assert [text.get_text() for text in ax.texts] == ["0.68", "0.80", "0.70"]
    ends = [segment[:, 0].tolist() for segment in intervals[2][0].get_segments()]
    assert ends == [pytest.approx([0.78, 0.82]), pytest.approx([0.68, 0.72])]


def test_learning_curve_draws_each_size():
    table = seeds([0.6, 0.8]).set_axis([480, 120])
    ax = plots.plot_learning_curve({"fine-tuned": table}, ("majority class", 0.675))
    assert ax.lines[0].get_xydata().tolist() == [[120, 0.8], [480, 0.6]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["120", "480"]
    assert not ax.texts


def test_learning_curve_marks_where_two_cross():
    tables = {"fine-tuned": seeds([0.6, 0.8]), "cosine": seeds([0.7, 0.7])}
    ax = plots.plot_learning_curve(
        {name: table.set_axis([120, 480]) for name, table in tables.items()}, ("no", 0.5), 240
    )
    assert [text.get_text() for text in ax.texts] == ["about 240 pairs"]


def test_stages_show_the_shape_of_each():
    values = [np.zeros((2, 17)), np.zeros((2, 17, 384)), np.zeros((2, 3))]
    ax = plots.plot_stages(["ids", "layers", "logits"], values, new=1)
    shown = ["ids", "2 × 17", "layers", "2 × 17 × 384", "logits", "2 × 3"]
    assert [text.get_text() for text in ax.texts if text.get_text()] == shown
    assert [bool(bar.get_hatch()) for bar in ax.patches[:3]] == [False, True, False]
