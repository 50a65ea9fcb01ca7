"""The check-up of a Trainer: it finds what is broken, raises no false alarm, and leaves no trace."""

import hashlib
import json
import logging
import os
import random
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from checkup_trainers import BROKEN, SOUND, Workshop
from test_html import HOSTILE, read

from lessons_lib import checkup
from lessons_lib.checkups import Look, Report
from lessons_lib.checkups.report import OUTCOMES


@pytest.fixture
def shop(tokenizer, pairs, tmp_path):
    return Workshop(tokenizer, pairs, tmp_path / "out")


def named(cases):
    return [pytest.param(build, found, id=build.__name__) for build, found in cases.items()]


def found(report):
    return {look.name: look.outcome for look in report.looks if look.outcome in ("fault", "doubt")}


def digest(*tensors):
    parts = hashlib.sha256()
    for one in tensors:
        parts.update(b"-" if one is None else one.detach().contiguous().view(torch.uint8).cpu().numpy().tobytes())
    return parts.hexdigest()


def traces(trainer):
    """Whatever a check-up could change: of the trainer, its model, its data, and of this process."""
    model, tokenizer, state = trainer.model, trainer.processing_class, trainer.accelerator.gradient_state
    data = [trainer.train_dataset, trainer.eval_dataset]
    folder = Path(trainer.args.output_dir)
    attributes = {name: id(value) for name, value in vars(trainer).items()}
    collator = getattr(trainer.data_collator, "__dict__", {})
    generator = collator.get("generator")
    own = trainer.optimizer
    return {
        "trainer": attributes,
        "seen": list(getattr(trainer, "seen", [])),
        "args": json.dumps(trainer.args.to_dict(), default=str, sort_keys=True),
        "state": json.dumps(vars(trainer.state), default=str),
        "control": vars(trainer.control).copy(),
        "callbacks": [(id(one), str(vars(one))) for one in trainer.callback_handler.callbacks],
        "accelerator": [
            len(getattr(trainer.accelerator, f"_{name}")) for name in ("models", "optimizers", "dataloaders")
        ],
        "gradients": (state.sync_gradients, state.end_of_dataloader, len(state.dataloader_references)),
        "weights": digest(*model.state_dict().values()),
        "buffers": digest(*model.buffers()),
        "grads": digest(*(one.grad for one in model.parameters())),
        "requires": [one.requires_grad for one in model.parameters()],
        "modes": [one.training for one in model.modules()],
        "hooks": [len(one._forward_hooks) for one in model.modules()],
        "config": model.config.to_json_string(),
        "optimizer": own and json.dumps([own.state_dict(), id(own.param_groups)], default=str),
        "data": [(type(one), getattr(one, "format", None), getattr(one, "_fingerprint", None)) for one in data],
        "rows": [json.dumps(one, default=str) for one in data if isinstance(one, list)],
        "collator": {name: id(value) for name, value in collator.items()},
        "draws": generator is not None and digest(generator.get_state()),
        "tokenizer": tokenizer and (tokenizer._tokenizer.padding, tokenizer._tokenizer.truncation, len(tokenizer)),
        "python": random.getstate(),
        "numpy": str(np.random.get_state()),
        "torch": digest(torch.get_rng_state()),
        "files": sorted(map(str, folder.rglob("*"))),
        "here": sorted(os.listdir()),
        "warnings": list(warnings.filters),
        "logs": (logging.root.manager.disable, logging.getLogger("transformers").level, logging.root.level),
        "modes of torch": (torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_num_threads()),
    }


def looked_at(trainer):
    """The report, after a look at every trace."""
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    before = traces(trainer)
    report = checkup(trainer)
    after = traces(trainer)
    for name, value in before.items():
        assert after[name] == value, name
    return report


@pytest.mark.parametrize("build, expected", named(BROKEN))
def test_what_is_broken_is_found_and_nothing_else(shop, build, expected):
    report = looked_at(build(shop))
    assert found(report) == expected, report
    for look in report.looks:
        assert look.outcome not in ("fault", "doubt") or re.search(r"\d", look.text), look


@pytest.mark.parametrize("build, expected", named(SOUND))
def test_what_is_sound_raises_no_alarm(shop, build, expected):
    report = looked_at(build(shop))
    assert found(report) == expected, report
    assert len(report.looks) == 14 and {look.outcome for look in report.looks} <= set(OUTCOMES)


# what a check-up can't look at


class Stream(torch.utils.data.IterableDataset):
    """Can be read once, and says so."""

    def __init__(self, rows):
        self.rows, self.read = iter(rows), 0

    def __iter__(self):
        for row in self.rows:
            self.read += 1
            yield row


class Breaks(torch.utils.data.Dataset):
    """Has a row that can't be read."""

    def __init__(self, rows):
        self.rows, self.asked = rows, []

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, place):
        self.asked.append(place)
        if place == 40:
            raise KeyError("a file is gone")
        return self.rows[place]


class Own(torch.nn.Module):
    """A model without a configuration."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(4, 2)

    def forward(self, features, labels=None):
        logits = self.inner(features)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


def outcomes(report):
    return {look.name: look.outcome for look in report.looks}


def test_a_stream_is_not_used_up(shop):
    stream = Stream(list(shop.data()))
    report = checkup(shop.trainer(train_dataset=stream, args={"max_steps": 20}))
    assert stream.read == 0
    took = outcomes(report)
    assert {took[one] for one in ("batch", "labels", "splits", "first loss", "eight by heart")} == {"not looked"}


def test_a_row_that_cannot_be_read_is_a_fault(shop):
    report = looked_at(shop.trainer(train_dataset=Breaks(list(shop.data()))))
    assert found(report) == {"batch": "fault"} and "a file is gone" in report.looks[0].text


def test_a_model_of_ones_own_is_looked_at_as_far_as_that_goes(shop):
    torch.manual_seed(0)
    rows = [{"features": [float(n % 2), 1.0, 0.5, -0.5], "labels": n % 2} for n in range(64)]
    data = {"train_dataset": rows, "eval_dataset": None, "processing_class": None}
    trainer = shop.trainer(Own(), **data, args={"learning_rate": 0.1})
    took = outcomes(checkup(trainer))
    assert took["eight by heart"] == took["weights"] == "fine"
    assert took["labels"] == took["ids"] == took["mask"] == took["first loss"] == took["memory"] == "not looked"


def test_a_look_that_fails_says_so(shop):
    class Odd(dict):
        def __getitem__(self, key):
            raise ZeroDivisionError("not a model")

    trainer = shop.trainer()
    trainer.compute_metrics = Odd().__getitem__
    trainer.args.learning_rate = "fast"
    report = checkup(trainer)
    took = outcomes(report)
    assert took["optimizer"] == "not looked" and took["metric"] == "fault" and len(took) == 14


def test_fine_is_never_said_where_nothing_was_seen(shop):
    trainer = shop.trainer(train_dataset=None, eval_dataset=None, processing_class=None, args={"max_steps": -1})
    took = outcomes(looked_at(trainer))
    assert {one for one, outcome in took.items() if outcome == "fine"} == {"weights", "optimizer"}


def test_a_trainer_that_has_trained_keeps_its_optimizer(shop):
    trainer = shop.trainer(args={"max_steps": 12, "save_strategy": "no"})
    trainer.train()
    report = looked_at(trainer)
    assert not {look.name for look in report.looks if look.outcome == "fault"}, report


def test_only_a_trainer_will_do():
    with pytest.raises(TypeError, match="Trainer"):
        checkup("a trainer")


# what it says


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text):
    report = Report([Look(text, "fault", text), Look("labels", "fine", f"`{text}` is fine")], 1.0)
    assert text in read(report._repr_html_())


def test_a_hostile_example_stays_on_its_line(shop):
    rows = [{**row, "label": place % 2} for place, row in enumerate(shop.data())]
    shop.tokenizer.decode(rows[0]["input_ids"])
    names = {0: "<b>\x1b[31mno\nyes", 1: "fine\u202e"}
    model = shop.bert(id2label=names, label2id={name: number for number, name in names.items()})
    report = checkup(shop.trainer(model, train_dataset=rows))
    assert len(repr(report).splitlines()) == 1 + len(report.looks)
    assert all(one.isprintable() for one in repr(report).replace("\n", ""))
    assert "<b>" in read(report._repr_html_())


def test_the_first_line_is_the_verdict(shop):
    report = checkup(shop.trainer(args={"learning_rate": 0.0}))
    assert repr(report).splitlines()[0] == f"Check-up: {report.verdict}"
    assert "1 fault (optimizer)" in report.verdict and report.seconds < 600


def test_the_library_stays_light():
    code = "import sys, lessons_lib; lessons_lib.checkup; print({'torch', 'transformers'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
