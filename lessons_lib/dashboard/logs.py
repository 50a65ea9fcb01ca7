"""What a `Trainer` logs, read as numbers, and the names and figures that it is shown with."""

import math
import re
from collections.abc import Mapping

NOT_METRICS = {"epoch", "step", "learning_rate", "grad_norm", "total_flos", "num_input_tokens_seen"}
NOT_METRICS_ENDS = ("_runtime", "_per_second", "_preparation_time")
NOT_METRICS_PARTS = ("_mem_cpu", "_mem_gpu")
SETS = {
    **dict.fromkeys(("eval", "val", "validation"), "validation"),
    **dict.fromkeys(("train", "training"), "training"),
    **{name: name for name in ("test", "dev", "valid")},  # `valid` may be an adjective
}
PREFIX = re.compile(rf"({'|'.join(SETS)})[_/ ](.+)", re.DOTALL)


def number(value: object) -> int | float | None:
    """Return `value`, or the one element of an array or a tensor, as a number of Python; `None` if it is not one.

    >>> number(0.5), number("text")
    (0.5, None)
    """
    try:
        value = value.item() if hasattr(value, "item") else value
    except (TypeError, ValueError, RuntimeError):  # more than one element
        return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def figure(value: int | float) -> str:
    """Return `value` with as many digits as its size asks for.

    >>> [figure(value) for value in (0.69315, 12.3456, 1.5e-06, 1_234_567, float("nan"))]
    ['0.693', '12.35', '1.50e-06', '1,234,567', 'nan']
    """
    if value == 0 or not math.isfinite(value):
        return f"{abs(value) if value == 0 else value:g}"
    if not 1e-3 <= abs(value) < 1e9:
        return f"{value:.2e}"
    if isinstance(value, int):
        return f"{value:,}"
    exponent = math.floor(math.log10(abs(value)))
    return f"{value:,.{max(0, 3 - exponent) if exponent >= 0 else 2 - exponent}f}"


def is_metric(name: str) -> bool:
    """Return whether the entry `name` of a log is a loss or a metric, and not a time, a count or a rate.

    >>> is_metric("eval_f1"), is_metric("eval_runtime")
    (True, False)
    """
    kept_apart = name in NOT_METRICS or name.endswith(NOT_METRICS_ENDS)
    return not kept_apart and not any(part in name for part in NOT_METRICS_PARTS)


def shown_name(name: str, logs: Mapping[str, object]) -> str:
    """Return how the entry `name` of `logs` is shown: no figure of validation may read as one of training.

    >>> [shown_name(name, {"loss": 0.5}) for name in ("loss", "embedding_loss", "eval_embedding_loss")]
    ['training loss', 'training embedding loss', 'validation embedding loss']
    """
    prefix, words = PREFIX.fullmatch(name), name.replace("_", " ")
    if prefix:
        kind, rest = SETS[prefix[1]], prefix[2].replace("_", " ")
        inner = PREFIX.fullmatch(rest) if kind == "validation" else None  # one of several sets: eval_test_loss
        if not inner:
            return f"{kind} {rest}"
        return f"evaluated {rest}" if SETS[inner[1]] == "training" else rest
    if "loss" in logs:  # the Trainer's own log of training
        return f"training {words}"
    return f"validation {words}" if any(other.startswith("eval_") for other in logs) else words
