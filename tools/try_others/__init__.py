"""Runs lessons 00 to 07 with other encoders and on other datasets, as learners bring them, and says how each went.

    python -m tools.try_others                                    everything, which takes more than an hour
    python -m tools.try_others --checkpoint roberta --lesson 04   one of them; each option may be given several times
    python -m tools.try_others --dataset rte                      on other data, with the encoder `bert`
    python -m tools.try_others --checkpoint roberta --dataset rte --lesson 04

Checkpoints are tiny, with random weights; datasets hold the course's own sentences. All are made here, in seconds.
Tables land in build/others/tables.md, executed lessons in build/others/<name>/. Ends with 1 where a lesson fails.
"""
