"""The book, page by page in a browser: no error, nothing from another host, no barrier, no dead link, no page too wide.

It's made of the lessons that ran last, in `make test` those that the tests ran. Pictures: build/screenshots/book_*.png.
"""

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tools import ROOT
from tools.book.__main__ import build, stale
from tools.check_lessons.code import FOLDER
from tools.run_lessons import BUILD

SHOTS = ROOT / "build" / "screenshots"
WIDTHS = {"desktop": 1280, "phone": 390}
NO_PRELOAD = {"preload": False}  # of style sheets, which a page in a file may not ask for
SHOWN = ("index", "notebooks/04_fine_tuning_with_trainer", "calls")  # of which a picture is kept


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The folder of the book."""
    if late := [path.name for path in stale()]:
        if os.environ.get("CI"):
            raise AssertionError(f"not run as they are now: {', '.join(late)}; the lessons' tests come first")
        pytest.skip(f"run `make book` first: {', '.join(late)} changed")
    folder = tmp_path_factory.mktemp("book")
    assert build(BUILD, folder / "book", folder / "sources") == 0
    return folder / "book"


def pages(book: Path) -> list[Path]:
    return [path for path in sorted(book.rglob("*.html")) if "_static" not in path.parts]  # macros of the theme


class Page(HTMLParser):
    """The links, anchors and pictures of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.anchors, self.mute = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors.update(filter(None, [given.get("id"), given.get("name") if tag == "a" else None]))
        for name in ("href", "src"):
            if given.get(name):
                self.links.append(given[name])
        if tag == "img" and not given.get("alt"):
            self.mute.append(given.get("src", "")[:80])


def test_every_link_leads_somewhere_and_every_picture_has_its_text(book):
    found = {path: Page(path) for path in pages(book)}
    dead, mute = [], {path.name: page.mute for path, page in found.items() if page.mute}
    for path, page in found.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("#"):
                target, anchor = path, link[1:] if link.startswith("#") else ""
            else:
                target, anchor = (path.parent / unquote(parts.path)).resolve(), parts.fragment
            anchors = found[target].anchors if target in found else {anchor}
            if not target.exists() or (anchor and unquote(anchor) not in anchors):
                dead.append((path.name, link))
    assert not dead and not mute, (dead, mute)
    assert len(found) > 30 and sum(len(page.links) for page in found.values()) > 2_000


def test_no_page_names_a_folder_of_this_machine(book):
    text = {
        path.name: re.sub(r"<script.*?</script>", "", path.read_text(encoding="utf-8"), flags=re.S)
        for path in pages(book)
    }
    assert not {name: folder.group() for name, one in text.items() if (folder := FOLDER.search(one))}
    assert str(ROOT) not in " ".join(text.values())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_in_a_browser(book, browser, width, theme):
    from axe_playwright_python.sync_playwright import Axe

    SHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport={"width": WIDTHS[width], "height": 1000}, color_scheme=theme)
    page, asked, said = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    faults = {}
    for path in pages(book):
        asked.clear()
        said.clear()
        page.goto(path.as_uri())
        found = {
            "errors": list(said),
            "foreign requests": [url for url in asked if not url.startswith(("file:", "data:"))],
            "too wide by": page.evaluate("document.documentElement.scrollWidth - window.innerWidth"),
            "broken pictures": page.evaluate("[...document.images].filter(one => !one.naturalWidth).length"),
            "barriers": [
                (one["id"], one["nodes"][0]["html"][:200])
                for one in Axe().run(page, options=NO_PRELOAD).response["violations"]
                if one["impact"] in ("serious", "critical")
            ],
        }
        name = path.relative_to(book).with_suffix("").as_posix()
        faults |= {name: found} if any(found.values()) else {}
        if name in SHOWN:
            page.screenshot(path=SHOTS / f"book_{name.replace('/', '_')}_{width}_{theme}.png")
    context.close()
    assert not faults, faults


def test_the_search_finds_a_word_without_a_server(book, browser):
    page = browser.new_page()
    page.goto((book / "search.html").as_uri() + "?q=padding")
    page.locator("#search-results li a", has_text="Dynamic padding").first.wait_for()
    page.close()
