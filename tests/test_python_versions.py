"""The course runs on Python 3.11 to 3.13: it uses nothing newer than 3.11, and nothing that 3.12 or 3.13 removed.

Source: the sections "Removed" of "What's New in Python 3.12" and of the same for 3.13 (docs.python.org/3/whatsnew).
What is newer than 3.11 is known to vermin.
"""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parents[1]
FOLDERS = ("lessons_lib", "scripts", "tests", "benchmarks")
NOTEBOOKS = sorted([*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "docs").glob("*.ipynb")])
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")) + NOTEBOOKS

MODULES = {
    *("asynchat", "asyncore", "distutils", "imp", "smtpd"),  # 3.12
    *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis", "nntplib"),
    *("ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "tkinter.tix", "typing.io", "typing.re", "uu"),
    "xdrlib",
}
NAMES = {
    # 3.12
    *("configparser.SafeConfigParser", "importlib.util.module_for_loader", "importlib.util.set_loader"),
    *("importlib.util.set_package", "io.OpenWrapper", "locale.format", "pkgutil.ImpImporter", "pkgutil.ImpLoader"),
    *("sqlite3.OptimizedUnicode", "sqlite3.enable_shared_cache", "ssl.RAND_pseudo_bytes", "ssl.match_hostname"),
    *("ssl.wrap_socket", "webbrowser.Netscape"),
    # 3.13
    *("configparser.LegacyInterpolation", "locale.resetlocale", "re.TEMPLATE", "re.template"),
    *("unittest.findTestCases", "unittest.getTestCaseNames", "unittest.makeSuite"),
}
METHODS = {  # of unittest.TestCase, and of ConfigParser and RawTurtle
    *("assertEquals", "assertNotEquals", "assertAlmostEquals", "assertNotAlmostEquals", "assertRegexpMatches"),
    *(
        "assertNotRegexpMatches",
        "assertRaisesRegexp",
        "assert_",
        "failUnless",
        "failIf",
        "failUnlessEqual",
        "failIfEqual",
    ),
    *("failUnlessAlmostEqual", "failIfAlmostEqual", "failUnlessRaises", "readfp", "settiltangle"),
}
ARGUMENTS = {"urlopen": {"cafile", "capath", "cadefault"}}


def code_of(path: Path) -> str:
    """The Python in a file; in a notebook that of every cell, with what is Jupyter's own written as IPython runs it."""
    if path.suffix == ".py":
        return path.read_text(encoding="utf-8")
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return "\n".join(TransformerManager().transform_cell(source) for source in cells)


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each name that an import binds, and what it stands for with its module before it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((one.asname or one.name, one.name) for one in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((one.asname or one.name, f"{node.module}.{one.name}") for one in node.names)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (("", str(one.value)) for one in node.args if isinstance(one, ast.Constant))


def used(tree: ast.AST) -> Iterator[str]:
    """The dotted name of everything that is imported or used, with its module before it whatever it was imported as."""
    names = dict(imported(tree))
    yield from (name for _, name in imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first, _, rest = ast.unparse(node).partition(".")
            yield f"{names.get(first, first)}.{rest}"


def removed(code: str) -> set[str]:
    """What 3.12 and 3.13 no longer have of what `code` uses."""
    tree = ast.parse(code)
    found = {name for name in used(tree) if name in NAMES}
    for name in used(tree):
        found |= {gone for gone in MODULES if name == gone or name.startswith(f"{gone}.")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in METHODS:
            found.add(node.attr)
        if isinstance(node, ast.Call):
            gone = ARGUMENTS.get(ast.unparse(node.func).rpartition(".")[2], set())
            found |= {one.arg for one in node.keywords if one.arg in gone}
        if isinstance(node, ast.withitem) and isinstance(node.context_expr, ast.Call):
            found |= {"with Path()"} if ast.unparse(node.context_expr.func) in ("Path", "pathlib.Path") else set()
    return found


def vermin(*paths: Path) -> str:
    """What vermin says of the files: nothing where all of them run on Python 3.11."""
    program = [sys.executable, "-c", "from vermin.main import main; main()"]
    options = ["--no-config-file", "--quiet", "--pessimistic", "--violations", "--target=3.11-"]
    done = subprocess.run([*program, *options, *map(str, paths)], capture_output=True, text=True)
    assert done.stdout.strip() or done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_place_is_looked_at():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == {*FOLDERS, "notebooks", "docs"}


def test_nothing_is_newer_than_3_11(tmp_path):
    for path in NOTEBOOKS:
        (tmp_path / f"{path.stem}.py").write_text(code_of(path), encoding="utf-8")
    assert vermin(*(ROOT / folder for folder in FOLDERS), tmp_path) == ""


NEWER = {
    "a name of 3.12": "import itertools\nitertools.batched([1, 2, 3], 2)",
    "a name of 3.13": "import warnings\nwarnings.deprecated('x')",
    "an argument of 3.12": "import shutil\nshutil.rmtree('x', onexc=print)",
    "a statement of 3.12": "type Pair = tuple[str, str]",
    "generics of 3.12": "def first[T](rows: list[T]) -> T:\n    return rows[0]",
}


@pytest.mark.parametrize("name", NEWER)
def test_what_is_newer_is_found(name, tmp_path):
    (tmp_path / "newer.py").write_text(NEWER[name], encoding="utf-8")
    assert "newer.py" in vermin(tmp_path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_was_removed_by_3_13(path):
    assert removed(code_of(path)) == set()


def samples() -> Iterator[tuple[str, str]]:
    """What must be found, and code that uses it."""
    for name in sorted(MODULES):
        yield from ((name, code) for code in (f"import {name}", f"import {name} as x", f"from {name} import x"))
        yield name, f"import importlib\nimportlib.import_module({name!r})"
    for name in sorted(NAMES):
        module, _, last = name.rpartition(".")
        yield from ((name, code) for code in (f"from {module} import {last} as x", f"import {module}\n{name}"))
        yield name, f"import {module} as m\nm.{last}('x')"
    yield from ((name, f"self.{name}(1, 2)") for name in sorted(METHODS))
    yield "distutils", "def f():\n    from distutils.core import setup"
    yield "imp", "__import__('imp')"
    yield "cafile", "import urllib.request as request\nrequest.urlopen('x', cafile='y')"
    yield "with Path()", "from pathlib import Path\nwith Path('x') as folder:\n    pass"


@pytest.mark.parametrize(("name", "code"), samples())
def test_what_was_removed_is_found(name, code):
    assert removed(code) == {name}


def test_what_only_looks_like_it_is_left_alone():
    assert removed("import locale, pipe\nimport cgi_bin\nx.format(imp=1)\nwith Path('x').open():\n    pass") == set()


def is_here(name: str) -> bool:
    """Whether this Python has the module, on one system or another, or the name in its module."""
    module, _, last = name.rpartition(".")
    return hasattr(importlib.import_module(module), last) if module else name in sys.stdlib_module_names


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted((MODULES | NAMES) - {"tkinter.tix"}))  # many machines have no tkinter at all
def test_the_lists_say_what_this_python_says(name):
    """3.11 has each of them, and 3.13 none."""
    if sys.version_info >= (3, 13):
        assert not is_here(name)
    elif sys.version_info < (3, 12):
        assert is_here(name)
