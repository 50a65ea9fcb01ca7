"""Lessons in a real JupyterLab, driven by a real browser: they run from a click, their labs move, the dashboard draws.

nbmake executes every lesson. Here it is lesson 03, and a small notebook with the other labs and a dozen training steps.
Lesson 04 whole: `pytest -m slow -k 04 tests/notebooks/test_jupyterlab.py`. Pictures land in build/screenshots: each
notebook page by page, labs and dashboards in the light and the dark theme.
"""

import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from jupyterlab_driver import DONE, PANELS, move, open_notebook, run_all, serve, set_theme, show_cell, wait_for

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
WITHOUT_TRAINING = "03_head_replacement"
NOTEBOOKS = [pytest.param(one, marks=[] if one == WITHOUT_TRAINING else pytest.mark.slow) for one in LESSONS]
NO_CHROMIUM = (
    "Chromium is absent. On Debian and Ubuntu: sudo apt-get install chromium; elsewhere: "
    ".venv/bin/python -m playwright install chromium"
)
HOSTILE = """<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script> 🍕"""
# For each lab: which control the keyboard is brought to, and what is pressed or typed there.
LABS = {
    "token_lab": [("slider", "ArrowLeft"), ("choice", "Enter"), ("textarea", HOSTILE)],
    "padding_lab": [("slider", "ArrowRight"), ("choice", "Enter"), ("button", "Enter")],
    "head_lab": [("slider", "ArrowRight"), ("second slider", "ArrowLeft")],
    "metrics_lab": [("slider", "End"), ("choice", "Enter"), ("number", "ArrowUp")],
    "pair_lab": [("input", "Nobody came to the meeting.")],
}
CONTROLS = {  # each by its place in the lab
    "slider": ".noUi-handle >> nth=0",
    "second slider": ".noUi-handle >> nth=1",
    "choice": ".widget-toggle-button >> nth=-1",
    "textarea": "textarea >> nth=0",
    "input": "input[type=text] >> nth=0",
    "number": "input[type=number] >> nth=0",
    "button": ".widget-button >> nth=-1",
}
PICTURES = {("padding_lab", "slider"), ("padding_lab", "choice"), ("head_lab", "slider"), ("metrics_lab", "slider")}

# Every lab but that of lesson 03, and a run that waits in its sixth step until the test has looked at its dashboard.
# Its clock counts steps: the dashboard is drawn at each of them, however slow the machine.
SMALL = f"""
import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, Trainer, TrainerCallback
from transformers import TrainingArguments

from lessons_lib.dashboard import TrainingDashboard
from lessons_lib.labs import metrics_lab, padding_lab, pair_lab, token_lab
from lessons_lib.sources import embedded_checkpoint

torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(embedded_checkpoint())
tiny = {{"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}}
model = BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), initializer_range=0.5, **tiny))
names = ["not_equivalent", "equivalent"]
rng = np.random.default_rng(0)
labels = rng.integers(0, 2, 60)
logits = rng.normal(size=(60, 2)) + np.stack([1 - labels, labels], axis=1)
# %%
token_lab(tokenizer, "The river flooded the old town.", "Rain fell.", max_length=12)
# %%
padding_lab(rng.integers(5, 120, 200).tolist(), model)
# %%
metrics_lab(logits, labels, [{HOSTILE!r}] * 60, [{HOSTILE!r}] * 60, names)
# %%
pair_lab(model, tokenizer, "She sold the house.", "The house was sold by her.", names)
# %%
class WaitForReader(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        while state.global_step == 6 and not Path("looked").exists():
            time.sleep(0.1)


rows = [tokenizer("It rained.") | {{"label": number % 2}} for number in range(24)]
settings = {{"logging_steps": 1, "eval_strategy": "steps", "eval_steps": 4, "save_strategy": "no", "use_cpu": True}}
trainer = Trainer(
    model=model,
    args=TrainingArguments("trainer_output", max_steps=12, report_to="none", **settings),
    train_dataset=rows,
    eval_dataset=rows,
    compute_metrics=lambda prediction: {{"accuracy": 0.75}},
    callbacks=[TrainingDashboard(clock=lambda: trainer.state.global_step), WaitForReader()],
)
trainer.train()
"""


@pytest.fixture(scope="module")
def browser():
    if not os.environ.get("CI"):
        pytest.importorskip("playwright")
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        path = path or playwright.chromium.executable_path
        if not Path(path).exists():
            (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_CHROMIUM)
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the lessons, and the small notebook beside them."""
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".*", "trainer_output"))
    small = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    small.cells = [nbformat.v4.new_code_cell(source.strip()) for source in SMALL.split("# %%")]
    nbformat.write(small, folder / "small.ipynb")
    return folder


@pytest.fixture(scope="module")
def address(folder):
    with serve(folder.parent) as address:
        yield address


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(240_000)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: page.errors.append(said.text) if is_error(said) else None)
    yield page
    page.evaluate("window.jupyterapp?.serviceManager.sessions.shutdownAll()")
    page.close()


def is_error(said) -> bool:
    """Whether the browser's console was told of an error; a file that is not there is none of the lessons'."""
    return said.type == "error" and "Failed to load resource" not in said.text


def check_lab(page, notebook: str, index: int, name: str) -> None:
    cell = show_cell(page, index)
    cell.locator(".widget-html-content img, .widget-html-content div").first.wait_for()
    assert cell.locator("[id^=lab-]").count() == 1
    assert not cell.locator("[id^=lab-]").is_visible(), "the still view stands beside the live one"
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        cell.locator(".jp-Cell-outputWrapper").screenshot(path=SHOTS / f"{notebook}_{name}_{theme.lower()}.png")
    for control, keys in LABS[name]:
        move(page, index, CONTROLS[control], keys, picture=(name, control) in PICTURES)
    assert cell.locator("script, [onerror]").count() == 0
    assert page.evaluate("window.hacked") is None
    cell.locator(".jp-Cell-outputWrapper").screenshot(path=SHOTS / f"{notebook}_{name}_moved.png")


def watch_dashboard(page, notebook: str, folder: Path) -> None:
    """See the dashboard while it trains, in both themes; the small notebook waits for that."""
    wait_for(page, f"window.sent.length > 6 || {DONE}")
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        show_cell(page, page.evaluate(PANELS)[-1])
        page.locator(".training-dashboard", has_text="at step").last.wait_for()
        page.screenshot(path=SHOTS / f"{notebook}_dashboard_running_{theme.lower()}.png")
    (folder / "looked").touch()


def check_dashboard(page, notebook: str) -> None:
    """It was redrawn in its place, at five steps or more, to the end of the run."""
    sent, panels = page.evaluate("window.sent"), page.evaluate(PANELS)
    steps = re.findall(r"Training at step (\d+) of", " ".join(sent))
    assert len(set(steps)) >= 5 and len(panels) == sum("Starting" in words for words in sent), sent
    assert "Finished" in sent[-1]
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        cell = show_cell(page, panels[-1])
        cell.get_by_text(sent[-1]).wait_for()
        cell.screenshot(path=SHOTS / f"{notebook}_dashboard_{theme.lower()}.png")


def shoot_pages(page, notebook: str) -> None:
    """Take the whole notebook, a screen at a time."""
    outer = "document.querySelector('.jp-WindowedPanel-outer')"
    for number, top in enumerate(range(0, page.evaluate(f"{outer}.scrollHeight"), 900)):
        page.evaluate(f"{outer}.scrollTop = {top}")
        page.wait_for_timeout(350)
        page.screenshot(path=SHOTS / f"{notebook}_page_{number:02}.png")


@pytest.mark.parametrize("notebook", [*NOTEBOOKS, "small"])
def test_notebook(page, address, folder, notebook):
    SHOTS.mkdir(parents=True, exist_ok=True)
    for old in SHOTS.glob(f"{notebook}_*.png"):
        old.unlink()
    cells = nbformat.read(folder / f"{notebook}.ipynb", 4).cells
    open_notebook(page, address, f"notebooks/{notebook}.ipynb")
    run_all(page)
    watched = any("TrainingDashboard(" in cell.source for cell in cells)
    if watched:
        watch_dashboard(page, notebook, folder)
    wait_for(page, DONE)
    if watched:
        check_dashboard(page, notebook)
    for index, cell in enumerate(cells):
        if called := re.search(r"^(\w+_lab)\(", cell.source, flags=re.MULTILINE):
            check_lab(page, notebook, index, called[1])
    assert not page.errors
    shoot_pages(page, notebook)


def test_every_lab_stands_in_a_lesson_and_is_moved():
    from lessons_lib import labs

    lessons = {lesson: (ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8") for lesson in LESSONS}
    moved = lessons[WITHOUT_TRAINING] + SMALL
    assert LABS.keys() == set(labs.__all__) - {"Lab"}
    assert all(f"{name}(" in " ".join(lessons.values()) and f"{name}(" in moved for name in LABS)
