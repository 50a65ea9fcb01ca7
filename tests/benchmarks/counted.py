"""What the tests of the benchmark count with: a collator that counts, and every strategy of a processor."""

from strategies import COURSE, table

KNOWN = table("cpu", {"bf16": True}) | {"no bf16 here": table("cpu", {})[COURSE]}


class Counted:
    """A collator that counts its calls and the tokens of its batches."""

    def __init__(self, collate):
        self.collate, self.calls, self.real, self.computed = collate, 0, 0, 0

    def __call__(self, features):
        batch = self.collate(features)
        self.calls += 1
        self.real += int(batch["attention_mask"].sum())
        self.computed += batch["input_ids"].numel()
        return batch
