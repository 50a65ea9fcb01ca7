"""Whatever comes from outside is shown as text: no live tag or attribute comes out of any view, chart or panel."""

from html.parser import HTMLParser

import pandas as pd
import pytest

from lessons_lib import html, plots
from lessons_lib.dashboard import panel, svg
from lessons_lib.dashboard.state import RunState
from lessons_lib.heads import part_table
from lessons_lib.tokens import truncation_table

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></svg><iframe src=javascript:alert(1)>",
    "<!-- --><b onclick=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]
TAGS = {"b", "br", "code", "details", "div", "img", "li", "meter", "ol", "p", "pre", "small", "span", "summary"}
TAGS |= {"table", "td", "th", "tr"}
ATTRIBUTES = {
    "alt",
    "aria-label",
    "class",
    "height",
    "id",
    "max",
    "min",
    "role",
    "src",
    "start",
    "style",
    "value",
    "width",
}


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text, self.sources = "", []

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            if name == "src":
                self.sources.append(value)
                assert value.startswith(("data:image/png;base64,", "data:image/svg+xml;base64,")), value
            if name == "style":
                assert "alert" not in value, value

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(data)


def read(html: str) -> str:
    """The text that a reader sees in `html`, after a look at every tag and attribute."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.text


def mistakes(text: str) -> pd.DataFrame:
    row = {"loss": 1.0, "probability": 0.2, "true": 0, "predicted": 1, "sentence1": text, "sentence2": text}
    return pd.DataFrame([row])


def comparison(name: str) -> pd.DataFrame:
    rows = {f"{name}.weight": {"shape": (2, 3), "parameters": 6, "status": name}}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["shape", "parameters", "status"])


def tree(text: str) -> str:
    table = comparison(text)
    return html.weight_tree(part_table(table), table, frozen=[text], unfolded=part_table(table).index[0])


def training_panel(text: str) -> str:
    run = RunState(began=0, first_step=0, max_steps=10, epochs=1, step=3)
    run.log(3, {"loss": 0.5, f"eval_{text}": 0.5, f"eval_{text}_loss": 0.5, text: 1.0})
    return panel.panel(run, text, now=2.0)


VIEWS = {
    "numbers": lambda text: html.numbers({text: text}),
    "note": html.note,
    "code": html.code,
    "show": lambda text: plots.show(plots.plot_lengths([3, 5]), text).data,
    "meters": lambda text: html.meters({text: 0.5}),
    "mistake_list": lambda text: html.mistake_list(mistakes(text), [text, text]),
    "weight_tree": tree,
    "training panel": training_panel,
    "chart": lambda text: svg.picture(svg.line_chart({text: [(1, 2)]}, text, text), text),
}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("view", VIEWS)
def test_hostile_text_is_text(view, text):
    shown = read(VIEWS[view](text))
    assert view in ("chart", "show") or text in shown  # a picture holds its words inside it


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_tokens_are_text(tokenizer, text):
    table = truncation_table(tokenizer, text, text, max_length=16)
    table["piece"] = text  # no piece of a vocabulary says this; one of a stranger's tokenizer may
    assert text[:10] in read(html.token_chips(table))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_inside_the_svg(text):
    from xml.etree import ElementTree

    drawing = ElementTree.fromstring(svg.line_chart({text: [(1, 2)], "b": [(1, 3)]}, text, text))
    tags = {element.tag.rpartition("}")[2] for element in drawing.iter()}
    assert tags <= {"svg", "rect", "text", "line", "polyline", "circle"}
    assert not [name for element in drawing.iter() for name in element.attrib if name.startswith("on")]


def test_a_reader_of_hostile_html_would_notice():
    for text in HOSTILE[:2]:
        with pytest.raises(AssertionError):
            read(f"<div>{text}</div>")
    with pytest.raises(AssertionError):
        read(f"<div class='{HOSTILE[2]}'></div>")


def test_chips_look_different_by_more_than_colour(tokenizer):
    table = truncation_table(tokenizer, "one two 🍕 three four five", "six", max_length=8)
    chips = html.token_chips(table)
    for look in ("sentence 1", "sentence 2", "special", "unknown", "cut off"):
        assert html.LOOKS[look] in chips
    borders = [look.split("border: ")[1].split(" #")[0] for look in html.LOOKS.values()]
    assert len(set(borders)) == len(borders)


def test_cut_tokens_are_counted_beyond_those_shown(tokenizer):
    table = truncation_table(tokenizer, "rain " * 500, None, max_length=8)
    chips = html.token_chips(table)
    assert chips.count("line-through") == html.SHOWN_CUT
    assert f"and {494 - html.SHOWN_CUT} more" in chips
