"""A checkpoint of one's own: what is said of a broken one, what is copied, and which lessons can't be about it."""

import re

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertForSequenceClassification

from lessons_lib.errors import SetupError
from lessons_lib.lesson import start_lesson
from lessons_lib.own_checkpoint import fit, why_unsuited, why_unusable
from lessons_lib.sources import embedded_checkpoint
from tools.try_others.kinds import KINDS, bert, classifier, edit
from tools.try_others.variants import BROKEN, VARIANTS

LESSONS = [f"{number:02}" for number in range(8)]


@pytest.fixture(autouse=True)
def a_cache_of_its_own(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path_factory.mktemp("cache")))
    for name in ("PROFILE", "DATASET", "TASK", "ROWS"):
        monkeypatch.delenv(f"LESSONS_{name}", raising=False)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-weights", "has no weights: model.safetensors is missing"),
        ("cut-weights", "a model.safetensors that is cut short"),
        ("lfs-pointer", "holds a pointer in place of model.safetensors: .* `git lfs pull`"),
        ("missing-shard", "has not all of its weights: model-0.*absent"),
        ("other-tokenizer", "30,522 ids and its model 5,000 embeddings"),
        ("no-model-type", "config.json without model_type"),
        ("adapter", r"is a PEFT adapter: it changes google-bert/bert-base-uncased.*merge_and_unload\(\)"),
        ("output-folder", "is a Trainer's output folder.*name the newest, .*checkpoint-2"),
        ("no-tokenizer", "has no tokenizer that can be read"),
    ],
)
def test_what_is_wrong_with_a_checkpoint_is_said(name, said, tmp_path, monkeypatch):
    BROKEN[name](tmp_path)
    monkeypatch.setenv("LESSONS_CHECKPOINT", str(tmp_path))
    for number in ("01", "04"):
        with pytest.raises(SetupError, match=f"LESSONS_CHECKPOINT is .*{said}"):
            start_lesson(number)


def test_every_broken_checkpoint_has_its_sentence_here():
    [mark] = [one for one in test_what_is_wrong_with_a_checkpoint_is_said.pytestmark if one.name == "parametrize"]
    assert {name for name, _ in mark.args[1]} == set(BROKEN)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "config.json").unlink(), "has no config.json, so it is no checkpoint"),
        (lambda folder: (folder / "config.json").write_text("{ cut"), "isn't whole"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "tf_model.h5"), "only those of TensorFlow"),
        (lambda folder: (folder / "tokenizer.json").write_text("{ cut"), r"no tokenizer that can be read \(.+\)"),
        (
            lambda folder: (
                (folder / "model.safetensors.index.json").write_text("{") and (folder / "model.safetensors").unlink()
            ),
            "index.json that is cut short",
        ),
    ],
)
def test_files_that_are_absent_or_cut_short_are_named(change, said, tmp_path):
    bert(tmp_path)
    change(tmp_path)
    assert re.search(said, why_unusable(tmp_path))


def test_a_checkpoint_one_folder_below_is_named(tmp_path):
    bert(tmp_path / "final")
    assert why_unusable(tmp_path) == f"has no config.json, but {tmp_path / 'final'} has one: name that folder"


def test_weights_of_another_size_than_config_says_are_refused(tmp_path):
    bert(tmp_path)
    edit(tmp_path / "config.json", lambda facts: facts.update(intermediate_size=48))
    with pytest.raises(SetupError, match=r"of the encoder, such as .*, have another shape than config.json says"):
        fit(tmp_path, "it")


def test_weights_of_another_model_are_refused(tmp_path):
    bert(tmp_path)
    edit(tmp_path / "config.json", lambda facts: facts.update(model_type="distilbert"))
    with pytest.raises(SetupError, match="have no place in its files"):
        fit(tmp_path, "it")


@pytest.mark.parametrize("name", ["bert", "cased-bert", "electra", "albert", "mlm-head", "bf16", "bin", "sharded"])
def test_a_checkpoint_that_fits_stays_where_it_is(name, tmp_path):
    (KINDS | VARIANTS)[name](tmp_path)
    assert why_unusable(tmp_path) is None and fit(tmp_path, "it") == (tmp_path, [])


@pytest.mark.parametrize("name", ["three-label-head", "two-label-head", "token-head", "trainer-checkpoint"])
def test_a_trained_head_is_left_out_and_the_encoder_kept(name, tmp_path):
    (KINDS | VARIANTS)[name](tmp_path)
    before = load_file(tmp_path / "model.safetensors")
    copy, told = fit(tmp_path, "it")
    assert "comes with a trained head" in told[0] and str(copy) in told[-1]
    model, info = AutoModelForSequenceClassification.from_pretrained(copy, num_labels=3, output_loading_info=True)
    assert {"classifier.weight", "classifier.bias"} <= set(info["missing_keys"])
    after = model.state_dict()
    kept = [key for key in before if not key.startswith("classifier")]
    assert kept and all(torch.equal(before[key], after[key]) for key in kept)
    assert not [key for key in info["missing_keys"] if "pooler" in key and key in before]
    assert set(model.config.id2label.values()) == {"LABEL_0", "LABEL_1", "LABEL_2"}


def test_the_task_of_another_head_goes_with_it(tmp_path):
    classifier(tmp_path, problem_type="multi_label_classification")
    copy, _ = fit(tmp_path, "it")
    model = AutoModelForSequenceClassification.from_pretrained(copy, num_labels=2)
    inputs = AutoTokenizer.from_pretrained(copy)("Rain fell.", return_tensors="pt")
    assert model(**inputs, labels=torch.tensor([1])).loss > 0


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_decoder_gets_a_padding_token(name, tmp_path):
    KINDS[name](tmp_path)
    copy, told = fit(tmp_path, "it")
    tokenizer = AutoTokenizer.from_pretrained(copy)
    model = AutoModelForSequenceClassification.from_pretrained(copy, num_labels=2)
    assert tokenizer.pad_token is not None and model.config.pad_token_id == tokenizer.pad_token_id
    batch = tokenizer(["Rain.", "Rain fell on the town."], padding=True, return_tensors="pt")
    alone = tokenizer("Rain.", return_tensors="pt")
    with torch.no_grad():
        assert torch.allclose(model(**batch).logits[0], model(**alone).logits[0], atol=1e-4)
    assert any("no padding token" in one for one in told)


@pytest.mark.parametrize(("name", "most"), [("few-positions", 64), ("no-max-length", 512), ("roberta", 512)])
def test_texts_are_cut_where_the_model_ends(name, most, tmp_path):
    KINDS[name](tmp_path)
    copy, told = fit(tmp_path, "it")
    tokenizer = AutoTokenizer.from_pretrained(copy)
    assert tokenizer.model_max_length == most and f"cut at {most}" in told[0]
    inputs = tokenizer("rain " * 2000, truncation=True, return_tensors="pt")
    model = AutoModelForSequenceClassification.from_pretrained(copy, num_labels=2)
    assert model(**inputs).logits.shape == (1, 2) and inputs["input_ids"].shape[1] == most


@pytest.mark.parametrize("name", ["sharded", "bin", "bf16"])
def test_lesson_03_gets_one_file_in_32_bits(name, tmp_path):
    VARIANTS[name](tmp_path)
    copy, told = fit(tmp_path, "it", plain=True)
    assert {tensor.dtype for tensor in load_file(copy / "model.safetensors").values()} == {torch.float32}
    assert len(told) == 2


def test_a_copy_is_made_once_and_again_where_a_file_changed(tmp_path):
    classifier(tmp_path)
    first, _ = fit(tmp_path, "it")
    stamp = (first / "model.safetensors").stat().st_mtime_ns
    assert fit(tmp_path, "it")[0] == first and (first / "model.safetensors").stat().st_mtime_ns == stamp
    BertForSequenceClassification.from_pretrained(tmp_path, num_labels=2).save_pretrained(tmp_path)
    assert fit(tmp_path, "it")[0] != first


UNSUITED = {
    "bert": [],
    "cased-bert": ["01"],
    "distilbert": ["01", "03"],
    "roberta": ["01", "03"],
    "electra": ["03"],
    "modernbert": ["01", "03"],
    "albert": ["01", "03"],
    "gpt2": ["01", "02", "03"],
    "t5": ["01", "02", "03", "06"],
    "mlm-head": ["03"],
    "few-positions": ["02"],
}


@pytest.mark.parametrize("name", UNSUITED)
def test_which_lessons_take_the_courses_own_in_its_place(name, tmp_path, monkeypatch, capsys):
    KINDS[name](tmp_path)
    assert [number for number in LESSONS if why_unsuited(tmp_path, number)] == UNSUITED[name]
    monkeypatch.setenv("LESSONS_CHECKPOINT", str(tmp_path))
    if "03" in UNSUITED[name]:
        assert start_lesson("03").checkpoint == str(embedded_checkpoint())
        assert f"Note: The course's own checkpoint in place of {tmp_path}." in capsys.readouterr().out


def test_the_rate_of_the_courses_checkpoint_is_not_that_of_others(tmp_path, monkeypatch, capsys):
    usual = start_lesson("04").learning_rate
    bert(tmp_path)
    monkeypatch.setenv("LESSONS_CHECKPOINT", str(tmp_path))
    assert start_lesson("04").learning_rate == usual / 2  # the default of TrainingArguments
    assert "not measured" in capsys.readouterr().out
