"""Each lab follows its controls, shows hostile text as text, and leaves the model as it was."""

import ipywidgets as widgets
import numpy as np
import pytest
import torch
from test_html import HOSTILE, read
from transformers import BertConfig, BertForSequenceClassification

from lessons_lib import labs
from lessons_lib.heads import compare_weights, parameter_table, without_prefix
from lessons_lib.labs import lab as lab_module
from lessons_lib.labs import padding as padding_module

NAMES = ["not_equivalent", "equivalent"]


@pytest.fixture(scope="module")
def model(tokenizer):
    size = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "initializer_range": 0.5,
    }
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), **size))


@pytest.fixture(scope="module")
def comparison(model):
    weights = without_prefix(model.state_dict(), "bert.")
    file = {name: tensor for name, tensor in weights.items() if not name.startswith("classifier")}
    return compare_weights(file | {"cls.predictions.bias": torch.zeros(3)}, weights)


@pytest.fixture
def build(tokenizer, model, comparison):
    """Make a lab by its name, with the text and the class names that it is to show."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60)
    logits = rng.normal(size=(60, 2)) + np.stack([1 - labels, labels], axis=1)
    lengths = rng.integers(5, 120, 200).tolist()

    def build(name, text="Rain fell.", names=NAMES):
        if name == "token":
            return labs.token_lab(tokenizer, text, text, max_length=9)
        if name == "padding":
            return labs.padding_lab(lengths, model)
        if name == "head":
            return labs.head_lab(comparison.rename(index=lambda one: one.replace("pooler", text.replace(".", ""))))
        if name == "metrics":
            return labs.metrics_lab(logits, labels, [text] * 60, [text] * 60, names)
        return labs.pair_lab(model, tokenizer, text, "It rained.", names)

    return build


CHANGES = {
    "token": {"text": "It snowed all day", "pair": "", "max_length": 5, "truncation_side": "left"},
    "padding": {"batch_size": 32, "strategy": "grouped", "seed": 3},
    "head": {"freeze": 2, "unfold": "embeddings"},
    "metrics": {"threshold": 0.8, "kind": "said “equivalent”, wrongly", "first": 2},
    "pair": {"sentence1": "It snowed.", "sentence2": "Snow!"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_control_moves_the_view(build, name):
    lab = build(name)
    assert set(lab.controls) == set(CHANGES[name])
    for control, value in CHANGES[name].items():
        before = lab.view.value
        lab.controls[control].value = value
        assert lab.view.value != before, control
        assert "cannot be shown" not in lab.view.value


@pytest.mark.parametrize("name", CHANGES)
def test_every_control_has_a_label(build, name):
    lab = build(name)
    assert all(control.description for control in [*lab.controls.values(), *lab.buttons])


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["token", "head", "metrics", "pair"])
def test_hostile_text_is_text(build, name, text):
    lab = build(name, text, names=[text, text + "2"])
    shown = read(lab.view.value)
    assert name == "token" or text in shown  # that one shows pieces
    descriptions = [control.description for control in [*lab.controls.values(), *lab.buttons]]
    assert not any("<" in one or text in one for one in descriptions)  # ipywidgets 7 runs what stands there


@pytest.mark.parametrize("name", CHANGES)
def test_a_lab_shows_its_still_view_and_hides_it_where_it_lives(build, name, monkeypatch):
    shown, lab = [], build(name)
    monkeypatch.setattr(lab_module, "display", shown.append)
    lab._ipython_display_()
    still, live = shown
    assert lab.view.value in still.data
    hidden = still.data.split('id="')[1].split('"')[0]
    assert f"#{hidden} {{ display: none }}" in live.children[0].value
    assert set(lab.controls.values()) <= set(live.children[1].children)
    assert live.children[2] is lab.view


@pytest.mark.parametrize("name", ["padding", "head", "metrics"])
def test_pictures_have_an_alternative_text(build, name):
    html = build(name).view.value
    assert html.count("<img") == html.count('<img alt="') - html.count('<img alt=""') == 1


def test_token_lab_counts_what_is_cut(tokenizer):
    lab = labs.token_lab(tokenizer, "one two three four five", max_length=5)
    assert "one</b>" in lab.view.value
    shown = read(lab.view.value)
    for number in ("tokens5", "of them special2", "unknown0", "cut off2", "characters23"):
        assert number in shown
    lab.controls["truncation_side"].value = "left"
    assert tokenizer.truncation_side == "right"


@pytest.mark.parametrize(
    "text",
    ["", "a" * 10_000, "rain " * 2_000, "café 🍕 漢字", "half \ud83d", "x\x00y", "for i in range(3):\n\tprint(i)"],
)
def test_token_lab_takes_any_text(tokenizer, text):
    lab = labs.token_lab(tokenizer, "start", "pair")
    for max_length in (4, 128):
        lab.controls["max_length"].value = max_length
        lab.controls["text"].value = text
        lab.controls["pair"].value = text
        assert "cannot be shown" not in lab.view.value


def test_padding_lab_measures_and_leaves_the_model_alone(model):
    model.eval()
    model.zero_grad()
    random_state = torch.get_rng_state()
    lab = labs.padding_lab([5, 9, 30, 7] * 10, model)
    assert torch.equal(torch.get_rng_state(), random_state)
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert " ms" in lab.view.value
    lab.controls["batch_size"].value = 2
    assert " ms" not in lab.view.value
    lab.buttons[0].click()
    assert " ms" in lab.view.value


def test_padding_lab_knows_the_padding(model):
    lab = labs.padding_lab([4, 8], model, pad_to=16)
    lab.controls["batch_size"].value = 2
    assert "padding25.0%" in read(lab.view.value)
    lab.controls["batch_size"].value = 1
    assert "padding0.0%" in read(lab.view.value)
    lab.controls["strategy"].value = "to 16"
    assert "padding62.5%" in read(lab.view.value)


def test_head_lab_writes_lines_that_freeze_what_it_counts(model, comparison):
    lab = labs.head_lab(comparison)
    lab.controls["freeze"].value = 2
    lines = read(lab.view.value[lab.view.value.index("<pre") :])
    exec(lines, {"model": model})  # what a learner would copy
    trainable = parameter_table(model)["trainable"].sum()
    model.requires_grad_(True)
    assert f"{trainable:,} (" in lab.view.value
    assert f"of {len(parameter_table(model, 'bert.')['parameters'])}" not in lab.view.value
    for mark in ("= kept", "+ new", "− dropped", "frozen", "trains"):
        assert mark in lab.view.value


def test_metrics_lab_reads_mistakes_of_one_kind(build):
    lab = build("metrics")
    lab.controls["kind"].value = "said “equivalent”, wrongly"
    listed = read(lab.view.value[lab.view.value.index("<ol") :])
    assert "predicted: equivalent" in listed
    assert "predicted: not_equivalent" not in listed
    lab.controls["threshold"].value = 1.0
    assert "No such mistake." in lab.view.value


def test_metrics_lab_asks_of_three_classes_whether_it_is_class_1():
    logits = np.array([[0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    lab = labs.metrics_lab(logits, np.array([1, 0, 2]), ["a"] * 3, ["b"] * 3, ["no", "maybe", "yes"])
    assert lab.controls["kind"].options[1:] == ("said “maybe”, wrongly", "said “not maybe”, wrongly")
    assert "all mistakes: 1," in lab.view.value


def test_labs_say_that_names_and_classes_do_not_fit(model, tokenizer):
    with pytest.raises(ValueError, match="4 labels and 2 classes need logits of that shape"):
        labs.metrics_lab(np.zeros((4, 3)), np.zeros(4), [""] * 4, [""] * 4, ["a", "b"])
    with pytest.raises(ValueError, match="2 classes, and 3 names were given"):
        labs.pair_lab(model, tokenizer, "a", "b", ["a", "b", "c"])


def test_mistakes_are_numbered_and_never_run_out(build):
    lab = build("metrics")
    count = int(lab.view.value.split("all mistakes: ")[1].split(",")[0])
    lab.controls["first"].value = 60
    assert f'<ol start="{count}"' in lab.view.value
    assert lab.view.value.count("<li") == 1


def test_precision_of_nobody_is_no_number(build):
    lab = build("metrics")
    lab.controls["threshold"].value = 1.0
    assert "precision–" in read(lab.view.value)


def test_step_that_cannot_be_measured_is_said(model, monkeypatch):
    lab = labs.padding_lab([5, 9], model)

    def fail(*shape):
        raise RuntimeError("<b>out of memory</b>")

    monkeypatch.setattr(padding_module, "step_milliseconds", fail)
    lab.buttons[0].click()
    assert "cannot be measured: &lt;b&gt;out of memory" in lab.view.value
    assert not lab.buttons[0].disabled


def test_half_a_pair_is_not_asked(build):
    lab = build("pair")
    lab.controls["sentence2"].value = " "
    assert "Type a text in each box" in lab.view.value


def test_pair_lab_takes_a_single_text_too(model, tokenizer):
    lab = labs.pair_lab(model, tokenizer, "Rain fell.", None, NAMES)
    assert list(lab.controls) == ["text"]
    before = lab.view.value
    lab.controls["text"].value = "Nobody came to the meeting."
    assert lab.view.value != before
    assert NAMES[0] in lab.view.value


def test_pair_lab_says_what_the_model_says(model, tokenizer):
    model.train()
    lab = labs.pair_lab(model, tokenizer, "Rain fell.", "It rained.", NAMES)
    assert model.training
    with torch.no_grad():
        logits = model.eval()(**tokenizer("Rain fell.", "It rained.", return_tensors="pt")).logits
    for probability, name in zip(logits.softmax(dim=-1)[0].tolist(), NAMES, strict=True):
        assert f"<b>{probability:.2f}</b> {name}" in lab.view.value


def test_what_goes_wrong_is_said_in_the_view():
    def draw(level):
        if level > 1:
            raise ValueError("<b>too high</b>")
        return "fine"

    lab = labs.Lab(draw, {"level": widgets.IntSlider(1, description="level")})
    assert lab.view.value == "fine"
    lab.controls["level"].value = 2
    assert "ValueError: &lt;b&gt;too high" in lab.view.value
    with pytest.raises(ValueError, match="too high"):  # in a cell an error is seen, and fails it
        labs.Lab(draw, {"level": widgets.IntSlider(2, description="level")})


def test_model_keeps_its_mode_where_asking_fails(model, tokenizer, monkeypatch):
    pair = labs.pair_lab(model.train(), tokenizer, "Rain fell.", "It rained.", NAMES)
    padding = labs.padding_lab([5, 9], model.eval())
    monkeypatch.setattr(model, "forward", None)
    padding.buttons[0].click()
    assert not model.training
    assert "cannot be measured" in padding.view.value
    model.train()
    pair.controls["sentence1"].value = "It snowed."
    assert model.training
    assert "cannot be shown" in pair.view.value


def test_max_length_may_be_longer_than_usual(tokenizer):
    assert labs.token_lab(tokenizer, "rain", max_length=200).controls["max_length"].value == 200


def test_head_lab_of_a_model_from_scratch_and_of_a_fine_tuned_one(model):
    weights = without_prefix(model.state_dict(), "bert.")
    for comparison in (compare_weights({}, weights), compare_weights(weights, weights)):
        lab = labs.head_lab(comparison)
        assert lab.controls["freeze"].max == 4  # embeddings, two layers, pooler; the head always trains
        lab.controls["freeze"].value = 4
        assert "cannot be shown" not in lab.view.value
