"""The figures in docs/measured, and on the card of the pairs: each table from the file that its benchmark wrote."""

from collections.abc import Mapping
from statistics import median

import pandas as pd

from benchmarks import quality as quality_runs
from benchmarks import sizes as size_runs
from benchmarks import speed as speed_runs
from benchmarks import starts as start_runs
from benchmarks.gpu import BERT_BASE
from benchmarks.kit.store import read
from benchmarks.kit.strategies import COURSE as COURSE_RECIPE
from lessons_lib.compare import kind_table, seed_table, start_table
from lessons_lib.course import COURSE
from lessons_lib.memory import estimate_memory
from tools import ROOT
from tools.versions import needs, oldest, pins
from tools.write_docs.regions import Page, markdown_table

NONE = "–"


def when(measured: Mapping) -> str:
    """Return by which command, when and on what something was measured."""
    on = measured.get("settings", measured)
    software = ", ".join(f"{name} {version}" for name, version in on["versions"].items())
    machine = f" on a {on['machine']}" if "machine" in on else ""
    return f"Measured with `{measured['command']}` on {measured['date']}{machine}; {software}."


def number(value: float | None, digits: str = ".3f") -> str:
    """Return `value` with so many `digits`, or a dash where nothing was measured."""
    return NONE if pd.isna(value) else f"{value:{digits}}"


def rate(learning_rate: float) -> str:
    """Return a learning rate as people write it.

    >>> rate(1e-4)
    '1e-4'
    """
    return f"{learning_rate:.0e}".replace("e-0", "e-")


def starts() -> str:
    """Return the accuracy of each start on both datasets at few pairs and at all of them, and the pictures."""
    measured, parts = read("starts"), []
    for task, heading in (("pairs", "the course's own pairs"), ("mrpc", "MRPC")):
        total = start_runs.every_pair(measured[task])
        few, whole = (seeds_column(start_table(measured[task], size)) for size in (start_runs.FEW, total))
        rows = [[name, few[name], whole.get(name, NONE)] for name in few]
        drawn = start_runs.draw(measured[task])
        pictures = [f"![{task}: {alt}]({name}-{task}.png)" for name, (_, alt) in drawn.items()]
        heads = [f"start, on {heading}", f"{start_runs.FEW} training pairs", f"all {total:,}"]
        parts += [markdown_table(heads, rows), when(measured[task]), *pictures]
    return "\n\n".join(parts)


def seeds_column(table: pd.DataFrame) -> dict[str, str]:
    """Return the mean accuracy in each row of a table of seeds, with its interval where the seeds differ."""
    return {
        name: number(row["accuracy"])
        + (f" ({row['low']:.3f} to {row['high']:.3f})" if row["high"] - row["low"] > 1e-9 else "")
        for name, row in table.iterrows()
    }


def speed(machine: int, picture: str = "") -> str:
    """Return the table of one machine, and what was faster or slower than the course's recipe in every round."""
    measured = list(read("speed").values())[machine]
    table = pd.DataFrame.from_dict(measured["table"], orient="index").astype(float)
    heads = ["recipe", "pairs per second", "times (least to most)", "computed per real token", "% of peak", "MiB"]
    rows = []
    for name, row in table.iterrows():
        times = f"{row['times']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        costs = f"{row['computed_per_real']:.3f}", number(100 * row["of_peak"], ".0f"), f"{row['memory_mib']:,.0f}"
        rows.append([name, f"{row['examples_per_second']:.1f}", times, *costs])
    faster, slower = (", ".join(names) or "nothing" for names in speed_runs.faster_and_slower(table))
    said = f"Slower than the course's recipe in every round: {slower}. Faster in every round: {faster}."
    shown = [f"![{speed_runs.draw(table)[1]}]({picture})"] if picture else []
    return "\n\n".join([markdown_table(heads, rows), said, *shown, when(measured)])


def quality() -> str:
    """Return the accuracy of each recipe over its seeds, what was chosen, and what the test split said."""
    [measured] = read("quality").values()
    seeds = quality_runs.seeds_table(measured).reset_index()
    heads = ["training", "batch", "rate", "mean", "standard error", "of the difference", "held", "seeds"]
    rows = []
    for _, row in seeds.iterrows():
        grouped = row["recipe"] == COURSE_RECIPE
        name = f"{'grouped by length' if grouped else row['recipe']}{', embeddings frozen' * row['freeze_embeddings']}"
        against = (f"{row['difference_sem']:.3f}", "yes" if row["held"] else "no") if grouped else (NONE, NONE)
        span = f"{row['size']}: {row['min']:.3f} to {row['max']:.3f}"
        settings = [f"{name}, {row['dtype']}", row["batch_size"], rate(row["learning_rate"])]
        rows.append([*settings, f"{row['mean']:.3f}", f"{row['sem']:.3f}", *against, span])
    runs = pd.DataFrame([run | run["run"] for run in measured["runs"]])
    sweep = [
        f"{rate(run['learning_rate'])} for {run['epochs']} epochs {run['accuracy']:.3f}"
        for _, run in runs[runs["seed"] == quality_runs.SWEEP_SEED].iterrows()
    ]
    chosen = [f"- In {dtype}: {choice(run, runs)}" for dtype, run in measured["chosen"].items()]
    said = f"A sweep came first, with one other seed, batches of 16 and every weight trained: {', '.join(sweep)}."
    return "\n\n".join([markdown_table(heads, rows), "\n".join(chosen), said, when(measured)])


def choice(chosen: Mapping, runs: pd.DataFrame) -> str:
    """Return what was `chosen`, whether the lessons take it, and its score on the test split."""
    names = ["batch_size", "learning_rate", "freeze_embeddings"]
    taken = all(chosen[name] == getattr(COURSE.recipe, name) for name in names)
    same = (runs[[*names, "dtype"]] == pd.Series(chosen)[[*names, "dtype"]]).all(axis=1)
    [test] = runs[same & runs["test_accuracy"].notna()].to_dict("records")
    recipe = f"batches of {chosen['batch_size']} at {rate(chosen['learning_rate'])}"
    scored = f"scored {test['test_accuracy']:.3f} on the test split, F1 {test['test_f1']:.3f}"
    which = f"which is {'what' if taken else '**not** what'} the lessons take"
    return f"{recipe}, {which}. One model of it, with a seed of its own, {scored}."


def trainer() -> str:
    """Return what the Trainer adds to a step, and what predicting by length saves."""
    [measured] = read("trainer").values()
    heads = ["loop", "added to a step, ms", "share of a real step", "a real step, ms"]
    rows = [
        [name, f"{row['added_ms']:.1f}", f"{row['added_share']:.1%}", f"{row['step_ms']:.0f}"]
        for name, row in measured["table"].items()
    ]
    faster = median(one["as they stand"] / one["by length"] for one in measured["predict"])
    said = f"Predicting from the longest pair to the shortest, as lesson 05 does, is {faster:.2f} times as fast."
    return "\n\n".join([markdown_table(heads, rows), said, when(measured)])


def sizes() -> str:
    """Return the cost of the smallest and the largest size, and the slope between them."""
    [measured] = read("sizes").values()
    names = {"epoch": "an epoch, s", "step": "a step, s", "memory_mib": "memory of training, MiB"}
    names |= {"tokenize": "tokenizing, s", "tokenize_mib": "memory of tokenizing, MiB"}
    names |= {"before": "from there to the first step, s"}
    rows = []
    for over in measured["slopes"]:
        table = size_runs.slopes(measured["runs"], over)
        for cost in table:
            digits = ",.0f" if "MiB" in names[cost] else ".2f"
            least, *_, most, slope = table[cost]
            figures = number(least, digits), number(most, digits), number(slope, ".2f")
            rows.append([names[cost], f"{table.index[0]:,} to {table.index[-2]:,} {over}", *figures])
    return markdown_table(["cost", "over", "smallest", "largest", "slope"], rows) + f"\n\n{when(measured)}"


def gpu() -> str:
    """Return the memory that BERT-base took on each GPU, and what the formula says."""
    parts = []
    for measured in read("gpu").values():
        rows = []
        for run in measured["runs"]:
            said = estimate_memory(**BERT_BASE, tokens=run["tokens"], precision=run["precision"])["peak"]
            rows.append(
                [run["padding"], run["precision"], f"{run['tokens']:,}", f"{run['peak_mib']:,}", f"{said:,.0f}"]
            )
        heads = ["padding", "precision", "tokens in the longest batch", "MiB at most", "estimated"]
        parts += [markdown_table(heads, rows), when(measured)]
    return "\n\n".join(parts)


def bodies() -> str:
    """Return what each way to use a body scored and took, over its seeds."""
    [measured] = read("bodies").values()
    table, rows = seed_table(measured["runs"], by="way"), []
    for (way, row), score in zip(table.iterrows(), seeds_column(table).values(), strict=True):
        costs = (number(row[cost], ",.0f") for cost in ("trainable", "seconds", "memory_mib"))
        rows.append([way, number(row["train_size"], ",.0f"), score, *costs])
    heads = ["way", "pairs", "accuracy", "weights trained", "seconds", "MiB above what was held before"]
    return f"{markdown_table(heads, rows)}\n\n{when(measured)}"


def versions() -> str:
    """Return the versions that each door installs, from the files that say so."""
    newest, colab, bounds = pins(), pins(ROOT / "tests" / "colab" / "pins.txt"), oldest()
    rows = [[need.name, *(known.get(need.name, NONE) for known in (newest, colab, bounds))] for need in needs()]
    return markdown_table(["package", "newest tested, and Binder", "Colab's", "oldest allowed"], rows)


def pairs() -> str:
    """Return what each answer that saw every training pair scored on validation and on test."""
    measured = read("starts")["pairs"]
    table = start_table(measured, start_runs.every_pair(measured))
    validation, test = seeds_column(table), table[["test_accuracy", "test_f1"]]
    rows = [[name, validation[name], *map(number, test.loc[name])] for name in table.index]
    heads = ["answer", "accuracy, validation", "accuracy, test", "F1, test"]
    return f"{markdown_table(heads, rows)}\n\n{when(measured)}"


def kinds() -> str:
    """Return the accuracy by kind of pair of those that saw every training pair."""
    table = kind_table(read("starts")["pairs"], start_runs.WHOLE)
    rows = [[name, f"{count:.0f}", *map(number, accuracies)] for name, count, *accuracies in table.itertuples()]
    return markdown_table(["kind", *table], rows)


MEASURED: dict[str, Page] = {
    "docs/measured/starts.md": {"starts": starts},
    "docs/measured/speed.md": {
        "with bf16": lambda: speed(0, "speed-mrpc-cpu-bf16.png"),
        "without bf16": lambda: speed(1),
    },
    "docs/measured/quality.md": {"quality": quality},
    "docs/measured/trainer.md": {"trainer": trainer},
    "docs/measured/sizes.md": {"sizes": sizes},
    "docs/measured/bodies.md": {"bodies": bodies},
    "docs/measured/gpu.md": {"gpu": gpu},
    "docs/measured/versions.md": {"versions": versions},
    "lessons_lib/embedded/pairs/README.md": {"pairs": pairs, "kinds": kinds},
}
