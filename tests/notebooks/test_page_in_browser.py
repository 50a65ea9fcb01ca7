"""A model on a page, with what really comes from npm: in Chromium it answers as onnxruntime does in Python."""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from onnxruntime.quantization import quantize_dynamic
from scipy.special import softmax
from transformers import AutoModelForSequenceClassification, set_seed

from lessons_lib.page import build_page, vendor
from tools import ROOT

NAMES = ("<b>angry</b>", "calm & <b>kind</b>", "so_<b>_" + "long" * 30)
HOSTILE = """<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script> "quoted" & 🍕"""
MAX_LENGTH = 32
LONG, SHORT = "The river rose again, and nobody in town slept. " * 8, "It rained."
MIDDLE = "The river flooded the old town, and for three days nobody could cross the bridge."
TEXTS = [SHORT, HOSTILE, "Çà et là, naïve 東京 👩‍👩‍👧\n\tnew line\u00a0and\u200bmore", LONG, "$5.00?! it's [SEP] don't"]
PAIRS = [(SHORT, HOSTILE), (LONG, SHORT), (SHORT, LONG), (LONG, MIDDLE), (MIDDLE, LONG)]


@pytest.fixture(scope="module")
def exported(browser, checkpoint, tokenizer, tmp_path_factory):
    """By precision: the folder of a model with three classes, and a function that gives its logits in Python."""
    if not os.environ.get("CI") and (missing := vendor.missing_files(vendor.vendor_folder(), vendor.read_packages())):
        pytest.skip(f"{', '.join(missing)} absent: {vendor.TO_FETCH}")
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
