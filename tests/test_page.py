"""A model on a page: what comes from npm is checked first, and what comes from outside is escaped."""

import base64
import hashlib
import io
import json
import os
import tarfile
from html.parser import HTMLParser

import pytest

from lessons_lib import page
from lessons_lib.errors import SetupError
from lessons_lib.page import build_page, vendor
from tools import ROOT

NAMES = ("<b>angry</b>", "calm & <b>kind</b>", "so_<b>_" + "long" * 30)
HOSTILE = """<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script> "quoted" & 🍕"""


def tarball(**members: bytes) -> bytes:
    """A tarball with these files below package/, what reaches out of its folder, and a link."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in (members | {"../../evil.js": b"evil"}).items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("package/link.js")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    return stream.getvalue()


def package_of(content: bytes, **files: tuple[str, bytes]) -> vendor.Package:
    integrity = f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}"
    wanted = {f"{name}.js": (path, hashlib.sha256(inside).hexdigest()) for name, (path, inside) in files.items()}
    return vendor.Package("@some/thing", "1.0.0", "@some/thing/-/thing-1.0.0.tgz", integrity, wanted)


@pytest.fixture
def registry(tmp_path, serve, monkeypatch):
    """An npm registry on loopback with one package, that package, and the folder that it is to be unpacked into."""
    content = tarball(**{"dist/thing.mjs": b"thing", "dist/other.mjs": b"other"})
    package = package_of(content, thing=("package/dist/thing.mjs", b"thing"))
    file = tmp_path / "registry" / package.tarball
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    server = serve(tmp_path / "registry")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{server.url}/")
    return server, package, tmp_path / "vendor"


def test_only_what_is_missing_is_fetched(registry):
    server, package, folder = registry
    for _ in range(2):
        assert vendor.fetch_vendor(folder, [package]) == folder
    assert server.asked == [f"/{package.tarball}"]
    assert [(one.name, one.read_bytes()) for one in folder.iterdir()] == [("thing.js", b"thing")]
    (folder / "thing.js").write_bytes(b"changed")
    vendor.fetch_vendor(folder, [package])
    assert (folder / "thing.js").read_bytes() == b"thing" and len(server.asked) == 2


def test_another_integrity_is_refused_and_nothing_is_left_behind(registry):
    _, package, folder = registry
    other = package_of(b"another tarball", thing=("package/dist/thing.mjs", b"thing"))
    with pytest.raises(SetupError, match=package.integrity[:40].replace("+", r"\+")):
        vendor.fetch_vendor(folder, [other])
    assert not folder.exists()


@pytest.mark.parametrize("path", ["package/link.js", "package/absent.js", "package/dist"])
def test_a_link_or_a_file_that_is_not_there_is_refused(registry, path):
    _, package, folder = registry
    files = package.files | {"more.js": (path, hashlib.sha256(b"evil").hexdigest())}
    with pytest.raises(SetupError, match=path):
        vendor.fetch_vendor(folder, [vendor.Package(**vars(package) | {"files": files})])
    assert not folder.exists()


@pytest.mark.parametrize("name", ["../evil.js", "/evil.js", "..\\evil.js", "C:evil.js", "a/b.js", "..", ""])
def test_a_name_outside_the_folder_is_refused(tmp_path, name):
    facts = tmp_path / "vendor.toml"
    table = '[[npm]]\nname = "a"\nversion = "1"\ntarball = "a.tgz"\nintegrity = "sha512-"\n[npm.files]\n'
    facts.write_text(f'{table}{json.dumps(name)} = ["package/a.js", "00"]\n')
    with pytest.raises(SetupError):
        vendor.read_packages(facts)


def test_without_the_registry_there_is_a_sentence(registry, monkeypatch):
    server, package, folder = registry
    lost = vendor.Package(**vars(package) | {"tarball": "absent.tgz"})
    with pytest.raises(SetupError, match=r"404.*lessons_lib\.page"):
        vendor.fetch_vendor(folder, [lost])
    server.shutdown()
    server.server_close()
    with pytest.raises(SetupError, match=r"127\.0\.0\.1.*lessons_lib\.page"):
        vendor.fetch_vendor(folder, [package])
    assert not folder.exists()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"NPM_CONFIG_REGISTRY": "https://npm.example/a/"}, "https://npm.example/a"),
        ({"npm_config_registry": "http://npm.example"}, "http://npm.example"),
    ],
)
def test_the_registry_is_npms_own_setting(settings, expected):
    assert vendor.find_registry({"PATH": "", **settings}) == expected


@pytest.mark.skipif(os.name == "nt", reason="the npm of this test is a shell script")
def test_the_registry_is_the_one_that_npm_asks(tmp_path):
    npm = tmp_path / "npm"
    npm.write_text('#!/bin/sh\n[ "$*" = "config get registry" ] && echo https://npm.example/of/npm/\n')
    npm.chmod(0o755)
    assert vendor.find_registry({"PATH": str(tmp_path)}) == "https://npm.example/of/npm"


@pytest.mark.parametrize("settings", [{}, {"npm_config_registry": "file:///etc"}])
def test_without_a_registry_there_is_a_sentence(settings):
    with pytest.raises(SetupError, match=r"Install Node\.js.*NPM_CONFIG_REGISTRY.*lessons_lib\.page"):
        vendor.find_registry({"PATH": "", **settings})


def test_the_folder_can_be_chosen(tmp_path):
    assert vendor.vendor_folder({"LESSONS_VENDOR": str(tmp_path)}) == tmp_path
    assert vendor.vendor_folder({}) == ROOT / ".cache" / "vendor"


@pytest.fixture
def model_folder(registry, tmp_path, monkeypatch):
    """A folder with what a page needs of a model, as far as Python looks at it; what comes from npm is there too."""
    _, package, folder = registry
    vendor.fetch_vendor(folder, [package])
    monkeypatch.setenv("LESSONS_VENDOR", str(folder))
    monkeypatch.setattr(page, "read_packages", lambda: (package,))
    model = tmp_path / "model"
    model.mkdir()
    for name in ("model_quantized.onnx", "tokenizer.json", "tokenizer_config.json"):
        (model / name).write_bytes(b"{}")
    (model / "config.json").write_text(json.dumps({"id2label": dict(enumerate(NAMES))}))
    return model


def test_the_page_is_a_folder_with_everything(model_folder, tmp_path):
    index = build_page(model_folder, tmp_path / "out", title="A page")
    files = {one.relative_to(tmp_path / "out").as_posix() for one in (tmp_path / "out").rglob("*") if one.is_file()}
    model = {"model/onnx/model_quantized.onnx", "model/config.json", "model/tokenizer.json"}
    ours = {"index.html", "page.js", "page.css", "vendor/NOTICE.txt", "vendor/thing.js"}
    assert files == ours | model | {"model/tokenizer_config.json"}
    assert index == tmp_path / "out" / "index.html"


def test_whatever_comes_from_outside_is_escaped(model_folder, tmp_path):
    index = build_page(
        model_folder, tmp_path / "out", title=HOSTILE, texts=(HOSTILE, "$title"), examples=[(HOSTILE, '" onclick="x')]
    )
    tags, words = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            tags.append((tag, dict(attributes)))

        def handle_data(self, data):
            words.append(data)

    Reader().feed(index.read_text(encoding="utf-8"))
    assert [words.count(HOSTILE), words.count("$title"), words.count(f'{HOSTILE} / " onclick="x')] == [3, 1, 1]
    assert {"img", "b"}.isdisjoint(tag for tag, _ in tags)
    assert [attributes["src"] for tag, attributes in tags if tag == "script"] == ["page.js"]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    [example] = [json.loads(attributes["data-texts"]) for _, attributes in tags if "data-texts" in attributes]
    assert example == [HOSTILE, '" onclick="x']


@pytest.mark.parametrize("name", ["model_quantized.onnx", "config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_missing_file_is_named(model_folder, tmp_path, name):
    (model_folder / name).unlink()
    with pytest.raises(SetupError, match=name):
        build_page(model_folder, tmp_path / "out", title="A page")
    assert not (tmp_path / "out").exists()


def test_without_the_files_from_npm_it_says_what_to_run(model_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("LESSONS_VENDOR", str(tmp_path / "nothing"))
    with pytest.raises(SetupError, match=r"thing\.js.*python -m lessons_lib\.page"):
        build_page(model_folder, tmp_path / "out", title="A page")


@pytest.mark.parametrize("config", [{}, {"id2label": {"0": "one"}}, {"problem_type": "multi_label_classification"}])
def test_a_model_that_does_not_choose_a_class_is_refused(model_folder, tmp_path, config):
    names = {"id2label": {"0": "a", "1": "b"}} if "problem_type" in config else {}
    (model_folder / "config.json").write_text(json.dumps(config | names))
    with pytest.raises(SetupError, match="id2label"):
        build_page(model_folder, tmp_path / "out", title="A page")


@pytest.mark.parametrize(
    "asked", [{"texts": ()}, {"texts": "abc"}, {"examples": [("a", "b")]}, {"texts": ("A", "B"), "examples": ["a"]}]
)
def test_texts_and_examples_fit_together(model_folder, tmp_path, asked):
    with pytest.raises(SetupError):
        build_page(model_folder, tmp_path / "out", title="A page", **asked)
