"""A real JupyterLab on loopback, and what a reader does in it: open a notebook, run it, move what it shows.

Nothing here depends on how often a busy browser is looked at: what the kernel sends is kept as it arrives (`LISTEN`),
and all else is a wait that the page itself ends.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from jupyter_server.serverapp import list_running_servers

WAIT_S = 900  # for a whole lesson, on a machine that is slow

NOTEBOOK = "window.jupyterapp?.shell.currentWidget"
CODE = f"{NOTEBOOK}.content.widgets.filter(cell => cell.model.type == 'code')"
DONE = f"{CODE}.every(cell => cell.model.executionCount)"
PANELS = f"""{NOTEBOOK}.content.widgets.flatMap((cell, index) => (cell.model.outputs?.toJSON() ?? [])
    .filter(output => JSON.stringify(output).includes('training-dashboard')).map(() => index))"""
LISTEN = f"""() => {{
    [window.sent, window.failed] = [[], []];
    {NOTEBOOK}.sessionContext.iopubMessage.connect((_, message) => {{
        const words = /class="training-dashboard[^>]*><b>([^<]*)/.exec(message.content.data?.['text/html'])?.[1];
        if (words) window.sent.push(words);
        if (message.header.msg_type == 'error') window.failed.push(message.content.traceback.join('\\n'));
    }});
}}"""
VIEW = """(index => {
    const view = [...document.querySelectorAll(`[data-windowed-list-index="${index}"] .widget-html-content`)].at(-1);
    return view && { words: view.innerText, pictures: [...view.querySelectorAll('img')].map(one => one.src).join() };
})"""
KEYS = ("ArrowLeft", "ArrowRight", "ArrowUp", "End", "Enter")


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Run a JupyterLab over `folder`, with settings of its own; yield its address."""
    settings = folder / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    no_network = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(no_network))
    runtime = folder / "runtime"
    env = os.environ | {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_RUNTIME_DIR": str(runtime)}
    lab = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    lab += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=test", "--LabApp.expose_app_in_browser=True"]
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(lab, env=env, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        running, end = [], time.monotonic() + 120
        while not running:  # a server listens before it is listed
            assert server.poll() is None and time.monotonic() < end, (folder / "log.txt").read_text()[-2000:]
            time.sleep(0.5)
            with contextlib.suppress(ValueError):  # the list is not yet written to its end
                running = list(list_running_servers(str(runtime)))
        yield running[0]["url"]
    finally:
        server.terminate()
        server.wait(120)


def run_notebook(page, address: str, path: str) -> None:
    """Open the notebook at `path`, and run all cells from the menu; what the kernel sends is kept."""
    page.goto(f"{address}lab/tree/{path}?token=test&reset")
    page.wait_for_function(f"{NOTEBOOK}?.context?.isReady && {NOTEBOOK}.sessionContext.isReady")
    page.evaluate(LISTEN)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def wait_for(page, condition: str, argument: object = None) -> None:
    """Wait until JavaScript's `condition` holds; an error that the kernel has sent ends the waiting, and the test."""
    either = f"argument => window.failed.length || ({condition})"
    page.wait_for_function(either, arg=argument, polling=300, timeout=WAIT_S * 1000)
    assert not page.evaluate("window.failed"), page.evaluate("window.failed[0]")


def show_cell(page, index: int):
    """Scroll to the cell at `index`, wait until it is there, and return it."""
    page.evaluate(f"(async () => {NOTEBOOK}.content.scrollToItem({index}, 'start'))()")
    cell = page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')
    cell.wait_for()
    return cell


def themes(page) -> Iterator[str]:
    """Change JupyterLab's theme to the dark one, then to the light one; yield the name of each once it is there.

    A splash covers the page meanwhile. Asked to cover it again before it has faded, JupyterLab removes it twice.
    """
    for name in ("Dark", "Light"):
        page.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{ theme: 'JupyterLab {name}' }})")
        splash = "document.getElementById('jupyterlab-splash')"
        page.wait_for_function(f"document.body.dataset.jpThemeName == 'JupyterLab {name}' && !{splash}")
        yield name.lower()


def move(page, index: int, control: str, keys: str, picture: bool) -> None:
    """Use a control of the lab in cell `index` from the keyboard, and wait until its words change, and its `picture`.

    `keys` is one of `KEYS`, or a text where the control takes one: each is one change, so that one drawing follows.
    """
    before = page.evaluate(VIEW, index)
    target = page.locator(f'[data-windowed-list-index="{index}"]').locator(control)
    (target.press if keys in KEYS else target.fill)(keys)
    for part in ["words", "pictures"] if picture else ["words"]:
        now = f"({VIEW}(argument.index)?.{part} ?? argument.before)"  # nothing while it is being drawn
        wait_for(page, f"{now} != argument.before", {"index": index, "before": before[part]})
