"""What language models are judged by: how much a text surprises them, and what they would write next."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase


@torch.no_grad()
def perplexity(
    model: PreTrainedModel, rows: Sequence[Mapping], collate: Callable[[list], Mapping], batch_size: int = 4
) -> float:
    """Return the exponential of the mean surprise per predicted piece: 1 for a model that is always sure and right.

    `rows` are tokenized texts, and `collate` makes batches with `labels`, as `DataCollatorForLanguageModeling` with
    `mlm=False` does. The first piece of a text is given, not predicted. Source: Jelinek et al., 1977,
    https://doi.org/10.1121/1.2016299.
    """
    losses, sizes = [], []
    for start in range(0, len(rows), batch_size):
        batch = {name: tensor.to(model.device) for name, tensor in collate(rows[start : start + batch_size]).items()}
        losses.append(model.eval()(**batch).loss.item())
        sizes.append((batch["labels"][:, 1:] != -100).sum().item())
    return float(np.exp(np.average(losses, weights=sizes)))


def next_pieces(
    scores: torch.Tensor, temperatures: Sequence[float], tokenizer: PreTrainedTokenizerBase, most: int = 5
) -> pd.DataFrame:
    """Return the chances of the `most` likely next pieces at each temperature: the softmax of `scores / temperature`.

    `scores`, `(vocabulary,)`, are a model's logits at the last place of a text.
    """
    best = scores.float().argsort(descending=True)[:most].tolist()
    chances = {heat: (scores.float() / heat).softmax(-1)[best].tolist() for heat in temperatures}
    return pd.DataFrame(chances, index=pd.Index([tokenizer.decode(one) for one in best], name="next piece"))


@torch.no_grad()
def guess_hidden(guesser: PreTrainedModel | torch.Tensor, batches: Sequence[Mapping]) -> dict[str, float]:
    """Return the mean loss over the hidden pieces of `batches`, and the share that is guessed right.

    `guesser` is a masked language model, or the same scores for every place, `(vocabulary,)`. A piece is hidden where
    its label isn't -100, as `DataCollatorForLanguageModeling` marks it.
    """
    losses, hits = [], []
    for batch in batches:
        hidden = batch["labels"] != -100
        right = batch["labels"][hidden]
        if isinstance(guesser, torch.Tensor):
            scores = guesser.expand(len(right), -1)
        else:
            inputs = {name: batch[name].to(guesser.device) for name in ("input_ids", "attention_mask")}
            scores = guesser.eval()(**inputs).logits.cpu()[hidden].float()
        losses += torch.nn.functional.cross_entropy(scores, right, reduction="none").tolist()
        hits += (scores.argmax(-1) == right).tolist()
    return {"loss": float(np.mean(losses)), "accuracy": float(np.mean(hits))}
