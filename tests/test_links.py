"""The address of the repository is said once, and everything that names it agrees."""

import shutil
from pathlib import Path

import links
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def course(tmp_path):
    """A copy of everything that names the repository."""
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*", "trainer_output"))
    return tmp_path


def texts(folder: Path) -> dict[Path, str]:
    return {path.relative_to(folder): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


def test_nothing_names_the_old_address_after_a_rewrite(course):
    repo, ref = links.read_address(course)
    before = texts(course)
    assert any(repo in text for text in before.values())
    links.rewrite("someone/their-course", "v9.8.7", course)
    assert links.read_address(course) == ("someone/their-course", "v9.8.7")
    for path, text in texts(course).items():
        assert repo not in text, path
        if path.suffix == ".ipynb":
            assert f"@{ref}" not in text and f"blob/{ref}/" not in text, path
            assert text.count("someone/their-course") == 3, path  # two badges, one install cell


def test_there_and_back_leaves_every_byte_as_it_was(course):
    before = texts(course)
    changed = links.rewrite("someone/their-course", "main", course)
    assert len(changed) == len(list((course / "notebooks").glob("*.ipynb"))) + 2
    links.rewrite(*links.read_address(ROOT), course)
    assert texts(course) == before


@pytest.mark.parametrize("arguments", [[], ["REPO=owner/name", "REF="], ["REPO=name", "REF=v1"], ["REF=v1"]])
def test_half_an_address_is_refused(arguments, capsys):
    assert links.main(arguments) == 2
    assert "make links REPO=owner/name REF=v0.1.0" in capsys.readouterr().err
