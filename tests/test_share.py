"""Publishing against a Hub on loopback: what arrives is whole, each fault is one sentence, and no token gets out."""

import errno
import shutil
import threading
import time
import traceback
from types import SimpleNamespace

import nbformat
import pytest
import torch
from hub_stand_in import Hub, settings
from huggingface_hub import CommitOperationAdd, HfApi, constants
from huggingface_hub.utils import _http, _xet
from nbclient import NotebookClient
from safetensors import SafetensorError
from transformers import BertConfig, BertForSequenceClassification, modeling_utils

from lessons_lib.errors import SetupError
from lessons_lib.share import check_published, files_to_share, is_empty, may_publish, sentences

TOKEN, NAME, REPOSITORY = "hf_" + "Secret" * 6, "learner/my-bert", "models/learner/my-bert"
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
CARD = "---\nlicense: apache-2.0\nlibrary_name: transformers\n---\n# My BERT\n"
STRAY = ("training_args.bin", "optimizer.pt", "pytorch_model.bin", "old.model", ".env", "trainer_state.json")
WHOLE = {"README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}

LESSON = """
import os
from huggingface_hub import CommitOperationAdd, HfApi
from lessons_lib.share import check_published, files_to_share, is_empty, may_publish, sentences

name = os.environ.get("LESSONS_PUBLISH", "")
if may_publish(name):
    files = [CommitOperationAdd(file.name, file) for file in files_to_share(folder)]
    with sentences(name):
        HfApi().create_repo(name, private=True, exist_ok=is_empty(name))
        commit = HfApi().create_commit(name, files, commit_message="A fine-tuned BERT")
        published = check_published(name, commit.oid, folder)
"""
LOAD_BACK = """
from transformers import AutoModelForSequenceClassification, AutoTokenizer

def answer(*where, **revision):
    model = AutoModelForSequenceClassification.from_pretrained(*where, **revision)
    return model(**AutoTokenizer.from_pretrained(*where, **revision)("a pair", "of texts", return_tensors="pt")).logits

assert answer(folder).equal(answer(name, revision=commit.oid))
print("the same logits")
"""


@pytest.fixture
def hub(tmp_path):
    """A Hub with no repository, which knows one learner."""
    with Hub(tmp_path / "hub") as hub:
        hub.tokens[TOKEN] = "learner"
        threading.Thread(target=hub.serve_forever, args=(0.02,), daemon=True).start()
        yield hub
        hub.shutdown()


@pytest.fixture(scope="module")
def saved(tokenizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    torch.manual_seed(0)
    BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), **SMALL)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """What a training leaves: a model, its tokenizer and its card, and what nobody else should get."""
    folder = shutil.copytree(saved, tmp_path / "model")
    for name in STRAY:
        (folder / name).write_bytes(b"not for others")
    return folder


@pytest.fixture(autouse=True)
def learner(hub, tmp_path, monkeypatch, capfd):
    """A learner with a token, who asked for the publication; no word and no file may hold the token afterwards."""
    ours = settings(hub, tmp_path / "hf") | {"HF_TOKEN": TOKEN, "LESSONS_PUBLISH": NAME, "HF_HUB_DISABLE_XET": "1"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    here = {"ENDPOINT": hub.address, "HF_HUB_OFFLINE": False, "HF_HUB_DISABLE_XET": True}
    for name, value in (here | {"HF_TOKEN_PATH": str(tmp_path / "hf" / "token")}).items():
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setattr(_http, "time", SimpleNamespace(time=time.time, sleep=lambda seconds: None))
    yield monkeypatch
    assert TOKEN not in "".join(capfd.readouterr())
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file


def publish(folder) -> dict:
    """Run the lesson's cell."""
    names = {"folder": folder}
    exec(LESSON, names)
    return names


def broken_off(run, *args) -> str:
    """Return the sentence that `run` ends in, after a look for the token in everything that an error can show."""
    with pytest.raises(SetupError) as caught:
        run(*args)
    error = caught.value
    shown = [str(error), repr(error), *traceback.format_exception(error), *error._render_traceback_()]
    assert TOKEN not in "".join(shown)
    assert "\n" not in str(error)
    return str(error)


def visible(hub, repository: str = REPOSITORY) -> set[str]:
    """Return what anybody with access sees in a repository."""
    return {file.name for file in (hub.root / repository).glob("*")} - {".gitattributes"}


def writes(hub, what: str) -> int:
    return sum(one.what == what for one in hub.seen)


def test_what_was_published_is_whole_private_and_one_commit(hub, folder):
    published = publish(folder)["published"]
    assert visible(hub) == WHOLE == set(published.index)
    assert (writes(hub, "create"), writes(hub, "commit"), len(hub.commits[REPOSITORY])) == (1, 1, 2)
    assert hub.private == {REPOSITORY}
    for name in WHOLE:
        assert (hub.root / REPOSITORY / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"LESSONS_PUBLISH": ""}, "you didn't ask for it"),
        ({"LESSONS_PUBLISH": "my-bert"}, "Write owner/name"),
        ({"LESSONS_PUBLISH": TOKEN}, "Write owner/name"),
        ({"HF_TOKEN": ""}, "there is no token"),
    ],
)
def test_nothing_is_sent_unless_the_learner_asked_and_has_a_token(hub, folder, learner, capfd, changes, reason):
    for name, value in changes.items():
        learner.setenv(name, value)
    assert "commit" not in publish(folder)
    printed = capfd.readouterr().out
    assert printed.startswith("Nothing is published") and reason in printed and printed.count("\n") == 1
    assert TOKEN not in printed
    assert not hub.seen


def test_another_name_than_the_one_asked_for_and_no_network_are_no_permission(hub, learner):
    assert may_publish(NAME) and not may_publish("learner/another")
    learner.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not may_publish(NAME)
    assert not hub.seen


NOTHING, EMPTY = "Nothing was published.", "the repository is there, and empty"


@pytest.mark.parametrize(
    ("trouble", "reason", "now"),
    [
        ("403 create", "answered 403", "no such repository"),
        ("cut create", "connection broke off", "no such repository"),
        ("503 create", "answered 503", "no such repository"),
        ("lost create", "connection broke off", EMPTY),
        ("403 batch", "your token may not write there", EMPTY),
        ("cut upload", "connection broke off", EMPTY),
        ("413 upload", "larger than it takes", EMPTY),
        ("507 upload", "no room for your files", EMPTY),
        ("503 upload", "in trouble itself", EMPTY),
        ("cut commit", "connection broke off", EMPTY),
        ("507 commit", "no room for your files", EMPTY),
        ("409 commit", "at the same time", EMPTY),
    ],
)
def test_each_fault_is_one_sentence_nothing_is_visible_and_the_next_run_publishes_all(
    hub, folder, trouble, reason, now
):
    hub.trouble = trouble
    sentence = broken_off(publish, folder)
    assert NAME in sentence and reason in sentence and now in sentence
    assert not visible(hub)
    assert len(hub.commits.get(REPOSITORY, [])) <= 1
    hub.trouble = ""
    assert set(publish(folder)["published"].index) == WHOLE == visible(hub)


@pytest.mark.parametrize("fault", ["cut", "lost"])
def test_an_answer_that_got_lost_is_no_failure_and_a_request_that_did_leaves_the_old_version(hub, folder, fault):
    first = publish(folder)["commit"].oid
    old = (hub.root / REPOSITORY / "README.md").read_text()
    (folder / "README.md").write_text(f"{CARD}\nThe second version.\n", encoding="utf-8")
    hub.trouble = f"{fault} commit"

    def again():
        with sentences(NAME):
            HfApi().create_commit(NAME, [CommitOperationAdd("README.md", folder / "README.md")], commit_message="2")

    sentence = broken_off(again)
    hub.trouble = ""
    if fault == "cut":
        assert hub.head(REPOSITORY) == first and first[:7] in sentence and "held before" in sentence
        assert (hub.root / REPOSITORY / "README.md").read_text() == old
        assert "README.md" in broken_off(check_published, NAME, first, folder)
    else:
        assert hub.head(REPOSITORY) != first and f"check_published('{NAME}', '{hub.head(REPOSITORY)}'" in sentence
        assert set(check_published(NAME, hub.head(REPOSITORY), folder).index) == WHOLE


def test_a_check_that_breaks_off_says_what_there_is_to_check(hub, folder):
    hub.trouble = "cut tree"
    sentence = broken_off(publish, folder)
    assert "connection broke off" in sentence and f"check_published('{NAME}', '{hub.head(REPOSITORY)}'" in sentence
    assert visible(hub) == WHOLE


def test_a_wrong_token_is_refused(hub, folder, learner):
    learner.setenv("HF_TOKEN", "hf_" + "Wrong" * 7)
    sentence = broken_off(publish, folder)
    assert "doesn't accept your token" in sentence and NOTHING in sentence and "Wrong" not in sentence
    assert not (hub.root / REPOSITORY).exists()


def test_another_owners_name_is_refused(hub, folder, learner):
    learner.setenv("LESSONS_PUBLISH", "somebody/my-bert")
    assert "Check the owner" in broken_off(publish, folder)
    assert not hub.commits


def test_a_name_that_is_taken_keeps_what_it_has(hub, folder):
    before = publish(folder)["commit"].oid
    (folder / "README.md").write_text(f"{CARD}\nAnother model.\n", encoding="utf-8")
    sentence = broken_off(publish, folder)
    assert "the name is taken" in sentence and before[:7] in sentence
    assert hub.head(REPOSITORY) == before and "Another" not in (hub.root / REPOSITORY / "README.md").read_text()


def test_a_hub_that_is_gone_is_one_sentence_that_claims_nothing(folder, learner):
    learner.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    sentence = broken_off(publish, folder)
    assert "connection broke off" in sentence and "all your files, or none of them" in sentence


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [("403 xet-write-token", "answered 403"), ("cut xet-write-token", "connection broke off")],
)
def test_where_xet_uploads_the_files_the_sentences_are_the_same(hub, folder, learner, trouble, reason):
    learner.setattr(constants, "HF_HUB_DISABLE_XET", False)
    learner.setattr(_xet, "_GLOBAL_XET_HOLDER", _xet.XetSessionHolder())
    learner.setenv("HF_XET_CLIENT_RETRY_MAX_ATTEMPTS", "1")
    learner.setenv("HF_XET_CLIENT_RETRY_BASE_DELAY", "10ms")
    hub.trouble = trouble
    sentence = broken_off(publish, folder)
    assert reason in sentence and EMPTY in sentence
    assert writes(hub, "xet-write-token") and not visible(hub)


@pytest.mark.parametrize(
    "full", [OSError(errno.ENOSPC, "it is full"), SafetensorError("I/O error: No space left on device (os error 28)")]
)
def test_a_full_disk_here_publishes_nothing_not_even_afterwards(hub, folder, learner, full):
    model = BertForSequenceClassification.from_pretrained(folder)
    half = (folder / "model.safetensors").read_bytes()[:-1000]
    there = shutil.copytree(folder, folder / "again", ignore=shutil.ignore_patterns("*.safetensors"))

    def break_off(weights, file, **_):
        (there / "model.safetensors").write_bytes(half)
        raise full

    def save():
        with sentences(NAME):
            model.save_pretrained(there)

    learner.setattr(modeling_utils, "safe_save_file", break_off)
    sentence = broken_off(save)
    assert "disk of this machine is full" in sentence and "no such repository" in sentence
    assert "model.safetensors isn't whole" in broken_off(publish, there)
    assert not hub.commits


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_folder_that_misses_a_file_is_not_published(hub, folder, name):
    (folder / name).unlink()
    assert f"has no {name}" in broken_off(publish, folder)
    assert not hub.seen


def test_a_broken_file_and_a_missing_shard_are_found_before_anything_is_sent(hub, folder):
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-00002-of-00002.safetensors"}}')
    assert "model-00002-of-00002.safetensors" in broken_off(publish, folder)
    (folder / "config.json").write_text('{"architectures": [')
    assert "config.json isn't whole" in broken_off(publish, folder)
    assert not hub.seen


@pytest.mark.parametrize("change", ["other bytes", "one file less", "one file more"])
def test_what_the_hub_holds_is_compared_file_by_file(hub, folder, change):
    commit = publish(folder)["commit"].oid
    there = hub.root / REPOSITORY
    name = {"other bytes": "model.safetensors", "one file less": "config.json", "one file more": "old.bin"}[change]
    if change == "one file less":
        (there / name).unlink()
    else:
        (there / name).write_bytes(b"x" * (folder / "model.safetensors").stat().st_size)
    sentence = broken_off(check_published, NAME, commit, folder)
    assert [file for file in (*WHOLE, "old.bin") if file in sentence] == [name]


def test_only_a_repository_without_files_is_empty(hub, folder):
    assert not is_empty(NAME)
    HfApi().create_repo(NAME)
    assert is_empty(NAME)
    publish(folder)
    assert not is_empty(NAME)


def test_a_token_in_an_error_stays_out_of_the_sentence_and_a_mistake_of_the_cell_stays_itself():
    def fail(error):
        with sentences(NAME):
            raise error

    other = "hf_" + "Other" * 7
    sentence = broken_off(fail, RuntimeError(f"Bearer {TOKEN}\nand {other}"))
    assert "RuntimeError: Bearer hf_… and hf_…" in sentence and other not in sentence
    assert "didn't answer in time" in broken_off(fail, TimeoutError())
    assert broken_off(fail, SetupError("of ours")) == "of ours"
    with pytest.raises(NameError):
        fail(NameError("commti"))


def test_the_files_to_share_hold_no_pickle_and_nothing_private(folder):
    assert {file.name for file in files_to_share(folder)} == WHOLE


def test_in_a_notebook_a_fault_is_one_sentence_and_what_is_loaded_back_gives_the_same_logits(hub, folder, tmp_path):
    def calm(**_):
        hub.trouble = "507 upload" if not hub.seen else ""

    sources = (f"folder = {str(folder)!r}", LESSON, LESSON, LOAD_BACK)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    there = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, allow_errors=True, on_cell_executed=calm, resources=there).execute()
    nbformat.write(notebook, tmp_path / "executed.ipynb")
    (failed,) = [out for out in notebook.cells[1].outputs if out.output_type == "error"]
    assert failed.traceback == [f"SetupError: {failed.evalue}"] and EMPTY in failed.evalue
    assert not [out for cell in notebook.cells[2:] for out in cell.outputs if out.output_type == "error"]
    assert "the same logits" in str(notebook.cells[3].outputs)
    assert list((tmp_path / "hf").rglob("model.safetensors")), "nothing was fetched"
    assert visible(hub) == WHOLE
