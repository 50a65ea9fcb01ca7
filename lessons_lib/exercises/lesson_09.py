"""Exercises of lesson 09: names for answers, a safetensors header, rounding to a byte, a threshold that holds."""

import json
import math
import struct
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from safetensors import deserialize
from safetensors.numpy import save
from scipy.stats import binomtest, norm

from lessons_lib.exercises.engine import Exercise, Mistake


def _answered(rng: np.random.Generator) -> tuple[np.ndarray, dict]:
    classes = int(rng.integers(12, 15))
    names = rng.permutation([f"shelf {letter}" for letter in "ABCDEFGHIJKLMN"[:classes]]).tolist()
    numbers = sorted(range(classes), key=str)  # as programs write them that sort the keys: 0, 1, 10, 11, 2
    config = {"model_type": "bert", "id2label": {str(number): names[number] for number in numbers}}
    return rng.normal(size=(int(rng.integers(8, 15)), classes)), config


def _named(logits: np.ndarray, config: dict) -> list[str]:
    from transformers import PretrainedConfig

    read = PretrainedConfig.from_dict(config).id2label
    return [read[number] for number in logits.argmax(-1).tolist()]


def _from_list(logits: np.ndarray, names: list) -> list:
    return [names[number] for number in logits.argmax(-1)]


named_answers = Exercise(
    reference=_named,
    draw=_answered,
    mistakes=(
        Mistake(
            lambda logits, config: _from_list(logits, list(config["id2label"].values())),
            "The names aren't in the order of their numbers, as the keys are text and 10 comes before 2: ask by key.",
        ),
        Mistake(
            lambda logits, config: _from_list(logits, sorted(config["id2label"].values())),
            "You sorted the names: only `id2label` says which number has which.",
        ),
        Mistake(
            lambda logits, config: _from_list(logits, list(config["id2label"])),
            "Those are the keys: return the names.",
        ),
        Mistake(lambda logits, config: logits.argmax(-1), "Those are the numbers: look up their names."),
        Mistake(
            lambda logits, config: [config["id2label"][str(number)] for number in logits.argmin(-1)],
            "You took the smallest logit of each text: it's the largest.",
        ),
        Mistake(
            lambda logits, config: [config["id2label"][str(number)] for number in logits.argmax(0)],
            "That's the best text for each class: the best class for each text is `argmax(axis=-1)`.",
        ),
    ),
    hints=(
        "JSON knows no numbers as keys.",
        "The largest logit's place is the number; as a key it's `str(number)`.",
        'For each number of `logits.argmax(axis=-1)`, it\'s `config["id2label"][str(number)]`.',
    ),
)


def _file(rng: np.random.Generator) -> tuple[bytes]:
    names = rng.permutation(["encoder.query.weight", "encoder.key.weight", "pooler.bias", "classifier.weight"])
    dtypes = (np.float32, np.float16)
    tensors = {
        name: np.ones(rng.integers(2, 40, rng.integers(1, 3)), rng.choice(dtypes))
        for name in names[: rng.integers(2, 5)]
    }
    files = [save(tensors, {"format": "pt", "step": "7" * digits}) for digits in range(1, 9)]
    full = next(file for file in files if _header_bytes(file).endswith(b"}"))  # no blanks fill it up
    return (full if rng.random() < 0.7 else save(tensors),)


def _read(content: bytes) -> dict[str, list[int]]:
    return {name: tensor["shape"] for name, tensor in deserialize(content)}


def _header_bytes(content: bytes) -> bytes:
    return content[8 : 8 + struct.unpack("<Q", content[:8])[0]]


def _header(content: bytes, key: str | None = "shape", keep: Callable = lambda name: name != "__metadata__") -> dict:
    header = json.loads(_header_bytes(content))
    return {name: one if key is None else one.get(key) for name, one in header.items() if keep(name)}


tensor_shapes = Exercise(
    reference=_read,
    draw=_file,
    mistakes=(
        Mistake(
            partial(_header, keep=lambda name: True),
            "`__metadata__` is a note and no tensor, so it has no shape: leave it out.",
        ),
        Mistake(partial(_header, key=None), "Those are whole entries: return the `shape` of each."),
        Mistake(
            partial(_header, key=None, keep=lambda name: True),
            "That's the whole header: return the `shape` of each tensor, without `__metadata__`.",
        ),
        Mistake(partial(_header, key="dtype"), "That's the number format: return the `shape`."),
        Mistake(
            partial(_header, key="data_offsets"),
            "That's from where to where a tensor lies in the file: return the `shape`.",
        ),
        Mistake(
            lambda content: {name: math.prod(shape) for name, shape in _header(content).items()},
            "That's how many numbers a tensor has: return the `shape`.",
        ),
        Mistake(lambda content: list(_header(content)), "Those are the names: return a dictionary, name to shape."),
    ),
    hints=(
        "The first eight bytes are one whole number: how long the header is.",
        '`int.from_bytes(content[:8], "little")` is its length; it begins at byte 8, and `json.loads` reads it.',
        'Return `{name: entry["shape"] …}` for all of the header but `__metadata__`.',
    ),
)


def _matrix(rng: np.random.Generator) -> tuple[np.ndarray]:
    rows, columns = int(rng.integers(3, 6)), int(rng.integers(2, 5))
    return (rng.normal(size=(rows, columns)) * 10.0 ** rng.integers(-2, 2, columns),)


def _scales(weights: np.ndarray, axis: int | None = 0, most: int = 127) -> np.ndarray:
    return np.abs(weights).max(axis=axis, keepdims=True) / most


def _fake_int8(weights: np.ndarray) -> torch.Tensor:
    scales = torch.from_numpy(_scales(weights)[0]).float()
    zeros = torch.zeros(len(scales), dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(torch.from_numpy(weights).float(), scales, zeros, 1, -127, 127)


def _with(scales: np.ndarray, whole: Callable = np.round) -> Callable:
    def rounded(weights: np.ndarray) -> np.ndarray:
        return whole(weights / scales(weights)) * scales(weights)

    return rounded


int8_and_back = Exercise(
    reference=_fake_int8,
    draw=_matrix,
    mistakes=(
        Mistake(
            _with(partial(_scales, axis=None)),
            "You took one scale for all, so columns of small weights lose nearly everything: one scale per column.",
        ),
        Mistake(_with(partial(_scales, axis=1)), "Those are the scales of the rows: take the largest of each column."),
        Mistake(_with(_scales, np.trunc), "`astype(int)` cuts the fraction off: round to the nearest whole number."),
        Mistake(_with(_scales, np.floor), "You rounded down: round to the nearest whole number."),
        Mistake(
            lambda weights: np.round(weights / _scales(weights)),
            "Those are the whole numbers: multiply them by the scale to get weights back.",
        ),
        Mistake(
            _with(lambda weights: weights.max(axis=0) / 127),
            "The largest weight may be a negative one: take the largest *size*, `np.abs(weights)`.",
        ),
        Mistake(
            _with(partial(_scales, most=128)),
            "128 doesn't fit into int8: the largest size becomes 127.",
        ),
        Mistake(
            _with(partial(_scales, most=255)),
            "255 is for numbers without a sign: here the largest size becomes 127.",
        ),
        Mistake(
            _with(lambda weights: (weights.max(axis=0) - weights.min(axis=0)) / 255),
            "That's the scale from the smallest to the largest weight: here 0 stays 0, and the largest size is 127.",
        ),
        Mistake(lambda weights: _scales(weights)[0], "Those are the scales: divide by them, round, and multiply."),
    ),
    hints=(
        "Each column has a scale: what one step of a whole number is worth there.",
        "The scale is `np.abs(weights).max(axis=0) / 127`.",
        "Divide by the scale, `np.round`, and multiply by the scale.",
    ),
)


def _low(right: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the lower end of Wilson's interval at 95 % of `right` out of `number`."""
    z, share = norm.ppf(0.975), right / number
    spread = z * np.sqrt(share * (1 - share) / number + z**2 / (4 * number**2))
    return (share + z**2 / (2 * number) - spread) / (1 + z**2 / number)


def _scipy_low(right: int, number: int) -> float:
    return binomtest(int(right), int(number)).proportion_ci(method="wilson").low


def _reached(
    scores: np.ndarray, right: np.ndarray, least: float, low: Callable = _low, passes: Callable = np.greater_equal
) -> list[float]:
    """Return the scores, lowest first, of which those that pass are right often enough."""
    return [
        score
        for score in np.unique(scores)
        if (kept := passes(scores, score)).any() and low(right[kept].sum(), kept.sum()) >= least
    ]


def _lowest(*given: object, **how: Callable) -> float:
    return min(_reached(*given, **how), default=math.inf)


def _walk(scores: np.ndarray, right: np.ndarray, least: float) -> float:
    """Return the score at which a walk from the top stops, as it finds the next one not good enough."""
    found = math.inf
    for score in np.unique(scores)[::-1]:
        kept = scores >= score
        if _low(right[kept].sum(), kept.sum()) < least:
            return found
        found = score
    return found


def _checked(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    texts = int(rng.integers(120, 180))
    scores = rng.choice(np.linspace(0.3, 0.99, 24).round(2), texts)  # texts share a score
    sure = rng.choice([0.5, 0.97, 0.97])  # at 0.5, no threshold is good enough
    right = rng.random(texts) < np.where(scores > rng.uniform(0.45, 0.65), sure, 0.5)
    return scores, right, float(rng.choice([0.8, 0.84]))


safe_threshold = Exercise(
    reference=partial(_lowest, low=_scipy_low),
    draw=_checked,
    mistakes=(
        Mistake(
            partial(_lowest, low=lambda right, number: right / number),
            "That's the lesson's line, by the share itself: take the lower end of its interval.",
        ),
        Mistake(
            partial(_lowest, passes=np.greater),
            "A score equal to the threshold gets an answer, too: `>=`.",
        ),
        Mistake(
            _walk,
            "Yours never finds one. If you begin at the top and stop where it falls short, you stop at once: with few "
            "answers the interval is wide. Try every score.",
        ),
        Mistake(
            lambda *given: max(_reached(*given), default=math.inf),
            "That's the highest threshold that's good enough: the lowest leaves the fewest texts to people.",
        ),
        Mistake(
            lambda *given: min(_reached(*given), default=None),
            "Where no threshold is good enough, return `np.inf`: then every text goes to a person.",
        ),
        Mistake(
            lambda *given: min(_reached(*given), default=0.0),
            "Where no threshold is good enough, yours answers everything: return `np.inf`.",
        ),
        Mistake(
            lambda *given: min(_reached(*given), default=1.0),
            "A score can be 1, too: where no threshold is good enough, return `np.inf`.",
        ),
        Mistake(
            lambda scores, right, least: (
                float((scores >= _lowest(scores, right, least)).mean()) if _reached(scores, right, least) else 0.0
            ),
            "That's the share that gets an answer: return the threshold.",
        ),
    ),
    hints=(
        "Try each score as the threshold: how many answers have at least that score, and how many of them are right?",
        'The lower end is `binomtest(int(right[kept].sum()), int(kept.sum())).proportion_ci(method="wilson").low`.',
        "Go up through `np.unique(scores)`: return the first whose lower end is at least `least`, and else `np.inf`.",
    ),
)
