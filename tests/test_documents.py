"""README and the data card quote what was measured, and nothing else."""

import json
import re
from pathlib import Path
from statistics import median

import pandas as pd
import pytest
import versions_seen
from sizes import COSTS, PAIRS, STEP, TOKENS, UNDROPPED, slopes
from strategies import COURSE

from lessons_lib import start_lesson
from lessons_lib.compare import read_benchmark, start_table
from lessons_lib.embedded.build_pairs import FOLDER, content_hash, draw_pairs
from lessons_lib.embedded.groups import read_groups
from lessons_lib.lesson import MEASURED

ROOT = Path(__file__).parents[1]

HERE = "mrpc, CPU with 2 cores (AVX512, with bf16)"  # what was measured, and on what machine
TOLD = "mrpc, CPU with 2 cores (AVX2 by ATEN_CPU_CAPABILITY, no bf16)"  # the same one, told to do without
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_quotes_the_lessons_as_measured():
    measured = json.loads(MEASURED.read_text())
    rows = re.findall(r"^\| (\d\d) .*\| (\d+) \| ([\d,]+) \| (\d+) \| ([\d,]+) \|$", README, flags=re.MULTILINE)
    for dtype, at in (("bf16", 0), ("fp32", 2)):
        quoted = {number: [int(one.replace(",", "")) for one in cells[at : at + 2]] for number, *cells in rows}
        assert quoted == {number: [*one.values()] for number, one in measured[dtype]["lessons"].items()}
        assert measured[dtype]["date"] in README


def test_readme_quotes_the_starts_as_measured():
    rows = re.findall(r"^\| ([a-z][^|]+?) \| (0\.\d{3}) \| (0\.\d{3}) \|$", README, flags=re.MULTILINE)
    quoted = {name: (float(pairs), float(mrpc)) for name, pairs, mrpc in rows}
    expected = {}
    for measured in map(read_benchmark("starts").get, ("pairs", "mrpc")):
        found = {name: score["accuracy"] for name, score in measured["baselines"].items()}
        for name, accuracy in (found | start_table(measured)["accuracy"].to_dict()).items():
            expected[name] = (*expected.get(name, ()), round(accuracy, 3))
        assert measured["date"] in README
    assert quoted == expected


@pytest.mark.parametrize(
    ("key", "begin", "end"),
    [(HERE, "## How fast", "**Without bf16.**"), (TOLD, "**Without bf16.**", "**What the `Trainer` adds.**")],
)
def test_readme_quotes_the_benchmark_of_speed(key, begin, end):
    measured, section = read_benchmark("speed")[key], README[README.index(begin) : README.index(end)]
    figure = r" ([\d.,–]+) \|"
    rows = re.findall(rf"^\| ([^|]+?) \|{5 * figure}$", section, flags=re.MULTILINE)
    assert {name: tuple(cells) for name, *cells in rows} == {
        name: (
            f"{row['examples_per_second']:.1f}",
            f"{row['times']:.2f}",
            f"{row['computed_per_real']:.3f}",
            "–" if row["of_peak"] is None else f"{100 * row['of_peak']:.0f}",
            f"{row['memory_mib']:,.0f}",
        )
        for name, row in measured["table"].items()
    }
    assert measured["date"] in section and measured["command"].split(" --only")[0] in README


def test_readme_quotes_the_benchmark_of_the_trainer():
    measured = json.loads((ROOT / "benchmarks" / "trainer.json").read_text())[HERE]
    section = README[README.index("**What the `Trainer` adds.**") : README.index("**Cost against size.**")]
    plain, watched, loading = map(
        measured["table"].get, ("Trainer", "a log every 20 steps, dashboard", "two loading processes")
    )
    faster = median(one["as they stand"] / one["by length"] for one in measured["predict"])
    quoted = [f"{row['added_ms']:.1f} ms" for row in (plain, watched, loading)]
    quoted += [f"{100 * row['added_share']:.1f} %" for row in (plain, watched)]
    quoted += [f"{measured['table']['bare loop']['step_ms']:.0f} ms", f"{faster:.2f} times as fast"]
    for figure in (*quoted, measured["command"], measured["date"]):
        assert figure in section, figure
    assert max(row["added_share"] for row in measured["table"].values()) < 0.05
    assert read_benchmark("speed")[HERE]["table"][COURSE]["waited"] < 0.01


def test_readme_quotes_the_benchmark_of_size():
    measured = json.loads((ROOT / "benchmarks" / "sizes.json").read_text())[HERE]
    section = README[README.index("**Cost against size.**") : README.index("**As accurate?**")]
    found = {over: slopes(measured["runs"], over, costs) for over, costs in COSTS.items()}
    rows = re.findall(r"^\| [^|]+, (\w+) \| ([\d.,]+) \| ([\d.,]+) \| ([\d.]+) \|$", section, flags=re.MULTILINE)
    order = [("pairs", cost) for cost in ("epoch", "tokenize", "before", "memory_mib", "tokenize_mib")]
    order += [(over, cost) for over in ("tokens", UNDROPPED) for cost in STEP]
    for (over, cost), (unit, *quoted) in zip(order, rows, strict=True):
        least, *_, most, slope = found[over][cost]
        digits = ",.0f" if unit == "MiB" else ".2f"
        assert quoted == [f"{least:{digits}}", f"{most:{digits}}", f"{slope:.2f}"], (over, cost)
    assert f"for 1,000 ({found['pairs']['tokenize_mib'][1000]:.0f} MiB)" in section
    assert [len(found[over]) - 1 for over in COSTS] == [len(TOKENS), len(TOKENS), len(PAIRS)]
    step, undropped = found["tokens"]["step"], found[UNDROPPED]["step"]
    assert f"{step[512] / undropped[512]:.1f} times as fast" in section
    assert step[128] == pytest.approx(undropped[128], rel=0.02) and (undropped / step)[[16, 32, 64]].min() > 1
    assert measured["command"] in section and measured["date"] in section


def test_readme_quotes_the_benchmark_of_quality():
    measured = json.loads((ROOT / "benchmarks" / "quality.json").read_text())["mrpc"]
    section = README[README.index("**As accurate?**") : README.index("## What was measured")]
    runs = pd.DataFrame([run | run["run"] for run in measured["runs"]])
    settings = ["recipe", "batch_size", "learning_rate", "freeze_embeddings", "dtype"]
    found = runs[runs["seed"].between(1, 5)].groupby(settings)["accuracy"].agg(["size", "mean", "sem", "min", "max"])
    figures = [*found[["mean", "sem", "min", "max"]].to_numpy().flat, *runs.loc[runs["seed"] == 0, "accuracy"]]
    figures += [*runs["test_accuracy"].dropna(), *runs["test_f1"].dropna()]
    for figure in (*(f"{one:.3f}" for one in figures), measured["command"], measured["date"]):
        assert figure in section, figure
    assert found["size"].tolist() == [5] * 8
    assert set(runs.dropna(subset="test_accuracy").groupby(settings).size()) == {1}  # nobody sees the test split twice
    assert set(measured["verdict"]) == {"bf16", "fp32"}
    assert all(said.startswith("held") for said in measured["verdict"].values())


def test_lessons_take_what_the_benchmark_of_quality_chose(monkeypatch):
    """On a machine that trains on every pair."""
    monkeypatch.setattr("lessons_lib.lesson.train_size", lambda dataset, device: None)
    lesson = start_lesson("05")
    for chosen in json.loads((ROOT / "benchmarks" / "quality.json").read_text())["mrpc"]["chosen"].values():
        assert (lesson.batch_size, lesson.learning_rate) == (chosen["batch_size"], chosen["learning_rate"])


def test_readme_shows_the_versions_that_were_seen():
    seen = json.loads((ROOT / "docs" / "versions.json").read_text(encoding="utf-8"))
    assert versions_seen.put_table(README, versions_seen.table(seen)) == README


def test_card_quotes_its_benchmark():
    found = json.loads((ROOT / "benchmarks" / "pairs.json").read_text())
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+?) \| (0\.\d{3}) \| (0\.\d{3}) \|$", card, flags=re.MULTILINE)
    quoted = {name: {"accuracy": float(accuracy), "f1": float(f1)} for name, accuracy, f1 in rows}
    assert quoted == found["test"]
    assert found["date"] in card


def test_benchmark_was_measured_on_the_pairs_that_are_shipped():
    found = json.loads((ROOT / "benchmarks" / "pairs.json").read_text())
    assert found["rows"] == {split: content_hash(rows) for split, rows in draw_pairs(read_groups()).items()}


def test_pairs_repeat_the_story_of_mrpc():
    found = json.loads((ROOT / "benchmarks" / "pairs.json").read_text())["test"]
    always = found["always equivalent"]["accuracy"]
    assert found["word overlap"]["accuracy"] < 0.75
    assert found["fine-tuned"]["accuracy"] > always + 0.1
    assert abs(found["from scratch"]["accuracy"] - always) < 0.05
