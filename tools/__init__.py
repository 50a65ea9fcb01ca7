"""What a maintainer runs: checks, runs and makes lessons, and writes what repeats a fact."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUIET = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}  # a page keeps them at 0 %
