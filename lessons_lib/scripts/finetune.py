"""Fine-tunes a classifier of texts, or of pairs of texts: the recipe of lessons 04, 05 and 08 as a program.

    python finetune.py --checkpoint CHECKPOINT --data nyu-mll/glue --task mrpc --output_dir out
    python finetune.py --checkpoint CHECKPOINT --data reviews.csv --texts review --label stars --output_dir out
    accelerate launch --num_processes 2 finetune.py …          the same on two devices of one machine

Data are an id of the Hub, a folder that `load_dataset` takes, or a CSV, JSON Lines or Parquet file. All other arguments
are those of `TrainingArguments`, such as --learning_rate 1e-4 --num_train_epochs 3 --bf16 True. With
--resume_from_checkpoint newest it goes on from the newest whole checkpoint in the output folder, where there is one.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, load_dataset
from sklearn.metrics import accuracy_score, f1_score
from torch.serialization import register_package
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    HfArgumentParser,
    Trainer,
    TrainingArguments,
    set_seed,
)

READERS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".parquet": "parquet"}


@dataclass
class Task:
    """What to learn, from what; everything about how is in `TrainingArguments`."""

    checkpoint: str = field(metadata={"help": "an id of the Hub, or a folder"})
    data: str = field(metadata={"help": "an id of the Hub, a folder, or a CSV, JSON Lines or Parquet file"})
    task: str | None = field(default=None, metadata={"help": "the dataset's configuration, such as mrpc"})
    texts: list[str] = field(default_factory=lambda: ["sentence1", "sentence2"], metadata={"help": "one column or two"})
    label: str = field(default="label", metadata={"help": "the column with the answers"})
    train_size: int | None = field(default=None, metadata={"help": "take so many training examples, the first ones"})
    validation_size: int | None = field(default=None, metadata={"help": "judge on so many, the first ones"})
    revision: str | None = field(default=None, metadata={"help": "the commit of a checkpoint on the Hub"})
    data_revision: str | None = field(default=None, metadata={"help": "the commit of a dataset on the Hub"})
    freeze_embeddings: bool = field(default=False, metadata={"help": "leave the embeddings as they are"})


def read(task: Task, seed: int) -> DatasetDict:
    """Return the splits `train` and `validation`; where there's no validation, a tenth of the training examples."""
    path = Path(task.data)
    if path.suffix in READERS:
        if not path.is_file():
            sys.exit(f"There is no file {path}.")
        how = {"delimiter": "\t"} if path.suffix == ".tsv" else {}
        source = {"path": READERS[path.suffix], "data_files": str(path), **how}
    else:
        source = {"path": task.data, "name": task.task, "revision": task.data_revision}
    try:
        raw = load_dataset(**source)
    except Exception as error:  # an empty file, a name that doesn't exist, bytes that are no text
        sys.exit(f"{task.data} can't be read as data: {str(error).strip() or type(error).__name__}")
    if "train" not in raw:
        sys.exit(f"{task.data} has the splits {', '.join(raw)}, and no train.")
    for split in {"train", "validation"} & set(raw):
        check(raw[split], task)
    if "validation" not in raw:
        halves = raw["train"].train_test_split(test_size=0.1, seed=seed)
        raw = DatasetDict(train=halves["train"], validation=halves["test"])
    sizes = {"train": task.train_size, "validation": task.validation_size}
    return DatasetDict({name: raw[name].select(range(len(raw[name]))[:size]) for name, size in sizes.items()})


def check(rows: Dataset, task: Task) -> None:
    """End the program with a sentence where `rows`, as they were loaded, can't be used for `task`."""
    if missing := {task.label, *task.texts} - set(rows.column_names):
        told = f"{', '.join(sorted(missing))}: there are {', '.join(rows.column_names)}"
        sys.exit(f"The data have no column {told}. Name yours with --texts and --label.")
    if len(task.texts) > 2:
        sys.exit(f"A model takes one text or two, and --texts names {len(task.texts)} columns.")
    if len(rows) < 2:
        sys.exit(f"The data have too few rows: {len(rows)}.")
    for name in (task.label, *task.texts):
        if empty := rows.data.column(name).null_count:
            sys.exit(f"The column {name} is empty in {empty} of {len(rows)} rows. Fill those in, or leave them out.")
    for name in task.texts:
        if "string" not in str(getattr(rows.features[name], "dtype", None)):  # string or large_string
            sys.exit(f"The column {name} holds no texts. Name those that do with --texts.")


def classes(train: Dataset, label: str) -> list:
    """Return the answers that `train` gives, in order: what stands in the column, one per class."""
    answers = train.unique(label)
    if any(isinstance(answer, float) for answer in answers):
        sys.exit(f"The column {label} holds numbers with a point. A classifier takes classes: names, or whole numbers.")
    if len(answers) < 2:
        sys.exit(f"Every row has the same answer in the column {label}. There is nothing to tell apart.")
    return sorted(answers)


def prepare(raw: DatasetDict, task: Task, tokenize) -> tuple[DatasetDict, list[str]]:
    """Return the splits as `input_ids` and `labels` from 0 on, and the name of each class."""
    feature = raw["train"].features[task.label]
    known = list(range(feature.num_classes)) if isinstance(feature, ClassLabel) else classes(raw["train"], task.label)
    names = feature.names if isinstance(feature, ClassLabel) else [str(answer) for answer in known]
    number = {answer: place for place, answer in enumerate(known)}
    for split, rows in raw.items():
        if strange := [answer for answer in rows.unique(task.label) if answer not in number]:
            sys.exit(f"{split} has the answer {strange[0]!r}, which no training example has, or which isn't a class.")

    def encode(rows: dict[str, list]) -> dict[str, list]:
        return {**tokenize(*(rows[name] for name in task.texts)), "labels": [number[one] for one in rows[task.label]]}

    return raw.map(encode, batched=True, remove_columns=raw["train"].column_names), names


def scores(prediction) -> dict[str, float]:
    """Return accuracy and F1, and the accuracy of answering the most common class every time."""
    logits, labels = prediction
    answers, average = logits.argmax(-1), "binary" if logits.shape[-1] == 2 else "macro"
    f1 = f1_score(labels, answers, average=average, zero_division=0)
    most = np.bincount(labels).max() / len(labels)
    return {"accuracy": accuracy_score(labels, answers), "f1": f1, "accuracy_of_most_common": most}


def newest_checkpoint(folder: str | Path) -> str | None:
    """Return the newest checkpoint in `folder` that was written to its end: the Trainer's state comes last."""
    for state in sorted(Path(folder).glob("checkpoint-*/trainer_state.json"), key=step_of, reverse=True):
        try:
            json.loads(state.read_bytes())
        except ValueError:  # the process died while it wrote
            continue
        return str(state.parent)
    return None


def step_of(state: Path) -> int:
    """Return the step at which a checkpoint was written, from its folder's name."""
    return int(state.parent.name.split("-")[1])


def trainer_of(task: Task, args: TrainingArguments) -> Trainer:
    """Return the Trainer for `task`, ready to train."""
    tokenizer = AutoTokenizer.from_pretrained(task.checkpoint, revision=task.revision)
    with args.main_process_first():  # the others take what the first one left in the cache
        data, names = prepare(read(task, args.seed), task, lambda *texts: tokenizer(*texts, truncation=True))
    set_seed(args.seed)
    numbers = {name: place for place, name in enumerate(names)}
    model = AutoModelForSequenceClassification.from_pretrained(
        task.checkpoint,
        revision=task.revision,
        id2label=dict(enumerate(names)),
        label2id=numbers,
        dtype="float32",  # weights kept in 16 bits, as many files are, would not move
    )
    if task.freeze_embeddings:
        model.get_input_embeddings().requires_grad_(False)
    trainer = Trainer(
        model=model,
        args=args,
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        compute_metrics=scores,
    )
    trainer.model_accepts_loss_kwargs = False  # else N processes multiply the loss by N
    return trainer


def main() -> None:
    """Train, judge on validation, and save model, tokenizer and scores into the output folder."""
    # with processes on a CPU, transformers 5.15 loads a checkpoint to "cpu:0", and torch only knows "cpu"
    register_package(50, lambda storage: None, lambda storage, to: storage if to.startswith("cpu:") else None)
    task, args = HfArgumentParser((Task, TrainingArguments)).parse_args_into_dataclasses()
    newest = args.resume_from_checkpoint == "newest"
    trainer = trainer_of(task, args)
    start = newest_checkpoint(args.output_dir) if newest else args.resume_from_checkpoint
    trainer.save_metrics("train", trainer.train(resume_from_checkpoint=start).metrics)
    trainer.save_metrics("eval", trainer.evaluate())
    trainer.save_state()
    trainer.save_model()


if __name__ == "__main__":
    main()
