"""What is read off the machine: operations, peaks of memory."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.kit.clock import example_flops, peak_memory, reset_peak
from benchmarks.kit.strategies import Strategy


@pytest.mark.parametrize("frozen", [False, True])
def test_operations_are_those_that_torch_counts(subject, frozen):
    model = subject.model_for(Strategy(attn_implementation="eager", freeze_embeddings=frozen))
    ids = torch.ones(1, 17, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        model(input_ids=ids, labels=torch.ones(1, dtype=torch.long)).loss.backward()
    assert example_flops(subject.config, 17, frozen) == counter.get_total_flops()


@pytest.mark.skipif(not reset_peak("cpu"), reason="this system cannot set the peak back")
def test_a_peak_does_not_hide_the_next_one():
    peaks = []
    for mebibytes in (256, 96):
        with peak_memory("cpu") as memory:
            torch.ones(mebibytes * 2**20, dtype=torch.uint8)
        peaks.append(memory["memory_mib"])
    assert peaks == pytest.approx([256, 96], abs=32)
