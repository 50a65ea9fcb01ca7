"""The words of docs/glossary.md: a link to one leads somewhere, and a lesson links a word once, where it first uses it.

An entry may list more forms of its word below the heading, `<!-- also: batches, mini-batch -->`.
Below an everyday word is `<!-- everyday -->`: a lesson may link it, and needn't.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tools import ROOT
from tools.check_lessons.anatomy import HEADINGS, Complaint

DOCS = ROOT / "docs"
NOWHERE = "links to glossary.md#{}, and there's no such heading: mend the link, or write the entry"
ENTRY = re.compile(r"^## (.+)\n+(?:<!-- (everyday|also: (.+)) -->)?", flags=re.M)
LINK = re.compile(r"\((?:[\w./-]*/)?glossary\.md#([^)\s]+)\)")
NO_PROSE = re.compile(
    r"```[\s\S]*?```|(`+)(?!`)[\s\S]*?\1|<!--[\s\S]*?-->"  # code, comments
    r"|!?\[[^][]*\]\([^)]*\)|https?://\S+"  # links, pictures
    rf"|^## {HEADINGS[0]}\s+(?:^- .*\n?)*|^## {HEADINGS[-1]}[\s\S]*"  # what a lesson promises, and looks back on
    r"|^(?:#|\||>| {4}).*",  # headings, tables, quotations, code
    flags=re.M,
)


def entries(docs: Path = DOCS) -> dict[str, list[str]]:
    """Return for each entry of the glossary in `docs`, by its heading's anchor, the words that a lesson has to link."""
    found = {}
    for heading, kind, also in ENTRY.findall((docs / "glossary.md").read_text(encoding="utf-8")):
        words = [heading, *filter(None, also.split(", "))]
        found[heading.lower().replace(" ", "-")] = [] if kind == "everyday" else words
    return found


def links(text: str) -> Iterator[tuple[str, int]]:
    """Each link to the glossary in `text`: its anchor and its place."""
    return ((match[1], match.start()) for match in LINK.finditer(text))


def uses(text: str, anchors: dict[str, str]) -> Iterator[tuple[str, int, str]]:
    """Each use in prose of a word in `anchors`, which says where it links to: its anchor, its place and itself."""
    words = "|".join(map(re.escape, sorted(anchors, key=len, reverse=True)))
    text = NO_PROSE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)  # as long as before
    for match in re.finditer(rf"(?<![\w-])(?:{words})(?![\w-])", text, flags=re.I):
        yield anchors[match[0].lower()], match.start(), match[0]


def check_links(notebook, name: str) -> Iterator[Complaint]:
    """Every link to the glossary leads to an entry, and no lesson links one twice."""
    known, seen = entries(), set()
    for index, cell in enumerate(notebook.cells):
        for anchor, _ in links(cell.source):
            if anchor not in known:
                yield index, NOWHERE.format(anchor)
            if anchor in seen:
                yield index, f"links to glossary.md#{anchor} again: keep the first link"
            seen.add(anchor)


def check_first_uses(notebook, name: str) -> Iterator[Complaint]:
    """A lesson, after its title, uses no word of the glossary before it has linked it."""
    anchors, seen = {word.lower(): anchor for anchor, words in entries().items() for word in words}, set()
    for index, cell in enumerate(notebook.cells):
        linked = {anchor: place for anchor, place in links(cell.source) if anchor not in seen}
        for anchor, place, word in uses(cell.source, anchors) if index and cell.cell_type == "markdown" else ():
            if anchor not in seen and place < linked.get(anchor, len(cell.source)):
                yield index, f"says {word!r} for the first time: link it, [{word}](../docs/glossary.md#{anchor})"
                seen.add(anchor)
        seen.update(linked)


def check_pages(docs: Path = DOCS) -> Iterator[str]:
    """One line for each link in a page of `docs` to an entry that the glossary there lacks."""
    known = entries(docs)
    for path in sorted(docs.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        text = text.replace("](#", "](glossary.md#") if path.name == "glossary.md" else text
        yield from (f"{path.name}: {NOWHERE.format(anchor)}" for anchor, _ in links(text) if anchor not in known)
