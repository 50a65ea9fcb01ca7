"""The course as a newcomer opens it: `make lab`, and the three commands of the README for a machine without make.

Port 8888 is taken while they run, as it is where another JupyterLab runs already.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from run_binder import OWN, copy_tree

ROOT = Path(__file__).parents[1]

README = (ROOT / "README.md").read_text(encoding="utf-8")
PORT = 8888
LESSON = "00_start_here.ipynb"
BROWSER = '#!/bin/sh\ncp "${1#file://}" "$OPENED.part" && mv "$OPENED.part" "$OPENED"\n'

unix = pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the browser")


def commands_after(words: str) -> list[str]:
    """The commands of the block that follows `words` in the README."""
    block = re.search(rf"^{re.escape(words)}\n\n((?:    .+\n)+)", README, flags=re.MULTILINE)
    return [line.strip() for line in block[1].splitlines()]


@contextlib.contextmanager
def taken(port: int) -> Iterator[None]:
    """Take a port of this machine, where nobody has taken it yet."""
    with socket.socket() as server:
        with contextlib.suppress(OSError):
            server.bind(("127.0.0.1", port))
            server.listen()
        yield


@contextlib.contextmanager
def opened(command: str, folder: Path, place: Path, **settings: str) -> Iterator[tuple[str, Path]]:
    """Run `command`, which opens JupyterLab; yield the address that the browser gets, and the file of its output."""
    browser, target, printed = place / "browser", place / "opened.html", place / "printed.txt"
    browser.write_text(BROWSER)
    browser.chmod(0o755)
    config = place / "config"  # what a user that is not root need not say
    config.mkdir()
    (config / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": {"allow_root": True}}))
    env = settings | {"BROWSER": f"{browser} %s", "OPENED": str(target), "JUPYTER_CONFIG_PATH": str(config)}
    with taken(PORT), printed.open("w") as log:
        process = subprocess.Popen(command, shell=True, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + 120
            while not target.exists():
                assert process.poll() is None and time.monotonic() < end, printed.read_text()[-3000:]
                time.sleep(0.2)
            yield re.search(r'<a href="([^"]+)"', target.read_text())[1].replace("&amp;", "&"), printed
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended by itself
                for one in psutil.Process(process.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        one.terminate()
            process.terminate()
            process.wait(30)


def check_lab(address: str, printed: Path) -> None:
    """The address is on a free port, leads to lesson 00, and both the page and the lesson are there."""
    parts = urllib.parse.urlsplit(address)
    assert parts.port != PORT and f"port {PORT} is already in use" in printed.read_text()
    assert parts.path.startswith("/lab/tree/") and parts.path.endswith(LESSON)
    assert "jupyter-config-data" in urllib.request.urlopen(address, timeout=30).read().decode()
    file = parts.path.removeprefix("/lab/tree/")
    with urllib.request.urlopen(f"http://{parts.netloc}/api/contents/{file}?{parts.query}", timeout=30) as answer:
        found = json.load(answer)
    assert found["type"] == "notebook" and found["content"]["cells"][0]["source"].startswith("# 00 ")


@unix
@pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv" or not (ROOT / ".venv" / "ready").exists() or not shutil.which("make"),
    reason="make lab would install first: these are the tests of another environment than make's",
)
def test_make_lab_while_the_port_is_taken(tmp_path):
    env = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    with opened("make lab", ROOT, tmp_path, **env) as (address, printed):
        check_lab(address, printed)
        path = urllib.parse.urlsplit(address).path
        shown = printed.read_text()  # to one who has no browser there
        assert re.search(rf"http://127\.0\.0\.1:\d+{path}\?token=\w+", shown)


def test_the_commands_for_windows_are_the_same():
    ours = commands_after("Without `make`:")
    assert len(ours) == 3
    program, *rest = [one.replace(".venv/bin/", ".venv\\Scripts\\").replace("/", "\\") for one in ours]
    assert commands_after("The same on Windows, in PowerShell:") == [program.replace("python3", "python"), *rest]


@unix
@pytest.mark.skipif(not os.environ.get("CI"), reason="fetches and installs everything, which takes minutes: only in CI")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git says which files a newcomer gets")
def test_the_three_commands_without_make(tmp_path):
    """As they are written, in the files that git has, with an empty home and none of this environment's settings."""
    course, home = tmp_path / "course", tmp_path / "home"
    home.mkdir()
    copy_tree(ROOT, course)
    env = {name: text for name, text in os.environ.items() if not name.startswith(OWN)} | {"HOME": str(home)}
    env = {"PIP_CACHE_DIR": str(ROOT / ".cache" / "pip")} | env  # what was fetched once is not fetched again
    make_venv, install, lab = commands_after("Without `make`:")
    for command in (make_venv, install):
        done = subprocess.run(command, shell=True, cwd=course, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    with opened(lab, course, tmp_path, **env) as (address, printed):
        check_lab(address, printed)
    shutil.rmtree(course / ".venv")  # pytest keeps the folders of three runs, and this is large
