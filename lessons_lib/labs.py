"""Things to touch: one lab for each idea of the lessons.

What is counted comes from the pure modules, what is drawn from `plots` and `views`; a lab only ties them to controls.
"""

from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lessons_lib import plots, views
from lessons_lib.heads import part_table
from lessons_lib.lab import Lab, choice
from lessons_lib.memory import training_memory
from lessons_lib.metrics import scores, softmax, worst_mistakes
from lessons_lib.padding import batches, epoch_order, padding_cost, step_milliseconds
from lessons_lib.tokens import truncation_table


def _readable(text: str) -> str:
    """Return `text` without halves of surrogate pairs, which a browser may send and a tokenizer refuses."""
    return text.encode("utf-8", "replace").decode()


def token_lab(tokenizer: PreTrainedTokenizerBase, text: str, pair: str = "", max_length: int = 32) -> Lab:
    """Type a text, or two, and see its tokens; move `max_length` and see what is cut off."""

    def draw(text: str, pair: str, max_length: int, truncation_side: str) -> str:
        readable = [_readable(one) for one in (text, pair)]
        table = truncation_table(tokenizer, readable[0], readable[1] or None, max_length, truncation_side)
        kept = table[table["kept"]]
        found = {
            "tokens": f"{len(kept):,}",
            "of them special": f"{kept['sequence'].isna().sum()}",
            "unknown": f"{(kept['piece'] == tokenizer.unk_token).sum()}",
            "cut off": f"{len(table) - len(kept):,}",
            "characters": f"{sum(map(len, readable)):,}",
        }
        return views.numbers(found) + views.token_chips(table, tokenizer.unk_token)

    wide = widgets.Layout(width="98%")
    most = min(tokenizer.model_max_length, max(128, max_length))
    controls = {
        "text": widgets.Textarea(text, description="Text", rows=2, layout=wide),
        "pair": widgets.Textarea(pair, description="Second text (may be empty)", rows=2, layout=wide),
        "max_length": widgets.IntSlider(
            max_length, 4, most, description="max_length", layout=widgets.Layout(width="60%")
        ),
        "truncation_side": choice(["right", "left"], "truncation side"),
    }
    return Lab(draw, controls)


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
        found = {
            "padding": f"{1 - cost.real / cost.computed:.1%}",
            "tokens an epoch computes": f"{cost.computed:,}",
            "real ones among them": f"{cost.real:,}",
            "a batch of median width": f"{batch_size} × {width}",
            "a step of it, measured here": f"{step:,.0f} ms" if step else "press “Measure a step”",
            "that is, for one text": f"{step / batch_size:,.0f} ms" if step else "–",
        }
        alt = f"The first batches of an epoch, {strategy}: {found['padding']} of all positions are padding."
        axes = plots.plot_epoch(lengths, order, batch_size, fixed, width=max(pad_to, *lengths))
        return views.numbers(found) + plots.show(axes, alt).data

    def measure(clicked: widgets.Button | None = None) -> None:
        shape = (values := lab.values())["batch_size"], epoch(**values)[2]
        button.disabled, button.description = True, "Measuring …"
        try:
            measured[shape] = step_milliseconds(model, *shape)
            lab.redraw()
        except Exception as error:  # out of memory, for one
            why = views.short(str(error))
            lab.view.value = views.note(f"A step of {shape[0]} × {shape[1]} cannot be measured: {why}")
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
        found = {
            "parameters": f"{total:,}",
            "of them trainable": f"{trainable:,} ({share})",
            **{f"MiB for the {name}": f"{mib:,.1f}" for name, mib in memory.items()},
        }
        names = "".join(f'    "{name}.",\n' for name in frozen)
        lines = (
            f"frozen = (\n{names})\nfor name, parameter in model.base_model.named_parameters():\n"
            "    parameter.requires_grad = not name.startswith(frozen)"
        )
        alt = f"A bar for each part: {len(frozen)} of {len(inside)} are frozen, {share} of all parameters train."
        picture = plots.show(plots.plot_trainable(inside["parameters"].to_dict(), frozen), alt).data
        code = views.code(lines) if frozen else views.note("With nothing frozen, every weight trains.")
        return views.numbers(found) + picture + views.weight_tree(parts, comparison, frozen, unfold) + code

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


def metrics_lab(
    logits: np.ndarray, labels: np.ndarray, sentence1: list[str], sentence2: list[str], names: Sequence[str]
) -> Lab:
    """Move the threshold above which class 1 is said, and see every figure move; read the mistakes, the worst first.

    `logits` are `(n, 2)`, `labels` `(n,)`; `names` are those of the two classes. Raises `ValueError` for other shapes.
    """
    if logits.shape != (len(labels), 2):
        raise ValueError(f"The metrics lab is for two classes: logits (n, 2) for n labels, not {logits.shape}.")
    probabilities, blind = softmax(logits)[:, 1], scores(np.ones(len(labels)), labels)
    kinds = {
        "all mistakes": (0, 1),
        f"said “{names[1]}”, wrongly": (1,),
        f"said “{names[0]}”, wrongly": (0,),
    }

    def draw(threshold: float, kind: str, first: int) -> str:
        found = {name: f"{value:.3f}" for name, value in scores(probabilities, labels, threshold).items()}
        if not (probabilities > threshold).any():
            found["precision"] = "–"  # a share of nothing
        found[f"always “{names[1]}”"] = f"{blind['accuracy']:.3f} accuracy, {blind['f1']:.3f} F1"
        mistakes = worst_mistakes(sentence1, sentence2, logits, labels, threshold)
        mistakes = mistakes[mistakes["predicted"].isin(kinds[kind])]
        alt = (
            f"At a threshold of {threshold:.2f}: a table of right and wrong answers, the ROC curve and the "
            f"precision-recall curve, each with a point at precision {found['precision']}, recall {found['recall']}."
        )
        picture = plots.show(plots.plot_threshold(probabilities, labels, names, threshold), alt).data
        first = max(1, min(first, len(mistakes)))
        shown = mistakes.iloc[first - 1 : first + 4]
        count = views.note(f"{kind}: {len(mistakes)}, the largest loss first; shown from number {first}:")
        return views.numbers(found) + picture + count + views.mistake_list(shown, names, first)

    controls = {
        "threshold": widgets.FloatSlider(
            0.5, min=0, max=1, step=0.01, description="threshold", continuous_update=False
        ),
        "kind": choice(list(kinds), "mistakes"),
        "first": widgets.BoundedIntText(1, min=1, max=len(labels), step=5, description="first one shown"),
    }
    return Lab(draw, controls)


def pair_lab(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, sentence1: str, sentence2: str, names: Sequence[str]
) -> Lab:
    """Type two sentences, and see how probable each of the classes `names` is to `model` as it stands."""

    def draw(sentence1: str, sentence2: str) -> str:
        if not (sentence1.strip() and sentence2.strip()):
            return views.note("Type two sentences: of half a pair the model would say something, and mean nothing.")
        inputs = tokenizer(_readable(sentence1), _readable(sentence2), truncation=True, return_tensors="pt").to(
            model.device
        )
        training = model.training
        try:
            with torch.no_grad():
                logits = model.eval()(**inputs).logits
        finally:
            model.train(training)
        return views.meters(dict(zip(names, softmax(logits.float().cpu().numpy())[0], strict=True)))

    wide = widgets.Layout(width="98%")
    controls = {
        "sentence1": widgets.Text(sentence1, description="Sentence 1", layout=wide),
        "sentence2": widgets.Text(sentence2, description="Sentence 2", layout=wide),
    }
    return Lab(draw, controls)
