"""Sphinx's settings for the book."""

from lessons_lib.course import COURSE
from tools import ROOT
from tools.write_docs.address import GITHUB

project = "Fine-tuning, lesson by lesson"
html_title = project
version = release = COURSE.version
language = "en"
extensions = ["myst_nb", "sphinx_design"]

nb_execution_mode = "off"  # they ran already
nb_merge_streams = True
nb_ipywidgets_js: dict = {}  # from another host
myst_heading_anchors = 4

html_theme = "sphinx_book_theme"
html_static_path = [str(ROOT / "tools" / "book" / "static")]
html_css_files = ["book.css"]
html_show_copyright = False
html_copy_source = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_persistent": [],
    "show_toc_level": 2,
    "max_navbar_depth": 1,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    **({"repository_url": f"{GITHUB}/{COURSE.repository}", "use_repository_button": True} if COURSE.repository else {}),
}
