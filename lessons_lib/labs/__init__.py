"""Things to touch: one lab for each idea of the lessons, a prediction to make, a quiz to answer.

What is counted comes from the pure modules, what is drawn from `plots` and `html`; a lab only ties them to controls.
"""

from lessons_lib.labs.head import head_lab
from lessons_lib.labs.lab import Lab
from lessons_lib.labs.metrics import metrics_lab
from lessons_lib.labs.padding import padding_lab
from lessons_lib.labs.pair import pair_lab
from lessons_lib.labs.prediction import predict
from lessons_lib.labs.quiz import quiz
from lessons_lib.labs.token import token_lab

__all__ = ["Lab", "head_lab", "metrics_lab", "padding_lab", "pair_lab", "predict", "quiz", "token_lab"]
