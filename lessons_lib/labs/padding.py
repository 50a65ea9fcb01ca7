"""How an epoch is batched, and what that pads."""

from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
from transformers import PreTrainedModel

from lessons_lib import html, plots
from lessons_lib.labs.lab import Lab, choice
from lessons_lib.padding import batches, epoch_order, padding_cost, step_milliseconds


def padding_lab(lengths: Sequence[int], model: PreTrainedModel, pad_to: int = 128) -> Lab:
    """Choose how texts of `lengths` tokens are batched, and see what is padded; a button measures a step of `model`."""
    measured: dict[tuple[int, int], float] = {}
    button = widgets.Button(description="Measure a step")

    def epoch(batch_size: int, strategy: str, seed: int) -> tuple[list[int], int | None, int]:
        """Return the order of an epoch, the width that all batches are padded to, if any, and the typical width."""
        fixed = pad_to if strategy.startswith("to ") else None
        order = epoch_order(lengths, batch_size, grouped=strategy == "grouped", seed=seed)
        longest = [max(lengths[index] for index in batch) for batch in batches(order, batch_size)]
        return order, fixed, fixed or int(np.median(longest))

    def draw(batch_size: int, strategy: str, seed: int) -> str:
        order, fixed, width = epoch(batch_size, strategy, seed)
        cost, step = padding_cost(lengths, order, batch_size, pad_to=fixed), measured.get((batch_size, width))
        numbers = {
            "padding": f"{1 - cost.real / cost.computed:.1%}",
            "tokens an epoch computes": f"{cost.computed:,}",
            "real ones among them": f"{cost.real:,}",
            "a batch of median width": f"{batch_size} × {width}",
            "a step of it, measured here": f"{step:,.0f} ms" if step else "press “Measure a step”",
            "that is, for one text": f"{step / batch_size:,.0f} ms" if step else "–",
        }
        axes = plots.plot_epoch(lengths, order, batch_size, fixed, width=max(pad_to, *lengths))
        return html.numbers(numbers) + plots.show(axes).data

    def measure(clicked: widgets.Button | None = None) -> None:
        shape = (values := lab.values())["batch_size"], epoch(**values)[2]
        button.disabled, button.description = True, "Measuring …"
        try:
            measured[shape] = step_milliseconds(model, *shape)
            lab.redraw()
        except Exception as error:  # out of memory, for one
            why = html.short(str(error))
            lab.view.value = html.note(f"A step of {shape[0]} × {shape[1]} cannot be measured: {why}")
        finally:
            button.disabled, button.description = False, "Measure a step"

    button.on_click(measure)
    controls = {
        "batch_size": widgets.SelectionSlider(options=[1, 2, 4, 8, 16, 32], value=4, description="batch size"),
        "strategy": choice([f"to {pad_to}", "dynamic", "grouped"], "strategy", value="dynamic"),
        "seed": widgets.IntSlider(0, 0, 20, description="shuffle seed", continuous_update=False),
    }
    lab = Lab(draw, controls, [button])
    measure()
    return lab
