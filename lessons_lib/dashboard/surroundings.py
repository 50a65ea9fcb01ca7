"""What a run goes on in: the terminal that it writes to, the thread that trains."""

import sys


def is_terminal() -> bool:
    """Return whether standard error is a terminal; what stands in for it may not know, be closed or be `None`."""
    try:
        return bool(sys.stderr.isatty())
    except Exception:
        return False


def is_training(thread: int | None) -> bool:
    """Return whether the thread of that identifier is inside a function called `train`, which a Trainer's method is.

    A thread of a pool lives on when its training has failed, so that its being alive would not tell.

    >>> is_training(None)
    False
    """
    frame = sys._current_frames().get(thread)
    while frame and frame.f_code.co_name != "train":
        frame = frame.f_back
    return frame is not None
