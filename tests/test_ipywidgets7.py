"""The labs on the ipywidgets that Colab has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FOLDER = Path(sys.prefix) / "ipywidgets7"
# before the folder that conftest put there, which cuts the network: it must hold here too
ENV = os.environ | {"PYTHONPATH": os.pathsep.join([str(FOLDER), os.environ["PYTHONPATH"]])}

if not FOLDER.exists() and not os.environ.get("CI"):
    pytest.skip("ipywidgets 7.7.1 is absent: run `make test`", allow_module_level=True)


def test_it_is_the_version_of_colab():
    code = "import ipywidgets; print(ipywidgets.__version__)"
    done = subprocess.run([sys.executable, "-c", code], env=ENV, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "7.7.1"


def test_labs():
    files = [str(TESTS / name) for name in ("test_labs.py", "test_quiz.py")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
