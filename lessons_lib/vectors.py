"""One vector per text, from an encoder as it is."""

from collections.abc import Sequence

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase


@torch.no_grad()
def mean_vectors(
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    encoder: PreTrainedModel,
    max_length: int = 128,
    batch_size: int = 32,
) -> np.ndarray:
    """Return the mean of each text's token vectors, padding left out, scaled to length 1: `(n, hidden)`.

    `encoder` is a model without a head; `max_length` counts tokens, special ones included. Texts of like length share
    a batch, so little is computed for padding. Source of the mean: Reimers and Gurevych (2019),
    https://arxiv.org/abs/1908.10084.
    """
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    vectors = np.zeros((len(texts), encoder.config.hidden_size), dtype=np.float32)
    for start in range(0, len(texts), batch_size):
        some = order[start : start + batch_size]
        options = {"padding": True, "truncation": True, "max_length": max_length, "return_tensors": "pt"}
        batch = tokenizer([texts[number] for number in some], **options).to(encoder.device)
        hidden = encoder.eval()(**batch).last_hidden_state.float()  # (batch, seq, hidden)
        mask = batch["attention_mask"].unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        vectors[some] = torch.nn.functional.normalize(mean).cpu().numpy()
    return vectors
