"""Lessons in a real JupyterLab, driven by a real browser: they run from a click, their labs move, the dashboard draws.

nbmake executes every lesson. Here it is lesson 03, and a small notebook with the other labs and a dozen training steps.
Lesson 04 whole: `pytest -m slow -k 04 tests/notebooks/test_jupyterlab.py`. Pictures land in build/screenshots: each
notebook page by page, labs and dashboards in the light and the dark theme.
"""

import json
import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from jupyterlab_driver import DONE, PANELS, move, run_notebook, serve, show_cell, themes, wait_for

from lessons_lib import labs
from lessons_lib.exercises.questions import quiz_file, read_questions

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
WITHOUT_TRAINING = "03_head_replacement"
NOTEBOOKS = [pytest.param(one, marks=[] if one == WITHOUT_TRAINING else pytest.mark.slow) for one in LESSONS]
HOSTILE = """<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script> 🍕"""
SLIDER, CHOICE = ".noUi-handle >> nth=0", ".widget-toggle-button >> nth=-1"
# For each lab: which control the keyboard is brought to, and what is pressed or typed there.
LABS = {
    "token_lab": [(SLIDER, "ArrowLeft"), (CHOICE, "Enter"), ("textarea >> nth=0", HOSTILE)],
    "padding_lab": [(SLIDER, "ArrowRight"), (CHOICE, "Enter"), (".widget-button >> nth=-1", "Enter")],
    "head_lab": [(SLIDER, "ArrowRight"), (".noUi-handle >> nth=1", "ArrowLeft")],
    "metrics_lab": [(SLIDER, "End"), (CHOICE, "Enter"), ("input[type=number] >> nth=0", "ArrowUp")],
    "pair_lab": [("input[type=text] >> nth=0", "Nobody came to the meeting.")],
}
PICTURES = {("padding_lab", SLIDER), ("padding_lab", CHOICE), ("head_lab", SLIDER), ("metrics_lab", SLIDER)}

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
def lab(tmp_path_factory):
    """The address of a JupyterLab, and the folder there with a copy of the lessons and the small notebook."""
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".*", "trainer_output"))
    small = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    small.cells = [nbformat.v4.new_code_cell(source.strip()) for source in SMALL.split("# %%")]
    nbformat.write(small, folder / "small.ipynb")
    with serve(folder.parent) as address:
        yield address, folder


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(240_000)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
    yield page
    page.evaluate("window.jupyterapp?.serviceManager.sessions.shutdownAll()")
    page.close()


def check_lab(page, notebook: str, index: int, name: str) -> None:
    cell = show_cell(page, index)
    cell.locator(".widget-html-content img, .widget-html-content div").first.wait_for()
    assert cell.locator("[id^=lab-]").count() == 1
    assert not cell.locator("[id^=lab-]").is_visible(), "the still view stands beside the live one"
    for theme in themes(page):
        cell.locator(".jp-Cell-outputWrapper").screenshot(path=SHOTS / f"{notebook}_{name}_{theme}.png")
    for control, keys in LABS[name]:
        move(page, index, control, keys, picture=(name, control) in PICTURES)
    assert cell.locator("script, [onerror]").count() == 0
    assert page.evaluate("window.hacked") is None
    cell.locator(".jp-Cell-outputWrapper").screenshot(path=SHOTS / f"{notebook}_{name}_moved.png")


def watch_dashboard(page, notebook: str, folder: Path) -> None:
    """See the dashboard while it trains, in both themes; the small notebook waits for that."""
    wait_for(page, f"window.sent.length > 6 || {DONE}")
    for theme in themes(page):
        show_cell(page, page.evaluate(PANELS)[-1])
        page.locator(".training-dashboard", has_text="at step").last.wait_for()
        page.screenshot(path=SHOTS / f"{notebook}_dashboard_running_{theme}.png")
    (folder / "looked").touch()


def check_dashboard(page, notebook: str) -> None:
    """It was redrawn in its place, at five steps or more, to the end of the run."""
    sent, panels = page.evaluate("window.sent"), page.evaluate(PANELS)
    steps = re.findall(r"Training at step (\d+) of", " ".join(sent))
    assert len(set(steps)) >= 5 and len(panels) == sum("Starting" in words for words in sent), sent
    assert "Finished" in sent[-1]
    for theme in themes(page):
        cell = show_cell(page, panels[-1])
        cell.get_by_text(sent[-1]).wait_for()
        cell.screenshot(path=SHOTS / f"{notebook}_dashboard_{theme}.png")


def shoot_pages(page, notebook: str) -> None:
    """Take the whole notebook, a screen at a time."""
    outer = "document.querySelector('.jp-WindowedPanel-outer')"
    for number, top in enumerate(range(0, page.evaluate(f"{outer}.scrollHeight"), 900)):
        page.evaluate(f"{outer}.scrollTop = {top}")
        page.wait_for_timeout(350)
        page.screenshot(path=SHOTS / f"{notebook}_page_{number:02}.png")


@pytest.mark.parametrize("notebook", [*NOTEBOOKS, "small"])
def test_notebook(page, lab, notebook):
    address, folder = lab
    SHOTS.mkdir(parents=True, exist_ok=True)
    for old in SHOTS.glob(f"{notebook}_*.png"):
        old.unlink()
    cells = nbformat.read(folder / f"{notebook}.ipynb", 4).cells
    run_notebook(page, address, f"notebooks/{notebook}.ipynb")
    watched = any("TrainingDashboard(" in cell.source for cell in cells)
    if watched:
        watch_dashboard(page, notebook, folder)
    wait_for(page, DONE)
    if watched:
        check_dashboard(page, notebook)
    for index, cell in enumerate(cells):
        if called := re.search(r"^(\w+_lab)\(", cell.source, flags=re.MULTILINE):
            check_lab(page, notebook, index, called[1])
    # a file that is not there is none of the lessons'
    assert not [error for error in page.errors if "Failed to load resource" not in error]
    shoot_pages(page, notebook)


# What a learner does in a lesson without touching a lab: a guess, an exercise, a quiz.
LEARNER = """
from lessons_lib.exercises import check


def padding_share(lengths):
    ...


check.padding_share(padding_share)
# %%
from lessons_lib.labs import predict

share = predict("02", "Will most of the batch be padding?", ["most of it", "less than half"])
share
# %%
share.happened("35 %", right="less than half")
# %%
from lessons_lib.labs import quiz

quiz("02")
"""
WRONG, SOLVED = "sum(lengths) / (len(lengths) * max(lengths))", "1 - sum(lengths) / (len(lengths) * max(lengths))"


def test_a_learner_guesses_solves_and_answers_from_the_keyboard(page, lab):
    address, folder = lab
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    notebook.cells = [nbformat.v4.new_code_cell(source.strip()) for source in LEARNER.split("# %%")]
    nbformat.write(notebook, folder / "learner.ipynb")
    run_notebook(page, address, "notebooks/learner.ipynb")
    wait_for(page, DONE)
    kept = Path(os.environ["LESSONS_PROGRESS"])

    # the exercise: not yet, a hint, right
    exercise = show_cell(page, 0)
    exercise.get_by_text("Not yet.").wait_for()
    for answer, said in ((WRONG, "That's the share of text: 1 minus it."), (SOLVED, "Right.")):
        exercise.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(notebook.cells[0].source.replace("...", f"return {answer}"))
        page.keyboard.press("Control+Enter")
        exercise.get_by_text(said).wait_for()
        exercise.screenshot(path=SHOTS / f"learner_exercise_{said[:5].strip()}.png")
    assert json.loads(kept.read_text(encoding="utf-8"))["lessons"]["02"]["exercises"]["padding_share"]["tries"] == 2

    # the guess, and what happened
    show_cell(page, 1).get_by_role("button", name="most of it").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="✓ less than half").wait_for()
    show_cell(page, 2).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.get_by_text("✓ You said “less than half”. What happened: 35 %").wait_for()

    # every answer of the quiz, one after the other; numbers are typed
    quiz, questions = show_cell(page, 3), read_questions(quiz_file("02"))
    quiz.locator("button:visible, input:visible").first.focus()
    for question in questions:
        for answer in [None] if question.kind == "numeric" else question.answers:
            if answer is None:
                page.keyboard.type(next(one.text for one in question.answers if one.correct))
            page.keyboard.press("Enter")
            said = answer or next(one for one in question.answers if one.correct)
            quiz.locator("[role=status]", has_text=said.feedback.replace("`", "")[:60]).wait_for()
            page.keyboard.press("Tab")
    quiz.get_by_text(f"{len(questions)} of {len(questions)} right").wait_for()
    assert not quiz.locator("[id^=lab-]").is_visible()
    for theme in themes(page):
        show_cell(page, 3).screenshot(path=SHOTS / f"learner_quiz_{theme}.png")
    assert len(json.loads(kept.read_text(encoding="utf-8"))["lessons"]["02"]["quiz"]) == len(questions)


def test_every_lab_stands_in_a_lesson_and_is_moved():
    lessons = {lesson: (ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8") for lesson in LESSONS}
    moved = lessons[WITHOUT_TRAINING] + SMALL
    assert LABS.keys() == set(labs.__all__) - {"Lab", "predict", "quiz"}
    assert all(f"{name}(" in " ".join(lessons.values()) and f"{name}(" in moved for name in LABS)
