"""The course as a newcomer opens it: `make lab`, and the three commands of docs/install.md for a machine without make.

Port 8888 is taken while they run, as it is where another JupyterLab runs already.
"""

import contextlib
import html
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tools import ROOT
from tools.doors import unpack_commit
from tools.doors.binder import OWN

PORT = 8888
BROWSER = '#!/bin/sh\ncp "${1#file://}" "$OPENED.part" && mv "$OPENED.part" "$OPENED"\n'

unix = pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the browser")


def commands_after(words: str) -> list[str]:
    """The commands of the block that follows `words` in docs/install.md."""
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    return re.search(rf"\n{re.escape(words)}\n\n((?:    .+\n)+)", page)[1].replace("    ", "").splitlines()


def open_lab(command: str, folder: Path, place: Path, settings: dict[str, str], lesson: str) -> str:
    """Run `command`, which is to show `lesson` in JupyterLab, on a port that is free; return what it printed."""
    browser, target, printed = place / "browser", place / "opened.html", place / "printed.txt"
    browser.write_text(BROWSER)
    browser.chmod(0o755)
    # what a user that is not root need not say
    (place / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": {"allow_root": True}}))
    env = settings | {"BROWSER": f"{browser} %s", "OPENED": str(target), "JUPYTER_CONFIG_PATH": str(place)}
    with socket.socket() as server, printed.open("w") as log:
        with contextlib.suppress(OSError):  # somebody else has taken it
            server.bind(("127.0.0.1", PORT))
            server.listen()
        streams = {"stdout": log, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, shell=True, cwd=folder, env=env, start_new_session=True, **streams)
        try:
            end = time.monotonic() + 300
            while not target.exists():
                assert process.poll() is None and time.monotonic() < end, printed.read_text()[-3000:]
                time.sleep(0.2)
            check_lab(html.unescape(re.search(r'<a href="([^"]+)"', target.read_text())[1]), lesson)
        finally:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(120)
    assert f"port {PORT} is already in use" in printed.read_text()
    return printed.read_text()


def check_lab(address: str, lesson: str) -> None:
    """The address that the browser got leads to `lesson`, and both the page and the lesson are there."""
    parts = urllib.parse.urlsplit(address)
    assert parts.port != PORT and parts.path == f"/lab/tree/{lesson}"
    assert "jupyter-config-data" in urllib.request.urlopen(address, timeout=120).read().decode()
    with urllib.request.urlopen(f"http://{parts.netloc}/api/contents/{lesson}?{parts.query}", timeout=120) as answer:
        contents = json.load(answer)
    assert contents["type"] == "notebook" and contents["content"]["cells"][0]["cell_type"] == "markdown"


@unix
@pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv" or not shutil.which("make"), reason="make's environment only")
def test_make_lab_while_the_port_is_taken(tmp_path):
    env = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    here = "make --old-file=.venv/ready lab"  # whatever changed since: this environment is in use
    printed = open_lab(here, ROOT, tmp_path, env, "my_lessons/00_start_here.ipynb")
    # to one who has no browser there
    assert re.search(r"http://127\.0\.0\.1:\d+/lab/tree/my_lessons/00_start_here\.ipynb\?token=\w+", printed)


def test_the_commands_for_windows_are_the_same():
    ours = commands_after("Without `make`:")
    assert len(ours) == 3
    program, *rest = [one.replace(".venv/bin/", ".venv\\Scripts\\").replace("/", "\\") for one in ours]
    assert commands_after("The same on Windows, in PowerShell:") == [program.replace("python3", "python"), *rest]


@unix
@pytest.mark.slow  # fetches and installs everything
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git says which files a newcomer gets")
def test_the_three_commands_without_make(tmp_path):
    """As they are written, in the files that git has, with an empty home and none of this environment's settings."""
    course, home = tmp_path / "course", tmp_path / "home"
    home.mkdir()
    unpack_commit(course)
    env = {name: text for name, text in os.environ.items() if not name.startswith(OWN)} | {"HOME": str(home)}
    env = {"PIP_CACHE_DIR": str(ROOT / ".cache" / "pip")} | env  # what was fetched once is not fetched again
    make_venv, install, lab = commands_after("Without `make`:")
    subprocess.run(f"{make_venv} && {install}", shell=True, check=True, cwd=course, env=env)
    open_lab(lab, course, tmp_path, env, "00_start_here.ipynb")  # JupyterLab begins in the folder of its notebook
    shutil.rmtree(course / ".venv")  # pytest keeps the folders of three runs, and this is large
