"""A text of your own, or two, and what a model says to them."""

from collections.abc import Sequence

import ipywidgets as widgets
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lessons_lib import html
from lessons_lib.labs.lab import Lab, readable


def pair_lab(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sentence1: str,
    sentence2: str | None,
    names: Sequence[str],
) -> Lab:
    """Type two sentences, and see how probable each of the classes `names` is to `model` as it stands.

    Where `sentence2` is `None`, there is one text, for a model of single texts. Raises `ValueError` where `names` are
    not as many as the model has classes.
    """
    if len(names) != model.config.num_labels:
        raise ValueError(f"The model has {model.config.num_labels} classes, and {len(names)} names were given.")

    def draw(**texts: str) -> str:
        if not all(text.strip() for text in texts.values()):
            return html.note("Type a text in each box: of nothing the model would say something, and mean nothing.")
        inputs = tokenizer(*map(readable, texts.values()), truncation=True, return_tensors="pt").to(model.device)
        training = model.training
        try:
            with torch.no_grad():
                logits = model.eval()(**inputs).logits
        finally:
            model.train(training)
        return html.meters(dict(zip(names, logits[0].float().softmax(dim=-1).tolist(), strict=True)))

    wide = widgets.Layout(width="98%")
    if sentence2 is None:
        return Lab(draw, {"text": widgets.Text(sentence1, description="Text", layout=wide)})
    controls = {
        "sentence1": widgets.Text(sentence1, description="Sentence 1", layout=wide),
        "sentence2": widgets.Text(sentence2, description="Sentence 2", layout=wide),
    }
    return Lab(draw, controls)
