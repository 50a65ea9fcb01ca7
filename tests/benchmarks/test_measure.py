"""What is read off the machine: operations, peaks of memory, energy."""

import pytest
import torch
from measure import example_flops, in_fresh_process, peak_memory, rapl, reset_peak, used
from results import lesson_for
from strategies import Strategy
from torch.utils.flop_counter import FlopCounterMode


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("length", [3, 17])
def test_operations_are_those_that_torch_counts(subject, length, frozen):
    model = subject.model_for(Strategy(attn_implementation="eager", freeze_embeddings=frozen))
    ids = torch.ones(1, length, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        model(input_ids=ids, labels=torch.ones(1, dtype=torch.long)).loss.backward()
    assert example_flops(subject.config, length, frozen) == counter.get_total_flops()


@pytest.mark.skipif(not reset_peak(), reason="this system cannot set the peak back")
def test_a_peak_does_not_hide_the_next_one():
    found = []
    for mebibytes in (256, 96):
        with peak_memory("cpu") as memory:
            torch.ones(mebibytes * 2**20, dtype=torch.uint8)
        found.append(memory["memory_mib"])
    assert found == pytest.approx([256, 96], abs=32)


def test_memory_where_the_kernel_gives_no_peak(monkeypatch):
    monkeypatch.setattr("measure.reset_peak", lambda: False)
    with peak_memory("cpu") as memory:
        held = torch.ones(256 * 2**20, dtype=torch.uint8)
    # what an earlier test gave back meanwhile comes off
    assert memory["memory_mib"] == pytest.approx(256, abs=64) and "read each" in memory["memory_from"]
    del held


def test_the_card_is_not_printed_again_by_each_fresh_process(capfd):
    assert in_fresh_process(lesson_for, "", "").device and capfd.readouterr().out == ""


def test_energy_is_that_of_whole_packages(tmp_path):
    for name, energy in (("intel-rapl:0", 5), ("intel-rapl:1", 7), ("intel-rapl:0:0", 3)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(f"{energy}000000\n")
        (tmp_path / name / "max_energy_range_uj").write_text("9000000\n")
    before = rapl(tmp_path)
    assert before == [(5_000_000, 9_000_000), (7_000_000, 9_000_000)]
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("6500000\n")
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("1000000\n")  # it began anew
    assert used(before, rapl(tmp_path)) == 1.5 + 3.0
    assert rapl(tmp_path / "absent") == [] and used([], []) is None
