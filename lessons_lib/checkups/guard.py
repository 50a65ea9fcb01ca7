"""Leaving things as they were: random numbers, the trainer's attributes, what it holds, warnings and logs."""

import copy
import logging
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

CONTAINERS = (list, dict, set)


@contextmanager
def untouched(*things: object) -> Iterator[None]:
    """Undo on leaving whatever the block did to random numbers, and to the attributes of `things`.

    Warnings and log messages are silent inside. Weights aren't kept: work on a copy of a model.

    >>> before = random.getstate()
    >>> with untouched():
    ...     _ = random.random()
    >>> random.getstate() == before
    True
    """
    with ExitStack() as stack:
        stack.enter_context(_random_numbers())
        stack.enter_context(_silence())
        stack.enter_context(torch.inference_mode(False))  # what's made in that mode can't be trained
        for thing in things:
            stack.callback(keep(thing))
            stack.callback(keep_tokenizer(thing))
        yield


@contextmanager
def _random_numbers() -> Iterator[None]:
    python, legacy = random.getstate(), np.random.get_state()
    cuda = range(torch.cuda.device_count()) if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    try:
        with torch.random.fork_rng(devices=cuda):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
        if mps is not None:
            torch.mps.set_rng_state(mps)


@contextmanager
def _silence() -> Iterator[None]:
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def keep(thing: object) -> Callable[[], None]:
    """Return what brings the attributes of `thing` back: which there are, what containers hold, where generators are.

    >>> box = type("Box", (), {})()
    >>> box.seen = [1]
    >>> bring_back = keep(box)
    >>> box.seen.append(2); box.more = 3
    >>> bring_back(); vars(box)
    {'seen': [1]}
    """
    if isinstance(thing, torch.nn.Module) or not hasattr(thing, "__dict__"):
        return _generator(thing) or (lambda: None)
    attributes = dict(vars(thing))
    held = [(one, copy.copy(one)) for one in attributes.values() if type(one) in CONTAINERS]
    generators = [_generator(one) for one in [thing, *attributes.values()]]

    def bring_back() -> None:
        for container, content in held:
            container.clear()
            (container.extend if isinstance(container, list) else container.update)(content)
        for restore in filter(None, generators):
            restore()
        vars(thing).clear()
        vars(thing).update(attributes)

    return bring_back


def keep_tokenizer(tokenizer: Any) -> Callable[[], None]:
    """Return what brings back how a fast tokenizer pads and cuts: a collator that calls it changes that."""
    backend = getattr(tokenizer, "_tokenizer", None)
    if backend is None:
        return lambda: None
    padding, truncation = backend.padding, backend.truncation

    def bring_back() -> None:
        backend.enable_padding(**padding) if padding else backend.no_padding()
        backend.enable_truncation(**truncation) if truncation else backend.no_truncation()

    return bring_back


def _generator(thing: object) -> Callable[[], None] | None:
    if isinstance(thing, torch.Generator):
        state = thing.get_state()
        return lambda: thing.set_state(state)
    if isinstance(thing, np.random.RandomState):
        state = thing.get_state()
        return lambda: thing.set_state(state)
    if isinstance(thing, np.random.Generator):
        state = copy.deepcopy(thing.bit_generator.state)
        return lambda: setattr(thing.bit_generator, "state", state)
    if isinstance(thing, random.Random):
        state = thing.getstate()
        return lambda: thing.setstate(state)
    return None
