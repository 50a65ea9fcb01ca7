"""A training run, watched: hand `TrainingDashboard()` to any `Trainer` as one of its `callbacks`."""

from lessons_lib.dashboard.callback import TrainingDashboard

__all__ = ["TrainingDashboard"]
