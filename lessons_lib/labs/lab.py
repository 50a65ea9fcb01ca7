"""A lab: a few labelled controls, and below them a view that follows.

Made of what ipywidgets 7 and 8 share (Colab has 7.7.1). Where no kernel listens (a page, a book), a lab is the still
view that it began with.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import uuid4

import ipywidgets as widgets
from IPython.display import HTML, display

from lessons_lib import html


class Lab:
    """Controls by name, and a view below them that changes when one of them does."""

    def __init__(
        self, draw: Callable[..., str], controls: Mapping[str, widgets.Widget], buttons: Sequence = ()
    ) -> None:
        """Let `draw`, given the value of each control by its name, return the HTML of the view."""
        self.controls, self.buttons, self._draw = dict(controls), list(buttons), draw
        self.view = widgets.HTML(layout=widgets.Layout(width="100%"))
        for control in self.controls.values():
            control.style.description_width = "initial"
            control.observe(lambda change: self.redraw(), names="value")
        self.view.value = draw(**self.values())

    def values(self) -> dict[str, object]:
        """Return the value of each control by its name."""
        return {name: control.value for name, control in self.controls.items()}

    def redraw(self) -> None:
        """Draw the view anew. What goes wrong is said in the view: an error in an event is seen nowhere else."""
        try:
            self.view.value = self._draw(**self.values())
        except Exception as error:
            self.view.value = html.note(f"This cannot be shown. {type(error).__name__}: {html.short(str(error))}")

    def _ipython_display_(self) -> None:
        row = widgets.Layout(display="flex", flex_flow="row wrap", align_items="center")
        controls = widgets.Box([*self.controls.values(), *self.buttons], layout=row)
        words = html.note("A still picture: run this notebook for the controls.")
        display_live(self.view.value + words, controls, self.view)


def display_live(still: str, *live: widgets.Widget) -> None:
    """Display `live`, and where no kernel listens the HTML `still` in its place."""
    name = f"lab-{uuid4().hex}"
    where_live = widgets.HTML(f"<style>#{name} {{ display: none }}</style>", layout=widgets.Layout(display="none"))
    display(HTML(f'<div id="{name}" class="tex2jax_ignore mathjax_ignore">{still}</div>'))
    display(widgets.VBox([where_live, *live]))


def choice(options: list[str], description: str, value: str | None = None) -> widgets.ToggleButtons:
    """Buttons, one of which is chosen: JupyterLab takes the arrow keys from a drop-down list."""
    buttons = widgets.ToggleButtons(options=options, value=value or options[0], description=description)
    buttons.style.button_width = buttons.layout.width = "auto"
    buttons.layout.display = "flex"  # the label beside its buttons
    buttons.layout.align_items = "center"
    return buttons


def readable(text: str) -> str:
    """Return `text` without halves of surrogate pairs, which a browser may send and a tokenizer refuses."""
    return text.encode("utf-8", "replace").decode()
