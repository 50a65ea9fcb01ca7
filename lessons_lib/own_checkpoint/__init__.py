"""A checkpoint of one's own: looked at before a lesson begins, and copied where a lesson needs it otherwise."""

from lessons_lib.own_checkpoint.files import why_unusable
from lessons_lib.own_checkpoint.fit import fit
from lessons_lib.own_checkpoint.suits import why_unsuited

__all__ = ["fit", "why_unsuited", "why_unusable"]
