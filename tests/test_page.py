"""A model on a page: what comes from npm is checked first, and in Chromium the page answers as onnxruntime does."""

import base64
import functools
import hashlib
import http.server
import io
import json
import os
import tarfile
import threading
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from lessons_lib import page
from lessons_lib.errors import SetupError
from lessons_lib.page import build_page, vendor
from tools import ROOT

NAMES = ("<b>angry</b>", "calm & <b>kind</b>", "so_<b>_" + "long" * 30)
HOSTILE = """<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script> "quoted" & 🍕"""
MAX_LENGTH = 32
LONG, SHORT = "The river rose again, and nobody in town slept. " * 8, "It rained."
MIDDLE = "The river flooded the old town, and for three days nobody could cross the bridge."
TEXTS = [SHORT, HOSTILE, "Çà et là, naïve 東京 👩‍👩‍👧\n\tnew line\u00a0and\u200bmore", LONG, "$5.00?! it's [SEP] don't"]
PAIRS = [(SHORT, HOSTILE), (LONG, SHORT), (SHORT, LONG), (LONG, MIDDLE), (MIDDLE, LONG)]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        self.server.asked.append(self.path)


@pytest.fixture(scope="module")
def serve():
    """A function that serves a folder on loopback, and returns the server: its `url`, and the paths `asked` of it."""
    servers = []

    def start(folder: Path):
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.asked, server.url = [], f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


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


# From here on in a browser, with what really comes from npm.


@pytest.fixture(scope="module")
def exported(browser, checkpoint, tokenizer, tmp_path_factory):
    """By precision: the folder of a model with three classes, and a function that gives its logits in Python."""
    for needed in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(needed)
    if not os.environ.get("CI") and (missing := vendor.missing_files(vendor.vendor_folder(), vendor.read_packages())):
        pytest.skip(f"{', '.join(missing)} absent: {vendor.TO_FETCH}")
    import onnxruntime
    import torch
    from onnxruntime.quantization import quantize_dynamic
    from transformers import AutoModelForSequenceClassification, set_seed

    set_seed(0)
    names = {"id2label": dict(enumerate(NAMES)), "label2id": {name: id for id, name in enumerate(NAMES)}}
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=3, **names).eval()
    model.classifier.weight.data *= 50  # logits as large as those of a model that was trained
    inputs = dict(tokenizer(["A text.", "Another one."], return_tensors="pt"))
    shape = {0: torch.export.Dim("batch", max=64), 1: torch.export.Dim("seq", max=512)}
    options = {"input_names": list(inputs), "output_names": ["logits"], "verbose": False, "external_data": False}
    options["dynamic_shapes"] = dict.fromkeys(inputs, shape)
    files = {name: tmp_path_factory.mktemp(name) / "model_quantized.onnx" for name in ("float32", "int8")}
    torch.onnx.export(model, (), str(files["float32"]), kwargs=inputs, dynamo=True, **options)
    quantize_dynamic(files["float32"], files["int8"], per_channel=True, reduce_range=True)

    def logits_of(file: Path):
        model.config.save_pretrained(file.parent)
        tokenizer.save_pretrained(file.parent)
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])

        def logits(texts: tuple[str, ...]) -> np.ndarray:
            row = tokenizer(*texts, truncation=True, max_length=MAX_LENGTH, return_tensors="np")
            return session.run(["logits"], {name: row[name] for name in inputs})[0][0]

        return logits

    return {name: (file.parent, logits_of(file)) for name, file in files.items()}


@pytest.fixture(scope="module", params=["1-int8", "2-int8"])
def site(request, exported, serve, tmp_path_factory):
    """A page with so many boxes, and a model of that precision, on loopback: its address, and the texts to try."""
    boxes, precision = request.param.split("-")
    names, tries = {"1": (["Text"], [(one,) for one in TEXTS]), "2": (["First", "Second"], PAIRS)}[boxes]
    out = tmp_path_factory.mktemp("site") / "below"  # not at the top: addresses are relative
    folder, _ = exported[precision]
    build_page(folder, out, title=HOSTILE, texts=names, examples=tries[:2], max_length=MAX_LENGTH)
    return f"{serve(out.parent).url}/below/", tries


@pytest.fixture
def phone(browser, site):
    """The page on a phone, loaded; `errors` and the hosts that it asked are kept."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    context.set_default_timeout(240_000)
    tab = context.new_page()
    tab.errors, tab.asked = [], []
    tab.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.on("console", lambda said: tab.errors.append(said.text) if said.type == "error" else None)
    context.on("request", lambda request: tab.asked.append(request.url))
    yield tab
    context.close()


def opened(tab, address: str) -> str:
    """Open the page, wait until its model is there, and return what it says then."""
    tab.goto(address)
    tab.get_by_role("status").filter(has_not_text="Loading").wait_for()
    return tab.get_by_role("status").inner_text()


def meters(tab) -> list[float]:
    """Wait for an answer, and return the probabilities as they are shown."""
    tab.get_by_role("meter").first.wait_for()
    return [float(one.get_attribute("value")) for one in tab.get_by_role("meter").all()]


@pytest.mark.parametrize("site", ["1-float32", "2-float32", "1-int8", "2-int8"], indirect=True)
def test_the_page_answers_as_onnxruntime_does(phone, site, exported, request):
    """Tokens and float32 agree. In int8 a last bit can move a rounding, in one onnxruntime as between two of them."""
    address, tries = site
    said = opened(phone, address)
    precision = request.node.callspec.params["site"].partition("-")[2]
    in_python = {name: np.stack([logits(texts) for texts in tries]) for name, (_, logits) in exported.items()}
    answers, times = [], []
    for texts in tries:
        for box, text in zip(phone.get_by_role("textbox").all(), texts, strict=True):
            box.fill(text)
        phone.get_by_role("textbox").last.press("Enter")
        shown = meters(phone)
        answers.append(json.loads(phone.get_by_role("list").get_attribute("data-logits")))
        times.append(float(phone.get_by_role("list").get_attribute("data-ms")))
        assert shown == pytest.approx(sorted(softmax(answers[-1]), reverse=True))
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    differences = np.abs(np.array(answers) - in_python[precision]).max(axis=1)
    of_int8 = np.abs(in_python["int8"] - in_python["float32"]).max()
    print(f"{precision}: {said} {np.mean(times):.0f} ms per text. Logits as in Python to {differences}; int8 {of_int8}")
    assert differences.max() < (1e-3 if precision == "float32" else 2 * of_int8)
    assert {url.partition("/below/")[0] for url in phone.asked} == {address.partition("/below/")[0]}
    assert not phone.errors


def test_whatever_comes_from_outside_is_shown_and_never_run(phone, site):
    address, _ = site
    opened(phone, address)
    phone.get_by_role("button").last.tap()  # an example
    meters(phone)
    labels = phone.get_by_role("listitem").all_inner_texts()
    assert all(any(label.startswith(f"{name}:") for label in labels) for name in NAMES), labels
    assert phone.get_by_role("heading").inner_text() == phone.title() == HOSTILE
    assert phone.locator("b, img, [onerror], script:not([src])").count() == 0
    assert phone.evaluate("window.hacked") is None
    shots = ROOT / "build" / "screenshots"
    shots.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        phone.emulate_media(color_scheme=theme)
        phone.screenshot(path=shots / f"page_{len(phone.get_by_role('textbox').all())}_{theme}.png", full_page=True)


def test_the_keyboard_suffices(phone, site):
    address, tries = site
    phone.goto(address)  # and the text is typed while the model is loading
    for _ in tries[0]:
        phone.keyboard.press("Tab")
        phone.keyboard.type("It rained.")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    assert len(meters(phone)) == 3
    phone.keyboard.press("Shift+Tab")
    phone.keyboard.press("Shift+Enter")  # a new line, and the answer to the old text goes
    assert phone.get_by_role("meter").count() == 0
    phone.keyboard.press("Enter")
    assert len(meters(phone)) == 3
    phone.get_by_role("textbox").first.fill("  ")
    phone.keyboard.press("Enter")
    phone.get_by_role("status").filter(has_not_text="ms").wait_for()
    assert phone.get_by_role("meter").count() == 0 and not phone.errors


def test_a_model_that_does_not_load_is_said(phone, site):
    phone.route("**/model_quantized.onnx", lambda route: route.fulfill(status=404))
    assert "model_quantized.onnx" in opened(phone, site[0])


def test_the_wasm_is_of_the_version_that_transformers_js_names(browser):
    [version] = [one.version for one in vendor.read_packages() if one.name == "onnxruntime-web"]
    assert version in (vendor.vendor_folder() / "transformers.min.js").read_text(encoding="utf-8")
