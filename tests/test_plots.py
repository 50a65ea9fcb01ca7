"""Every figure draws what it is given, and `show` carries its alternative text."""

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


def test_lengths_count_every_text():
    ax = plots.plot_lengths([3, 5, 5, 40])
    assert sum(patch.get_height() for patch in ax.patches) == 4


def test_lengths_are_held_against_their_mean_or_another_line():
    assert [text.get_text() for text in plots.plot_lengths([3, 5, 40]).texts] == ["mean 16"]
    assert [text.get_text() for text in plots.plot_lengths([3, 5, 40], line=("median", 5.0)).texts] == ["median 5"]


def test_batch_says_its_share_of_real_tokens():
    ax = plots.plot_batch(np.array([[1, 1, 0, 0], [1, 1, 1, 1]]))
    assert ax.get_title() == "8 positions, 75% of them real tokens"


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


def seeds(accuracy):
    rows = {"accuracy": accuracy, "low": [one - 0.02 for one in accuracy], "high": [one + 0.02 for one in accuracy]}
    return pd.DataFrame(rows, index=[f"start {number}" for number in range(len(accuracy))])


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
