"""Read a file that a learner brings, and say what there is to say about it before anything is trained on it."""

from lessons_lib.errors import DataError
from lessons_lib.own_data.read import read_own_data
from lessons_lib.own_data.report import Report, near_duplicates
from lessons_lib.own_data.use import joined, least_likely, own_columns, own_file, text_columns, within

__all__ = [
    "DataError",
    "Report",
    "joined",
    "least_likely",
    "near_duplicates",
    "own_columns",
    "own_file",
    "read_own_data",
    "text_columns",
    "within",
]
