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
    assert total == min(psutil.virtual_memory().total, machine.container_memory()[0]) // 2**20
    assert 0 < available <= total


GIB = 2**30
MAX, CURRENT, STAT = "memory.max", "memory.current", "memory.stat"  # control groups, version 2
LIMIT, USAGE = "memory/pod/memory.limit_in_bytes", "memory/pod/memory.usage_in_bytes"  # version 1


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/", {MAX: f"{2 * GIB}\n", CURRENT: f"{GIB}\n"}, (2 * GIB, GIB)),
        ("0::/", {MAX: "max\n", CURRENT: f"{GIB}\n"}, (machine.NO_LIMIT, 0)),
        ("0::/", {MAX: "9", CURRENT: "5", STAT: "anon 5\ninactive_file 3\nslab 1"}, (9, 2)),
        ("0::/pod/one", {f"pod/one/{MAX}": "max", f"pod/{MAX}": "3", f"pod/{CURRENT}": "1"}, (3, 1)),
        ("0::/pod", {f"pod/{MAX}": "5", MAX: "4"}, (4, 0)),
        ("5:cpu:/x\n4:memory:/pod\n0::/", {LIMIT: "9", USAGE: "7"}, (9, 7)),
        ("4:hugetlb,memory:/pod/deep", {LIMIT: "9", USAGE: "7"}, (9, 7)),
        ("4:memory:/", {"memory/memory.limit_in_bytes": "9223372036854771712"}, (machine.NO_LIMIT, 0)),
        ("", {}, (machine.NO_LIMIT, 0)),
    ],
)
def test_a_container_has_the_memory_that_its_groups_allow(tmp_path, own, files, expected):
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        file = tmp_path / "system" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert machine.container_memory(tmp_path / "system", tmp_path / "own") == expected


def test_the_memory_of_a_full_container_is_used_up(monkeypatch):
    monkeypatch.setattr(machine, "container_memory", lambda: (GIB, GIB + 1))
    assert machine.memory() == (1024, 0)


def test_a_relative_path_counts_from_make_or_from_where_jupyter_was_started(tmp_path, monkeypatch):
    here, notebooks, made = tmp_path / "here", tmp_path / "course" / "notebooks", tmp_path / "made"
    for folder in (here / "mine", notebooks / "near", made / "mine"):
        folder.mkdir(parents=True)
    monkeypatch.chdir(notebooks)
    started = {"PWD": str(here)}
    assert machine.named_path("mine", started) == here / "mine"
    assert machine.named_path("near", started) == notebooks / "near"
    assert machine.named_path("neither", started) == here / "neither"
    assert machine.named_path("mine", started | {"LESSONS_FOLDER": str(made)}) == made / "mine"
    assert machine.named_path(str(here), {}) == here


def test_versions_come_from_the_package_itself():
    table = versions()
    assert table["transformers"][1] in (">=5.13,<6", "<6,>=5.13")
    assert {"python", "torch", "datasets", "accelerate", "evaluate"} <= set(table)
    assert "jupyterlab" not in table  # an extra, not a need


@pytest.fixture
def roomy(monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: (8000, 4000))
    monkeypatch.setattr(machine, "disk", lambda: 4000)


def test_check_machine_lists_every_need():
    table = check_machine().table
    assert table.loc[["python", "torch", "device", "memory free", "disk free", "Hugging Face Hub"], "found"].all()
    assert table.loc["Hugging Face Hub", "found"].startswith("not reached")  # conftest switches the Hub off


def test_a_ready_machine_is_told_so_in_a_sentence_above_a_folded_table(roomy):
    ready = check_machine()
    assert ready.missing == []
    assert repr(ready).splitlines()[:2] == ["Everything the course needs is here.", ""]
    assert "<li>" not in ready._repr_html_()
    assert ready._repr_html_().index("Everything") < ready._repr_html_().index("<details><summary>")


@pytest.mark.parametrize(
    "name, replaced, missing",
    [
        ("memory", (8000, 1500), "memory free (needed: 2,000 MiB, found: 1,500 of 8,000 MiB): close"),
        ("disk", 10, "disk free (needed: 2,000 MiB, found: 10 MiB): delete"),
        (
            "versions",
            {"torch": (None, ">=2", False)},
            'torch (needed: >=2, found: absent): run `%pip install "torch>=2"`',
        ),
        ("versions", {"torch": (None, "", False)}, 'torch (needed: any, found: absent): run `%pip install "torch"`'),
        ("versions", {"python": ("3.9.1", ">=3.10", False)}, "python (needed: >=3.10, found: 3.9.1): install a Python"),
        ("versions", {}, "the course, installed (needed: any, found: absent): install it"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(roomy, monkeypatch, name, replaced, missing):
    monkeypatch.setattr(machine, name, lambda: replaced)
    told = check_machine()
    assert len(told.missing) == 1 and told.missing[0].startswith(missing)
    assert repr(told).splitlines()[1] == f"- {told.missing[0]}" and "Everything" not in repr(told)
    shown = told._repr_html_()
    assert shown.count("<li>") == 1 and "Everything" not in shown and ">=" not in shown  # escaped
