"""The precision table, and what is said of this machine."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from lessons_lib import machine
from lessons_lib.check import check_machine
from lessons_lib.machine import precision, versions


@pytest.mark.parametrize(
    ("device", "capability", "bf16_cpu", "expected"),
    [
        ("cuda", (7, 0), False, {"fp16": True}),
        ("cuda", (7, 5), True, {"fp16": True}),
        ("cuda", (8, 0), False, {"bf16": True}),
        ("cuda", (9, 0), False, {"bf16": True}),
        ("cpu", None, True, {"bf16": True, "use_cpu": True}),
        ("cpu", None, False, {}),
        ("mps", None, True, {}),
    ],
)
def test_precision(device, capability, bf16_cpu, expected):
    assert precision(device, capability, bf16_cpu) == expected


def test_precision_is_accepted_by_training_arguments(tmp_path):
    from transformers import TrainingArguments

    args = TrainingArguments(str(tmp_path), **machine.precision_here(machine.device()))
    assert not (args.bf16 and args.fp16)


@pytest.mark.skipif(not os.path.exists("/proc/cpuinfo"), reason="only Linux lists what a processor can do")
@pytest.mark.skipif("ATEN_CPU_CAPABILITY" in os.environ, reason="torch was told to do without a part of it")
def test_cpu_bf16_agrees_with_the_kernel():
    flags = Path("/proc/cpuinfo").read_text()
    assert machine.cpu_has_bf16() == ("avx512_bf16" in flags or "amx_bf16" in flags)


def test_a_processor_may_be_told_to_do_without_bf16():
    code = "from lessons_lib import machine; print(machine.cpu_has_bf16())"
    found = subprocess.check_output([sys.executable, "-c", code], env=os.environ | {"ATEN_CPU_CAPABILITY": "avx2"})
    assert found.decode().strip() == "False"


def test_memory_agrees_with_psutil():
    total, available = machine.memory()
    assert total == psutil.virtual_memory().total // 2**20
    assert 0 < available <= total


def test_versions_come_from_the_package_itself():
    table = versions()
    assert table["transformers"][1] in (">=5.13,<6", "<6,>=5.13")
    assert {"python", "torch", "datasets", "accelerate", "evaluate"} <= set(table)
    assert "jupyterlab" not in table  # an extra, not a need


def test_check_machine_lists_every_need():
    table = check_machine()
    assert table.loc[["python", "torch", "device", "memory free", "disk free", "Hugging Face Hub"], "found"].all()
    assert table.loc["Hugging Face Hub", "found"].startswith("not reached")  # conftest switches the Hub off
