"""What a learner has done so far, in one file that is theirs. Nothing is sent anywhere."""

from lessons_lib.progress.file import KINDS, keep, read, where
from lessons_lib.progress.share import export_progress, import_progress

__all__ = ["KINDS", "export_progress", "import_progress", "keep", "read", "where"]
