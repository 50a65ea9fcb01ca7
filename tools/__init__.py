"""What a maintainer runs: checks, runs and makes lessons, and writes what repeats a fact."""
