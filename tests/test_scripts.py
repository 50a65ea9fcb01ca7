"""The programs of lesson 10: two processes learn what one learns, bad data get a sentence, a cluster its files."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from datasets import ClassLabel, Dataset, Features, Value, load_dataset
from own_data_files import lines, table
from sklearn.metrics import f1_score
from sklearn.preprocessing import LabelEncoder
from torch.distributed.run import get_args_parser
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertModel,
    DataCollatorWithPadding,
    HfArgumentParser,
    Trainer,
    TrainingArguments,
    set_seed,
)

from lessons_lib.launch import launched, run, workers
from lessons_lib.scripts import FINETUNE, SHARD, finetune

PAIR = "torchrun --standalone --nproc_per_node 2"
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "initializer_range": 0.2}
HOW = {"num_train_epochs": 1, "learning_rate": 1e-3, "logging_steps": 1, "seed": 0, "save_strategy": "no"}
HOW |= {"report_to": "none", "disable_tqdm": True, "use_cpu": True}
SLOW = """
import os, time
from transformers import Trainer
from lessons_lib.scripts import finetune

step = Trainer.training_step

def slow_step(*args, **kwargs):
    print("a step of", os.getpid(), flush=True)
    time.sleep(0.2)
    return step(*args, **kwargs)

Trainer.training_step = slow_step
finetune.main()
"""


def examples(count: int, answers=("no", "yes")) -> list[dict]:
    """Return pairs of texts, no two alike and of many lengths, with `answers` in turn that can be read off them."""
    kinds = [number % len(answers) for number in range(count)]
    return [
        {
            "sentence1": "very " * (number % 7) + ("good", "fair", "bad")[kind],
            "sentence2": f"number {number}",
            "label": answers[kind],
        }
        for number, kind in enumerate(kinds)
    ]


@pytest.fixture(scope="module")
def start(tokenizer, tmp_path_factory):
    """A checkpoint with its tokenizer: a small encoder that drops nothing, with random weights."""
    folder = tmp_path_factory.mktemp("start")
    set_seed(0)
    BertModel(BertConfig(vocab_size=len(tokenizer), **SMALL, **STILL)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """80 pairs, of which a tenth becomes validation."""
    file = tmp_path_factory.mktemp("data") / "pairs.jsonl"
    file.write_bytes(lines(examples(80)))
    return file


@pytest.fixture(scope="module")
def arguments(start, file):
    """The command line of a run of eight steps, where the batches of all processes together hold eight pairs."""

    def command(output: Path, batch: int, **more) -> list:
        what = {"checkpoint": start, "data": file, "train_size": 64, "validation_size": 7, "output_dir": output}
        options = what | HOW | {"per_device_train_batch_size": batch} | more
        return [part for name, value in options.items() for part in (f"--{name}", value)]

    return command


@pytest.fixture(scope="module")
def one(arguments, tmp_path_factory):
    """The folder of a run of one process, with batches of eight."""
    folder = tmp_path_factory.mktemp("one")
    run("python", FINETUNE, *arguments(folder, 8))
    return folder


@pytest.fixture(scope="module")
def two(arguments, tmp_path_factory):
    """The folder of a run of two processes, with batches of four."""
    folder = tmp_path_factory.mktemp("two")
    run(PAIR, FINETUNE, *arguments(folder, 4))
    return folder


def losses(folder: Path) -> list[float]:
    log = json.loads((folder / "trainer_state.json").read_text())["log_history"]
    return [entry["loss"] for entry in log if "loss" in entry]


def scores(folder: Path) -> dict[str, float]:
    """Return the scores; not the loss, a mean over batches, and two processes fill the last of them up."""
    names = ("eval_accuracy", "eval_f1", "eval_accuracy_of_most_common")
    return {
        name: value for name, value in json.loads((folder / "eval_results.json").read_text()).items() if name in names
    }


def test_two_processes_with_half_of_the_batch_are_one_with_the_whole(one, two):
    assert len(losses(one)) == 8
    assert losses(two) == pytest.approx(losses(one), abs=1e-3)
    assert len(scores(one)) == 3 and scores(two) == scores(one)


def test_without_its_line_the_loss_is_multiplied_by_the_processes(one, arguments, tmp_path):
    """Where this fails because the losses are equal, transformers has mended it: the line can go, and its lesson."""
    source = FINETUNE.read_text()
    line = "trainer.model_accepts_loss_kwargs = False"
    assert source.count(line) == 1
    (tmp_path / "careless.py").write_text(source.replace(line, "pass"))
    run(PAIR, tmp_path / "careless.py", *arguments(tmp_path / "out", 4, max_steps=1))
    assert losses(tmp_path / "out")[0] == pytest.approx(2 * losses(one)[0], rel=1e-3)


def test_the_program_is_the_trainer_of_the_lessons(one, start, file, tokenizer, tmp_path):
    halves = load_dataset("json", data_files=str(file), split="train").train_test_split(test_size=0.1, seed=HOW["seed"])
    rows = [
        tokenizer(row["sentence1"], row["sentence2"]) | {"labels": ["no", "yes"].index(row["label"])}
        for row in halves["train"].select(range(64))
    ]
    set_seed(HOW["seed"])
    model = AutoModelForSequenceClassification.from_pretrained(start, num_labels=2)
    args = TrainingArguments(tmp_path, per_device_train_batch_size=8, **HOW)
    trainer = Trainer(model, args, train_dataset=rows, data_collator=DataCollatorWithPadding(tokenizer))
    trainer.train()
    logged = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses(one) == pytest.approx(logged, abs=2e-4)  # four digits are logged
    saved = AutoModelForSequenceClassification.from_pretrained(one)
    assert saved.config.id2label == {0: "no", 1: "yes"}
    batch = AutoTokenizer.from_pretrained(one)("very very good", "number 7", return_tensors="pt")
    assert saved(**batch).logits.allclose(model.cpu().eval()(**batch).logits, atol=1e-3)


def test_a_run_of_which_a_process_is_killed_goes_on_from_its_checkpoint(two, arguments, tmp_path):
    """Steps are slow here, so that the run is not over before somebody can kill it."""
    (tmp_path / "slow.py").write_text(SLOW)
    out = tmp_path / "out"
    often = {"save_strategy": "steps", "save_steps": 2, "resume_from_checkpoint": "newest"}
    with launched(f"{PAIR} --max_restarts 1", tmp_path / "slow.py", *arguments(out, 4, **often)) as job:
        while job.poll() is None and not finetune.newest_checkpoint(out):
            time.sleep(0.05)
        workers(job)[1].kill()
        told, _ = job.communicate(timeout=300)
    assert job.returncode == 0, told
    steps = Counter(re.findall(r"^a step of (\d+)$", told, re.M))  # by process, the first ones first
    assert len(steps) == 4 and all(0 < count <= 6 for count in list(steps.values())[2:]), steps
    assert losses(out) == pytest.approx(losses(two), abs=1e-3)
    assert scores(out) == scores(two)


@pytest.fixture
def checkpoints(tmp_path):
    """A function that writes checkpoints with these texts as their states, by step."""

    def write(states: dict[int, str]) -> Path:
        for step, state in states.items():
            folder = tmp_path / f"checkpoint-{step}"
            folder.mkdir()
            (folder / "trainer_state.json").write_text(state)
        return tmp_path

    return write


WHOLE, CUT = '{"global_step": 1}', '{"global_st'


@pytest.mark.parametrize(
    ("states", "newest"),
    [
        ({}, None),
        ({4: WHOLE}, 4),
        ({4: WHOLE, 8: CUT}, 4),
        ({4: WHOLE, 8: ""}, 4),
        ({4: CUT}, None),
        ({9: WHOLE, 10: WHOLE}, 10),
        ({9: WHOLE, 10: WHOLE, 100: CUT}, 10),
    ],
)
def test_the_newest_checkpoint_is_the_last_whole_one(checkpoints, states, newest):
    folder = checkpoints(states)
    (folder / "checkpoint-200").mkdir()  # died before its state
    assert finetune.newest_checkpoint(folder) == (newest and str(folder / f"checkpoint-{newest}"))


def test_a_folder_that_is_not_there_has_no_checkpoint(tmp_path):
    assert finetune.newest_checkpoint(tmp_path / "out") is None


def prepared(data: Path, **more):
    """Return what the program makes of `data`, the letters as `input_ids`: its splits, and the names of its classes."""
    task = finetune.Task(checkpoint="", data=str(data), **more)
    return finetune.prepare(finetune.read(task, seed=0), task, letters)


def letters(*texts: list[str]) -> dict[str, list[list[int]]]:
    return {"input_ids": [[*map(ord, "|".join(row))] for row in zip(*texts, strict=True)]}


def answered(splits) -> dict[str, int]:
    """Return the label of each text of all splits."""
    return {"".join(map(chr, row["input_ids"])): row["labels"] for rows in splits.values() for row in rows}


COLUMNS = ("sentence1", "sentence2", "label")


def csv(*rows) -> bytes:
    """Return a CSV file of 40 rows, these in turn, with `COLUMNS`."""
    return table([rows[number % len(rows)] for number in range(40)], COLUMNS)


SOUND = csv(("a", "b", 0), ("c", "d", 1))
BAD = {  # name: what the file holds, what else is asked for, what the sentence has to name
    "no file": (None, {}, ["data.csv"]),
    "no label": (SOUND, {"label": "stars"}, ["stars", ", ".join(COLUMNS)]),
    "no text": (SOUND, {"texts": ["review", "sentence2"]}, ["review", ", ".join(COLUMNS)]),
    "three texts": (SOUND, {"texts": list(COLUMNS)}, ["--texts", "3"]),
    "one row": (table([("a", "b", 0)], COLUMNS), {}, ["1"]),
    "an empty text": (csv(("a", "b", 0), ("c", None, 1)), {}, ["sentence2", "20"]),
    "numbers as texts": (csv((1, "b", 0), (2, "d", 1)), {}, ["sentence1"]),
    "an empty name": (csv(("a", "b", "no"), ("c", "d", "yes"), ("e", "f", "")), {}, ["label", "13"]),
    "an empty number": (csv(("a", "b", 0), ("c", "d", 1), ("e", "f", None)), {}, ["label", "13"]),
    "floats": (csv(("a", "b", 0.5), ("c", "d", 1.5)), {}, ["label"]),
    "one class": (csv(("a", "b", "yes")), {}, ["label"]),
}


@pytest.mark.parametrize(("content", "more", "named"), BAD.values(), ids=BAD)
def test_bad_data_get_one_sentence_that_names_them(tmp_path, content, more, named):
    if content is not None:
        (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(SystemExit) as caught:
        prepared(tmp_path / "data.csv", **more)
    sentence = caught.value.code  # Python prints a text, and ends with code 1
    assert isinstance(sentence, str) and "\n" not in sentence
    assert all(name in sentence for name in named)


def test_the_program_ends_with_such_a_sentence(start, tmp_path, monkeypatch):
    command = ["finetune.py", "--checkpoint", start, "--data", tmp_path / "data.csv", "--output_dir", tmp_path]
    monkeypatch.setattr(sys, "argv", [*map(str, command), "--use_cpu", "True"])
    with pytest.raises(SystemExit, match=re.escape(str(tmp_path / "data.csv"))):
        finetune.main()


@pytest.mark.parametrize("feature", [Value("string"), ClassLabel(names=["no", "yes"])], ids=["names", "ClassLabel"])
def test_a_validation_answer_that_training_lacks_is_named(tmp_path, feature):
    strange = "perhaps" if isinstance(feature, Value) else -1  # what the Hub's test splits have
    features = Features({"sentence1": Value("string"), "sentence2": Value("string"), "label": feature})
    for split, answers in {"train": ["no", "yes"], "validation": ["no", strange]}.items():
        columns = dict(zip(COLUMNS, (["a", "b"], ["c", "d"], answers), strict=True))
        Dataset.from_dict(columns, features=features).to_parquet(tmp_path / f"{split}.parquet")
    with pytest.raises(SystemExit) as caught:
        prepared(tmp_path)
    assert "validation" in caught.value.code and repr(strange) in caught.value.code


LABELS = {
    "names": ["no", "yes"],
    "numbers from 1": [1, 2],
    "numbers with gaps": [7, 5],
    "truth": [True, False],
    "three": ["good", "fair", "bad"],
}
WRITERS = {
    "csv": lambda rows, file: rows.to_csv(file, index=False),
    "tsv": lambda rows, file: rows.to_csv(file, index=False, sep="\t"),
    "jsonl": lambda rows, file: rows.to_json(file, orient="records", lines=True),
    "parquet": lambda rows, file: rows.to_parquet(file),
}


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("answers", LABELS.values(), ids=LABELS)
def test_labels_are_numbered_from_0_in_their_order(tmp_path, answers, ending):
    rows, authority = pd.DataFrame(examples(42, answers)), LabelEncoder()
    WRITERS[ending](rows, tmp_path / f"data.{ending}")
    splits, names = prepared(tmp_path / f"data.{ending}")
    texts = rows["sentence1"] + "|" + rows["sentence2"]
    assert answered(splits) == dict(zip(texts, authority.fit_transform(rows["label"]), strict=True))
    assert names == [str(name) for name in authority.classes_]
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 37, "validation": 5}  # a tenth, rounded up


def test_a_class_label_keeps_its_numbers_and_names_even_of_a_class_that_nobody_has(tmp_path):
    features = Features({"text": Value("string"), "labels": ClassLabel(names=["z", "a", "unused"])})
    columns = {"text": ["one", "two", "three", "four"], "labels": [0, 1, 1, 0]}
    Dataset.from_dict(columns, features=features).to_parquet(tmp_path / "data.parquet")
    splits, names = prepared(tmp_path / "data.parquet", texts=["text"], label="labels")
    assert answered(splits) == dict(zip(*columns.values(), strict=True))
    assert names == ["z", "a", "unused"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"data.csv": b"sentence1,sentence2,label\n"}, "can't be read as data"),
        ({"data.jsonl": b""}, "can't be read as data"),
        (
            {"mine/test.csv": table([("a", "b", "yes")] * 4, ("sentence1", "sentence2", "label"))},
            "the splits test, and no train",
        ),
    ],
)
def test_data_without_rows_or_without_train_get_a_sentence(files, said, tmp_path):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    source = tmp_path / next(iter(files)).partition("/")[0]
    with pytest.raises(SystemExit, match=said):
        finetune.read(finetune.Task("none", str(source)), seed=0)


def test_sizes_take_the_first_examples(tmp_path):
    (tmp_path / "data.jsonl").write_bytes(lines(examples(40)))
    whole, few = (
        prepared(tmp_path / "data.jsonl", **sizes)[0] for sizes in ({}, {"train_size": 8, "validation_size": 3})
    )
    assert few["train"][:] == whole["train"][:8] and few["validation"][:] == whole["validation"][:3]


@pytest.mark.parametrize("stored", [torch.bfloat16, torch.float16])
def test_a_checkpoint_stored_in_16_bits_trains_in_32(stored, start, tmp_path):
    """In bf16 a step of AdamW is rounded away, and the run ends as if nothing were wrong."""
    (tmp_path / "data.jsonl").write_bytes(lines(examples(40)))
    BertModel.from_pretrained(start, dtype=stored).save_pretrained(tmp_path / "stored")
    AutoTokenizer.from_pretrained(start).save_pretrained(tmp_path / "stored")
    task = finetune.Task(str(tmp_path / "stored"), str(tmp_path / "data.jsonl"))
    trainer = finetune.trainer_of(task, TrainingArguments(tmp_path, max_steps=2, **HOW | {"learning_rate": 1e-5}))
    before = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}
    trainer.train()
    assert {weight.dtype for weight in before.values()} == {torch.float32}
    assert not any(
        torch.equal(before[name], weight) for name, weight in trainer.model.named_parameters() if "query" in name
    )


def test_three_classes_and_one_text_make_a_model_that_is_scored_by_macro_f1(start, tmp_path):
    rows = pd.DataFrame(examples(60, LABELS["three"]))
    rows[["sentence1", "label"]].to_csv(tmp_path / "data.tsv", sep="\t", index=False)
    task = finetune.Task(str(start), str(tmp_path / "data.tsv"), texts=["sentence1"], freeze_embeddings=True)
    trainer = finetune.trainer_of(task, TrainingArguments(tmp_path, max_steps=2, **HOW))
    config = trainer.model.config
    assert config.id2label == {0: "bad", 1: "fair", 2: "good"} and config.label2id["good"] == 2
    frozen = {name for name, weight in trainer.model.named_parameters() if not weight.requires_grad}
    assert frozen and all("embeddings" in name for name in frozen)
    trainer.train()
    predicted = trainer.predict(trainer.eval_dataset)
    by_hand = f1_score(predicted.label_ids, predicted.predictions.argmax(-1), average="macro", zero_division=0)
    assert predicted.metrics["test_f1"] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("answers", "truth", "expected"),
    [
        ([1, 1, 0, 0], [1, 0, 0, 1], (0.5, 0.5, 0.5)),
        ([0, 0, 0, 0], [0, 0, 0, 1], (0.75, 0.0, 0.75)),
        ([0, 1, 2, 2], [0, 1, 1, 2], (0.75, (1 + 2 / 3 + 2 / 3) / 3, 0.5)),
    ],
)
def test_scores_are_those_worked_out_by_hand(answers, truth, expected):
    logits = np.eye(max(answers + truth) + 1)[answers]
    found = finetune.scores((logits, np.array(truth)))
    assert tuple(found.values()) == pytest.approx(expected)


@pytest.fixture(scope="module")
def held(start):
    """What each of two processes holds, a row per process, under DDP and under FSDP."""
    told = run(PAIR, SHARD, start)
    return pd.DataFrame(map(json.loads, filter(lambda line: line.startswith("{"), told.splitlines())))


@pytest.mark.parametrize("part", ["weights", "gradients", "optimizer"])
def test_under_fsdp_each_of_two_processes_holds_half(held, part):
    assert held.groupby("how")["rank"].apply(sorted).to_dict() == {"ddp": [0, 1], "fsdp": [0, 1]}
    of = held.set_index(["how", "rank"])[part].unstack("how")
    assert of["fsdp"].tolist() == pytest.approx((of["ddp"] / 2).tolist(), rel=0.05)


def test_under_ddp_each_process_holds_what_the_model_has(held, start):
    model = AutoModelForSequenceClassification.from_pretrained(start)
    whole = sum(weight.numel() for weight in model.parameters()) * 4 / 2**20
    for part, times in {"weights": 1, "gradients": 1, "optimizer": 2}.items():
        assert held.loc[held["how"] == "ddp", part].tolist() == pytest.approx([times * whole] * 2, rel=1e-4)


def test_ddp_and_fsdp_compute_the_same_loss(held):
    assert np.ptp(held["loss"]) < 1e-5


SLURM, KUBERNETES = (FINETUNE.with_name(name) for name in ("cluster.slurm", "cluster.yaml"))
SLURM_CONF = """
ClusterName=test
SlurmctldHost=localhost
AuthType=auth/none
CredType=cred/none
GresTypes=gpu
MessageTimeout=1
NodeName=localhost
PartitionName=debug Nodes=ALL Default=YES
"""


def commands() -> dict[str, list[str]]:
    """Return what follows `torchrun` in each of the two files, by the file's name."""
    *_, script = SLURM.read_text().replace("\\\n", " ").strip().splitlines()
    _, job = yaml.safe_load_all(KUBERNETES.read_text())
    [container] = job["spec"]["template"]["spec"]["containers"]
    split = {SLURM.name: shlex.split(script)[1:], KUBERNETES.name: shlex.split(container["args"][0])}
    assert all(words[0] == "torchrun" for words in split.values())
    return {name: [word for word in words[1:] if word != "$@"] for name, words in split.items()}


@pytest.mark.parametrize("name", commands())
def test_the_commands_of_a_cluster_are_taken_by_torchrun_and_by_the_program(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    launcher = get_args_parser().parse_args(commands()[name])
    assert launcher.training_script == FINETUNE.name
    assert launcher.max_restarts == 3 and launcher.rdzv_backend == "c10d" and launcher.rdzv_endpoint.endswith(":29500")
    parser = HfArgumentParser((finetune.Task, TrainingArguments))
    task, args = parser.parse_args_into_dataclasses(launcher.training_script_args)
    assert task.checkpoint and task.data and args.output_dir and args.resume_from_checkpoint == "newest"


@pytest.mark.skipif(sys.platform == "win32", reason="its bash may be one that lacks a Linux")
def test_the_file_for_slurm_is_bash():
    subprocess.run(["bash", "-n", str(SLURM)], check=True)


@pytest.fixture
def sbatch(tmp_path):
    """A function that has SLURM's own program read a file and returns what it says; there is no cluster to take it."""
    if not shutil.which("sbatch"):
        pytest.skip("SLURM is absent: Debian and Ubuntu have it as slurm-client")
    (tmp_path / "slurm.conf").write_text(SLURM_CONF)
    environment = os.environ | {"SLURM_CONF": str(tmp_path / "slurm.conf")}

    def read(text: str) -> str:
        (tmp_path / "job").write_text(text)
        command = ["sbatch", "--verbose", "--test-only", str(tmp_path / "job")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60).stderr

    return read


def test_slurm_understands_each_option(sbatch):
    asked = dict(re.findall(r"^#SBATCH --([\w-]+)=?(.*)$", SLURM.read_text(), re.M))
    understood = dict(re.findall(r"^sbatch: ([\w-]+) +: (.*)$", sbatch(SLURM.read_text()), re.M))
    assert asked and asked | {"requeue": "requeue"} == {name: understood.get(name) for name in asked}


@pytest.mark.parametrize(("option", "misspelt"), [("--gpus-per-node", "--gpus-per-knot"), ("02:00:00", "two hours")])
def test_slurm_finds_a_slip(sbatch, option, misspelt):
    text = SLURM.read_text()
    assert option in text and "defined options" not in sbatch(text.replace(option, misspelt))


def test_the_file_for_kubernetes_fits_its_schema():
    import kubernetes_validate

    for resource in yaml.safe_load_all(KUBERNETES.read_text()):
        kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize(
    ("line", "broken"),
    [("completions: 2", "completions: two"), ("restartPolicy", "restartpolicy"), ("claimName: finetune", "claim: 1")],
)
def test_the_schema_of_kubernetes_finds_a_slip(line, broken):
    import kubernetes_validate

    text = KUBERNETES.read_text()
    *_, job = yaml.safe_load_all(text.replace(line, broken))
    assert line in text
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)


def test_the_pods_of_kubernetes_find_each_other():
    service, job = yaml.safe_load_all(KUBERNETES.read_text())
    pods, name = job["spec"]["template"]["spec"], job["metadata"]["name"]
    launcher = get_args_parser().parse_args(commands()[KUBERNETES.name])
    assert pods["subdomain"] == service["metadata"]["name"] and service["spec"]["selector"] == {"job-name": name}
    assert launcher.rdzv_endpoint == f"{name}-0.{service['metadata']['name']}:29500"
    assert int(launcher.nnodes) == job["spec"]["completions"] == job["spec"]["parallelism"]
    [container] = pods["containers"]
    assert int(launcher.nproc_per_node) == container["resources"]["limits"]["nvidia.com/gpu"]
