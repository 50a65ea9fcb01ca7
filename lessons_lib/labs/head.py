"""What becomes of a checkpoint under a new head, and what freezing leaves to train."""

import ipywidgets as widgets
import pandas as pd

from lessons_lib import html, plots
from lessons_lib.heads import part_table
from lessons_lib.labs.lab import Lab
from lessons_lib.memory import training_memory


def head_lab(comparison: pd.DataFrame) -> Lab:
    """Unfold a model that `compare_weights` has looked at, freeze it part by part, and see what is left to train.

    The names in `comparison` are those of the base model, see `heads.without_prefix`; its last part is the head.
    """
    parts = part_table(comparison)
    inside = parts[parts["status"] != "dropped"]
    below = inside.index[:-1]  # all but the head, which always trains
    kept = [part for part in below if inside.loc[part, "status"] != "new"]
    can_freeze = kept or list(below)

    def draw(freeze: int, unfold: str) -> str:
        frozen = can_freeze[:freeze]
        total = int(inside["parameters"].sum())
        trainable = total - int(inside.loc[frozen, "parameters"].sum())
        memory, share = training_memory(total, trainable), f"{trainable / total:.2%}"
        numbers = {
            "parameters": f"{total:,}",
            "of them trainable": f"{trainable:,} ({share})",
            **{f"MiB for the {name}": f"{mib:,.1f}" for name, mib in memory.items()},
        }
        names = "".join(f'    "{name}.",\n' for name in frozen)
        lines = (
            f"frozen = (\n{names})\nfor name, parameter in model.named_parameters():\n"
            '    inside = name.removeprefix(model.base_model_prefix + ".")\n'
            "    parameter.requires_grad = not inside.startswith(frozen)"
        )
        picture = plots.show(plots.plot_trainable(inside["parameters"].to_dict(), frozen)).data
        code = html.code(lines) if frozen else html.note("With nothing frozen, every weight trains.")
        return html.numbers(numbers) + picture + html.weight_tree(parts, comparison, frozen, unfold) + code

    controls = {
        "freeze": widgets.IntSlider(
            0, 0, len(can_freeze), description="frozen parts, from the input", continuous_update=False
        ),
        "unfold": widgets.SelectionSlider(
            options=["nothing", *parts.index], value=can_freeze[-1], description="unfold"
        ),
    }
    for control in controls.values():
        control.layout.width = "460px"
    return Lab(draw, controls)
