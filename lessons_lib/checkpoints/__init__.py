"""Which checkpoint a run resumes from: the newest whole one, what is wrong with the others, and is any work left."""

from lessons_lib.checkpoints.flaws import why_broken
from lessons_lib.checkpoints.newest import newest_checkpoint, why_complete

__all__ = ["newest_checkpoint", "why_broken", "why_complete"]
