"""Regions of a file: what is between `written by make docs: NAME` and `end of NAME`, whatever marks a comment."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

Page = Mapping[str, Callable[[], str]]  # what makes the text of each region, by its name


def put(text: str, name: str, content: str) -> str:
    """Return `text` with `content` as the region called `name`. Raises `ValueError` where it has not that one region.

    >>> put("<!-- written by make docs: day -->\\nMonday\\n<!-- end of day -->", "day", "Tuesday").splitlines()[2]
    'Tuesday'
    """
    region = re.compile(rf"(^.*written by make docs: {name}\b.*\n)(?:.*\n)*?(.*end of {name}\b)", flags=re.MULTILINE)
    if len(region.findall(text)) != 1:
        raise ValueError(f"needs two lines, once: 'written by make docs: {name}' and 'end of {name}'")
    gap = "\n" if "<!--" in region.search(text)[1] else ""  # Markdown wants an empty line beside its comments
    return region.sub(lambda match: f"{match[1]}{gap}{content.rstrip()}\n{gap}{match[2]}", text)


def filled(path: Path, regions: Page) -> str:
    """Return the text of the file at `path` with each of its `regions` as it should be."""
    text = path.read_text(encoding="utf-8")
    for name, content in regions.items():
        try:
            text = put(text, name, content())
        except ValueError as error:
            raise ValueError(f"{path.name} {error}") from None
    return text


def write(texts: Mapping[Path, str], check: bool = False) -> list[Path]:
    """Write each text to its file where the file says something else; with `check` only return which those are."""
    stale = [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
    for path in [] if check else stale:
        path.write_text(texts[path], encoding="utf-8", newline="\n")
    return stale


def markdown_table(heads: list[str], rows: list[list[object]]) -> str:
    """Return a table in Markdown.

    >>> print(markdown_table(["day", "rain"], [["Monday", 3]]))
    | day | rain |
    |---|---|
    | Monday | 3 |
    """
    lines = [f"| {' | '.join(map(str, cells))} |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])
