"""Every lesson in a real JupyterLab, driven by a real browser: it runs, it draws, and its labs move.

What was seen lands in build/screenshots: each lesson page by page, each lab in the light and the dark theme, and each
dashboard while training ran and after.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
WAIT_S = 900  # for one lesson, on a machine that is slow
NO_CHROMIUM = (
    "Chromium is absent. On Debian and Ubuntu: sudo apt-get install chromium; elsewhere: "
    ".venv/bin/python -m playwright install chromium"
)
SETTINGS = {
    "notification": {"fetchNews": "false", "checkForUpdates": False},  # no network is asked for
}
HOSTILE = """<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script> 🍕"""
# For each lab: which control the keyboard is brought to, and what is pressed or typed there.
LABS = {
    "token_lab": [("slider", "ArrowLeft"), ("choice", "Enter"), ("textarea", HOSTILE)],
    "padding_lab": [("slider", "ArrowRight"), ("choice", "Enter"), ("button", "Enter")],
    "head_lab": [("slider", "ArrowRight"), ("second slider", "ArrowLeft")],
    "metrics_lab": [
        ("slider", " ".join(10 * ["ArrowRight"])),
        ("choice", "Enter"),
        ("number", "ArrowUp"),
    ],
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


def find_chromium(playwright) -> str | None:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@pytest.fixture(scope="module")
def browser():
    if not os.environ.get("CI"):
        pytest.importorskip("playwright")
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_CHROMIUM)
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a JupyterLab on loopback, over a copy of the lessons, with settings of its own."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*", "trainer_output"))
    settings = folder / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    for name, values in SETTINGS.items():
        (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    env = os.environ | {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += [
        f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
        "--IdentityProvider.token=test",
    ]
    log = (folder / "log.txt").open("w")
    server = subprocess.Popen(command, env=env, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield wait_for_server(folder)
    finally:
        server.terminate()
        server.wait(120)


def wait_for_server(folder: Path) -> str:
    for _ in range(120):
        for file in (folder / "runtime").glob("jpserver-*.json"):
            url = json.loads(file.read_text())["url"]
            try:
                urllib.request.urlopen(f"{url}api/status?token=test", timeout=5)
            except OSError:
                break
            return url
        time.sleep(0.5)
    raise RuntimeError((folder / "log.txt").read_text()[-2000:])


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: page.errors.append(said.text) if is_error(said) else None)
    yield page
    page.evaluate("window.jupyterapp?.serviceManager.sessions.shutdownAll()")
    page.close()


NOTEBOOK = "window.jupyterapp.shell.currentWidget"
CELLS = f"""(() => {NOTEBOOK}.content.widgets.map((cell, index) => ({{
    index, source: cell.model.sharedModel.source, type: cell.model.type, count: cell.model.executionCount ?? null,
    outputs: cell.model.type == 'code' ? cell.model.outputs.toJSON() : [],
}})))()"""


def is_error(said) -> bool:
    """Whether the browser's console was told of an error; a file that is not there is none of the lessons'."""
    return said.type == "error" and "Failed to load resource" not in said.text


def open_lesson(page, address: str, lesson: str) -> None:
    """Open a lesson and wait until its kernel answers; where a page waits in vain, load it again, as a reader would."""
    from playwright.sync_api import TimeoutError

    for last in (False, True):
        page.goto(f"{address}lab/tree/notebooks/{lesson}.ipynb?token=test&reset")
        try:
            page.wait_for_function(f"window.jupyterapp && {NOTEBOOK}?.context?.isReady", timeout=120_000)
            page.wait_for_function(f"{NOTEBOOK}.sessionContext.session?.kernel?.status == 'idle'", timeout=120_000)
            return
        except TimeoutError:
            if last:
                raise


def run_all(page, lesson: str) -> list[str]:
    """Run all cells; return the first words of the dashboard, each time that they had changed."""
    page.evaluate("""() => { window.done = false;
        window.jupyterapp.commands.execute('notebook:run-all-cells').finally(() => { window.done = true; }); }""")
    seen, end, done = [], time.monotonic() + WAIT_S, False
    while not done:
        assert time.monotonic() < end, f"{lesson} did not end within {WAIT_S} seconds"
        page.wait_for_timeout(400)
        done = page.evaluate("window.done")  # and one last look
        for panel in page.locator(".training-dashboard").all():
            words = panel.locator("b").first.text_content()
            if words not in seen:
                seen.append(words)
                if len(seen) == 6:
                    show_cell(page, cell_of(panel))
                    panel.evaluate("one => one.scrollIntoView({ block: 'center' })")  # at once: it is drawn anew
                    assert panel.is_visible()
                    page.screenshot(path=SHOTS / f"{lesson}_dashboard_running.png")
    return seen


def cell_of(element) -> int:
    """The index of the cell in whose output `element` stands."""
    return int(element.evaluate("one => one.closest('.jp-Cell').dataset.windowedListIndex"))


def show_cell(page, index: int):
    """Scroll to the cell at `index` and return it."""
    page.evaluate(f"(async () => {NOTEBOOK}.content.scrollToItem({index}, 'start'))()")
    page.wait_for_timeout(500)
    return page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')


def use(control, keys: str) -> None:
    """Bring the keyboard to `control` and press the keys, or type a text where it takes one."""
    control.focus()
    if set(keys.split()) <= {"ArrowLeft", "ArrowRight", "ArrowUp", "Enter"}:
        for key in keys.split():
            control.press(key)
    else:
        control.press("ControlOrMeta+a")
        control.page.keyboard.insert_text(keys)


def look(view) -> tuple[str, list[str]]:
    """The words of a lab's view, and its pictures."""
    return view.inner_text(), [image.get_attribute("src") for image in view.locator("img").all()]


def set_theme(page, name: str) -> None:
    page.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{ theme: 'JupyterLab {name}' }})")
    page.wait_for_function(f"document.body.dataset.jpThemeName == 'JupyterLab {name}'")
    page.wait_for_timeout(500)


def check_lab(page, lesson: str, index: int, name: str) -> None:
    cell = show_cell(page, index)
    view = cell.locator(".widget-html .widget-html-content, .jupyter-widgets .widget-html-content").last
    view.wait_for(timeout=20_000)
    assert cell.locator("[id^=lab-]").count() == 1
    assert not cell.locator("[id^=lab-]").is_visible(), "the still view stands beside the live one"
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        show_cell(page, index).locator(".jp-Cell-outputWrapper").screenshot(
            path=SHOTS / f"{lesson}_{name}_{theme.lower()}.png"
        )
    for control, keys in LABS[name]:
        before = look(view)
        use(cell.locator(CONTROLS[control]), keys)
        wait_for_change(page, view, before, f"{name}: {control} {keys}")
        if (name, control) in PICTURES:
            assert look(view)[1] != before[1], f"{name}: {control} leaves the picture as it was"
    assert cell.locator("script, [onerror]").count() == 0
    assert page.evaluate("window.hacked") is None
    show_cell(page, index).locator(".jp-Cell-outputWrapper").screenshot(path=SHOTS / f"{lesson}_{name}_moved.png")


def wait_for_change(page, view, before, what: str) -> None:
    for _ in range(100):
        if look(view)[0] != before[0]:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{what}: the numbers stay as they were")


def shoot_pages(page, lesson: str) -> None:
    """Take the whole lesson, a screen at a time."""
    outer = "document.querySelector('.jp-WindowedPanel-outer')"
    height = page.evaluate(f"{outer}.scrollHeight")
    for number, top in enumerate(range(0, height, 900)):
        page.evaluate(f"{outer}.scrollTop = {top}")
        page.wait_for_timeout(350)
        page.screenshot(path=SHOTS / f"{lesson}_page_{number:02}.png")


@pytest.mark.parametrize("lesson", LESSONS)
def test_lesson(page, address, lesson):
    SHOTS.mkdir(parents=True, exist_ok=True)
    for old in SHOTS.glob(f"{lesson}_*.png"):
        old.unlink()
    open_lesson(page, address, lesson)
    seen = run_all(page, lesson)
    cells = page.evaluate(CELLS)
    code = [cell for cell in cells if cell["type"] == "code"]
    errors = [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    assert not errors, errors[0]["traceback"]
    assert all(cell["count"] for cell in code)

    if any("TrainingDashboard()" in cell["source"] for cell in code):
        steps = {int(found[1]) for words in seen if (found := re.search(r"Training at step (\d+) of", words))}
        assert len(steps) >= 5, f"the dashboard stood still: {seen}"
        assert "Finished" in seen[-1]
        assert (SHOTS / f"{lesson}_dashboard_running.png").exists()
        index = cell_of(page.locator(".training-dashboard").last)
        for theme in ("Dark", "Light"):
            set_theme(page, theme)
            show_cell(page, index).screenshot(path=SHOTS / f"{lesson}_dashboard_{theme.lower()}.png")

    for cell in code:
        called = re.search(r"^(\w+_lab)\(", cell["source"], flags=re.MULTILINE)
        if called:
            check_lab(page, lesson, cell["index"], called[1])
    assert not page.errors
    shoot_pages(page, lesson)


def test_every_lab_stands_in_a_lesson():
    sources = " ".join((ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8") for lesson in LESSONS)
    assert all(f"{name}(" in sources for name in LABS)
