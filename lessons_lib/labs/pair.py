"""Two sentences of your own, and what a model says to them."""

from collections.abc import Sequence

import ipywidgets as widgets
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from lessons_lib import html
from lessons_lib.labs.lab import Lab, readable


def pair_lab(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, sentence1: str, sentence2: str, names: Sequence[str]
) -> Lab:
    """Type two sentences, and see how probable each of the classes `names` is to `model` as it stands."""

    def draw(sentence1: str, sentence2: str) -> str:
        if not (sentence1.strip() and sentence2.strip()):
            return html.note("Type two sentences: of half a pair the model would say something, and mean nothing.")
        inputs = tokenizer(readable(sentence1), readable(sentence2), truncation=True, return_tensors="pt").to(
            model.device
        )
        training = model.training
        try:
            with torch.no_grad():
                logits = model.eval()(**inputs).logits
        finally:
            model.train(training)
        return html.meters(dict(zip(names, logits[0].float().softmax(dim=-1).tolist(), strict=True)))

    wide = widgets.Layout(width="98%")
    controls = {
        "sentence1": widgets.Text(sentence1, description="Sentence 1", layout=wide),
        "sentence2": widgets.Text(sentence2, description="Sentence 2", layout=wide),
    }
    return Lab(draw, controls)
