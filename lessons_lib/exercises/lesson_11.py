"""Exercises of lesson 11: perplexity, names, what's drawn from, and labels that teach an answer."""

from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace

import numpy as np
import torch
from scipy.stats import gmean
from torch.nn.utils.rnn import pad_sequence

from lessons_lib.exercises.engine import Exercise, Mistake


def _texts(rng: np.random.Generator) -> tuple[list[np.ndarray]]:
    return ([rng.uniform(0.02, 0.9, rng.integers(1, 9)).round(3) for _ in range(rng.integers(2, 5))],)


text_perplexity = Exercise(
    reference=lambda chances: 1 / gmean(np.concatenate(chances)),
    draw=_texts,
    mistakes=(
        Mistake(
            lambda chances: np.mean([1 / gmean(text) for text in chances]),
            "You averaged the texts' perplexities, so one strange text decides: take all pieces together first.",
        ),
        Mistake(
            lambda chances: np.exp(np.mean([-np.log(text).mean() for text in chances])),
            "A short text counts as much as a long one in yours: take all pieces together first.",
        ),
        Mistake(
            lambda chances: -np.log(np.concatenate(chances)).mean(),
            "That's the loss: the perplexity is its exponential, `np.exp`.",
        ),
        Mistake(lambda chances: gmean(np.concatenate(chances)), "The surprise is *minus* the log of a chance."),
        Mistake(
            lambda chances: 1 / np.concatenate(chances).mean(),
            "You averaged the chances: average their logs.",
        ),
        Mistake(
            lambda chances: np.exp(-np.log(np.concatenate(chances)).sum()),
            "You added the surprises up: take their mean, or a longer text looks harder.",
        ),
        Mistake(
            lambda chances: np.exp(-np.log2(np.concatenate(chances)).mean()),
            "A log to the base of 2 belongs to a power of 2: `np.log` goes with `np.exp`.",
        ),
    ),
    hints=(
        "Every *piece* counts the same, whichever text it's in.",
        "A piece's surprise is `-np.log(chance)`; `np.concatenate` makes one array of all texts.",
        "It's the `np.exp` of the mean surprise.",
    ),
)

Names = list[tuple[int, int, str]]


def _names(tags: Sequence[str]) -> Names:
    from transformers import TokenClassificationPipeline

    pipeline = TokenClassificationPipeline.__new__(TokenClassificationPipeline)  # all but its model
    pipeline.tokenizer = SimpleNamespace(convert_tokens_to_string=" ".join)
    words = [
        {"entity": tag, "score": 1.0, "word": "", "start": place, "end": place + 1} for place, tag in enumerate(tags)
    ]
    groups = [(one["start"], one["end"], one["entity_group"]) for one in pipeline.group_entities(words)]
    return [one for one in groups if one[2] != "O"]


def _other_names(begins: Callable[[str, str], bool]) -> Callable:
    """Return an answer that begins a name where that says so of the tag before and the tag, and goes on elsewhere."""

    def names(tags: Sequence[str]) -> Names:
        found, before = [], "O"
        for place, tag in enumerate(tags):
            if tag != "O" and (before == "O" or begins(before, tag)):
                found.append((place, place + 1, tag[2:]))
            elif tag != "O":
                found[-1] = (found[-1][0], place + 1, found[-1][2])
            before = tag
        return found

    return names


def _begun(tags: Sequence[str]) -> Names:
    """Return the names that begin with a `B-`, and nothing else."""
    return [name for name in _names(tags) if tags[name[0]].startswith("B-")]


def _tags(rng: np.random.Generator) -> tuple[list[str]]:
    kinds, tags = rng.choice(["person", "place", "date"], 2, replace=False).tolist(), []
    while len(tags) < rng.integers(8, 15):
        kind = kinds[rng.integers(2)]
        tags += [["O"], [f"B-{kind}"], [f"I-{kind}"], [f"B-{kind}", f"I-{kind}"]][rng.integers(4)]
    return (tags + rng.choice([["O"], [f"B-{kinds[0]}"]]).tolist(),)


names_in = Exercise(
    reference=_names,
    draw=_tags,
    mistakes=(
        Mistake(
            _begun, "An `I-` may also begin a name, where none of its type is to go on: a model's answer has such."
        ),
        Mistake(
            _other_names(lambda before, tag: tag[2:] != before[2:]),
            "A `B-` always begins a new name, even right after one of the same type.",
        ),
        Mistake(
            _other_names(lambda before, tag: tag.startswith("B-")),
            "An `I-` of another type doesn't go on with the name before it: it begins one.",
        ),
        Mistake(
            lambda tags: [(first, end - 1, kind) for first, end, kind in _names(tags)],
            "Your end is the last word: return the place after it, as in a slice.",
        ),
        Mistake(
            lambda tags: [(place, place + 1, tag[2:]) for place, tag in enumerate(tags) if tag != "O"],
            "You return each word by itself: an `I-` of the same type goes on with the name before it.",
        ),
        Mistake(
            lambda tags: [name for name in _names(tags) if name[1] < len(tags)],
            "A name at the end of the text is missing: no tag comes after it to end it.",
        ),
        Mistake(
            lambda tags: [(first, end, tags[first]) for first, end, _ in _names(tags)],
            "The type has no `B-` and no `I-` in front.",
        ),
    ),
    hints=(
        "Go through the tags, and ask of each: does it begin a name, or does it go on with the last one?",
        "It goes on if it's an `I-`, has the same type, and the last name ends right here.",
        "If it goes on, raise the last name's end by one; else, if it's no `O`, add `(place, place + 1, tag[2:])`.",
    ),
)


def _drawn(scores: torch.Tensor, temperature: float, top_p: float) -> torch.Tensor:
    from transformers.generation import LogitsProcessorList, TemperatureLogitsWarper, TopPLogitsWarper

    warpers = LogitsProcessorList([TemperatureLogitsWarper(temperature), TopPLogitsWarper(top_p)])
    return warpers(None, scores[None])[0].softmax(-1)


def _cut(
    scores: torch.Tensor, top_p: float, kept: Callable = lambda before, until, most: before < most
) -> torch.Tensor:
    """Return the chances at a temperature of 1, and zeros for what isn't `kept`."""
    chances, places = scores.softmax(-1).sort(descending=True)
    until = chances.cumsum(-1)
    return torch.zeros_like(scores).scatter(0, places, chances * kept(until - chances, until, top_p))


def _shared(chances: torch.Tensor) -> torch.Tensor:
    return chances / chances.sum().clamp(min=1e-9)


def _next(rng: np.random.Generator) -> tuple[torch.Tensor, float, float]:
    scores = torch.from_numpy(rng.normal(0, 1.5, rng.integers(6, 10)).round(3))
    return scores, float(rng.choice([0.6, 1.5, 2.5])), round(rng.uniform(0.6, 0.9), 2)


chances_drawn = Exercise(
    reference=_drawn,
    draw=_next,
    mistakes=(
        Mistake(
            lambda scores, temperature, top_p: _drawn(scores, 1 / temperature, top_p),
            "You multiplied by the temperature: divide by it, or a high one makes the text dull.",
        ),
        Mistake(
            lambda scores, temperature, top_p: _drawn(scores, 1.0, top_p),
            "The temperature has no effect in yours: divide the scores by it, before the softmax.",
        ),
        Mistake(
            lambda scores, temperature, top_p: (scores / temperature).softmax(-1),
            "That's the temperature alone: now leave out what `top_p` leaves out.",
        ),
        Mistake(
            lambda scores, temperature, top_p: _cut(scores / temperature, top_p),
            "What's left adds up to less than 1: divide by its sum.",
        ),
        Mistake(
            lambda scores, temperature, top_p: _shared(
                _cut(scores / temperature, top_p, lambda before, until, most: until <= most)
            ),
            "The piece that reaches `top_p` belongs to those that are kept: ask what comes before it.",
        ),
        Mistake(
            lambda scores, temperature, top_p: (
                (scores / temperature).masked_fill(_cut(scores, top_p) == 0, -torch.inf).softmax(-1)
            ),
            "You chose the pieces before the temperature: divide the scores first.",
        ),
        Mistake(
            lambda scores, temperature, top_p: _shared(
                torch.where((chances := (scores / temperature).softmax(-1)) >= 1 - top_p, chances, 0)
            ),
            "You asked of each piece alone whether its chance is large enough: add them up, from the largest down.",
        ),
        Mistake(
            lambda scores, temperature, top_p: _drawn(scores, temperature, top_p).sort(descending=True)[0],
            "The right numbers, from the largest down: put each back where its piece was.",
        ),
    ),
    hints=(
        "First the temperature, then the softmax; then go from the largest chance down.",
        "A piece stays if the chances of those before it add up to less than `top_p`.",
        "`chances.sort(descending=True)` has the order, `cumsum(0) - ordered` what's before; set the others to 0.",
    ),
)

Ids = list[list[int]]


def _whole(prompts: Ids, answers: Ids, ends: Sequence[int]) -> Ids:
    return [[*prompt, *answer, *ends] for prompt, answer in zip(prompts, answers, strict=True)]


def _padded(rows: Ids, filler: int, side: str = "right") -> Ids:
    return pad_sequence(list(map(torch.tensor, rows)), True, filler, side).tolist()


def _batch(prompts: Ids, answers: Ids, eos: int, pad: int, side: str = "right") -> dict[str, Ids]:
    hidden = [[-100] * len(prompt) for prompt in prompts]
    ids, labels = _whole(prompts, answers, [eos]), _whole(hidden, answers, [eos])
    return {"input_ids": _padded(ids, pad, side), "labels": _padded(labels, -100, side)}


def _other_labels(labels: Callable[[Ids, Ids, Ids, int, int], Ids]) -> Callable:
    """Return an answer with the right ids, and what `labels` makes of them, the prompts, the answers and both ids."""

    def batch(prompts: Ids, answers: Ids, eos: int, pad: int) -> dict[str, Ids]:
        ids = _batch(prompts, answers, eos, pad)["input_ids"]
        return {"input_ids": ids, "labels": labels(ids, prompts, answers, eos, pad)}

    return batch


def _relabelled(change: Callable[[int, int, int], int]) -> Callable:
    """Return an answer whose labels are a `change` of the right label, the id, and the id of the padding."""

    def batch(prompts: Ids, answers: Ids, eos: int, pad: int) -> dict[str, Ids]:
        right = _batch(prompts, answers, eos, pad)
        rows = zip(right["labels"], right["input_ids"], strict=True)
        return right | {"labels": [[change(*one, pad) for one in zip(*row, strict=True)] for row in rows]}

    return batch


def _talks(rng: np.random.Generator) -> tuple[Ids, Ids, int, int]:
    texts, eos = int(rng.integers(2, 5)), int(rng.integers(2, 5))
    prompts, answers = (
        [rng.integers(5, 60, length).tolist() for length in rng.integers(1, 6, texts)] for _ in range(2)
    )
    answers[0] = rng.integers(5, 60, len(answers[0]) + 6).tolist()  # the others have to be padded
    prompts = [[*prompt, eos] if rng.random() < 0.5 else prompt for prompt in prompts]  # a turn before it has ended
    return prompts, answers, eos, eos if rng.random() < 0.6 else 1


answer_batch = Exercise(
    reference=_batch,
    draw=_talks,
    mistakes=(
        Mistake(
            _relabelled(lambda label, one, pad: -100 if one == pad else label),
            "Where `pad_id` is `eos_id`, you hid the end, too: tell the padding by its place, not by its id.",
        ),
        Mistake(
            lambda prompts, answers, eos, pad: {
                "input_ids": _padded(_whole(prompts, answers, []), pad),
                "labels": _padded(_whole([[-100] * len(prompt) for prompt in prompts], answers, []), -100),
            },
            "Each text ends with `eos_id`: without it, the model never learns to stop.",
        ),
        Mistake(
            _other_labels(lambda ids, prompts, answers, eos, pad: _padded(_whole(prompts, answers, [eos]), -100)),
            "The prompt has labels: the model would learn to write questions, too.",
        ),
        Mistake(
            _other_labels(
                lambda ids, prompts, answers, eos, pad: _padded(
                    _whole([[-100] * len(prompt) for prompt in prompts], answers, [-100]), -100
                )
            ),
            "The end has no label: it's part of the answer, and what teaches the model to stop.",
        ),
        Mistake(
            _other_labels(
                lambda ids, prompts, answers, eos, pad: _padded(
                    _whole([[-100] * len(prompt) for prompt in prompts], answers, [eos]), pad
                )
            ),
            "Your padding has `pad_id` as its label: the loss leaves out -100 and nothing else.",
        ),
        Mistake(
            _other_labels(
                lambda ids, prompts, answers, eos, pad: _padded([[*answer, eos] for answer in answers], -100)
            ),
            "The labels have to be as long as the ids: -100 for each piece of the prompt.",
        ),
        Mistake(
            _other_labels(
                lambda ids, prompts, answers, eos, pad: [
                    [*row[1:], -100] for row in _batch(prompts, answers, eos, pad)["labels"]
                ]
            ),
            "You shifted the labels: the model does that itself, so each label is the id in the same place.",
        ),
        Mistake(partial(_batch, side="left"), "Your padding comes first: put it after the text."),
    ),
    hints=(
        "A text is its prompt, its answer and `eos_id`; the longest one says how wide the batch is.",
        "A row of labels is `[-100] * len(prompt)`, then the answer and `eos_id`, then -100 for the padding.",
        'Return {"input_ids": …, "labels": …}, each a list of rows, all of one length.',
    ),
)
