"""A lesson as a page: what it printed and drew, without what only a running notebook needs."""

import re

from nbformat import NotebookNode

from lessons_lib.course import Course
from tools import ROOT
from tools.run_lessons import WIDGET
from tools.write_docs.address import badges, binder_link, colab_link

BAR = re.compile(r"^.*\d+%\|.*\|.*$|^.*\d+it \[.*\].*$", flags=re.M)  # what tqdm draws
FOLDER = re.compile(r"/[\w./@+-]*/(?:site-packages|snapshots)/")  # what an environment or a cache is in
TEMPORARY = re.compile(r"/[\w./+-]*/tmp\w{6,}")


def page(notebook: NotebookNode, course: Course, slug: str) -> NotebookNode:
    """Return the executed `notebook` of the lesson `slug` as the page that the book has of it."""
    title, promise = notebook.cells[0].source.removesuffix(badges(course, slug)).strip().split("\n\n")
    notebook.cells[0].source = "\n\n".join([title, promise, *launch(course, slug)])
    del notebook.cells[1]  # what installs the course on Colab
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [plain(one) for one in cell.outputs if WIDGET not in one.get("data", {})]
            cell.outputs = [one for one in cell.outputs if one.output_type != "stream" or one.text.strip()]
    return notebook


def launch(course: Course, slug: str) -> list[str]:
    """Return the buttons that open a lesson on Colab and on Binder, where the course has an address."""
    if not course.repository:
        return []
    links = {"Open in Colab": colab_link(course, slug), "Open in Binder": binder_link(course, slug)}
    buttons = [f"{{bdg-link-primary-line}}`{name} <{url}>`" for name, url in links.items()]
    return [" ".join(buttons)]


def plain(output: NotebookNode) -> NotebookNode:
    """Return an output without bars of progress and folders of the machine, the Trainer's table folded."""
    if output.output_type == "stream":
        output.text = nameless(BAR.sub("", output.text.replace("\r", "\n"))).strip("\n") + "\n"
    for kind, shown in output.get("data", {}).items():
        if isinstance(shown, str) and kind.startswith("text/"):
            output.data[kind] = re.sub(r'href="(\d\d_\w+)\.ipynb"', r'href="\1.html"', nameless(shown))
            if "<progress value=" in shown:  # the dashboard has drawn it already
                output.data[kind] = f"<details><summary>The Trainer's own table</summary>{output.data[kind]}</details>"
    return output


def nameless(text: str) -> str:
    """Return `text` with folders of this machine cut to what they're called.

    >>> nameless("from: /home/ada/.venv/lib/python3.13/site-packages/some_package/model !")
    'from: some_package/model !'
    """
    return TEMPORARY.sub("a temporary folder", FOLDER.sub("", text)).replace(f"{ROOT}/", "").replace(str(ROOT), ".")
