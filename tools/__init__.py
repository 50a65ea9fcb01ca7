"""What a maintainer runs: checks, runs and makes lessons, and writes what repeats a fact."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
