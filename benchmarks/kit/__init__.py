"""What the benchmarks share: a clock, a store, a subject to train, a bare loop and a Trainer to train it with."""
