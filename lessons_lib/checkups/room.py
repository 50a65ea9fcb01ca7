"""Is there room: memory for a step, and disk for the checkpoints?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lessons_lib.checkups.case import Case, column
from lessons_lib.checkups.report import Verdict, weigh
from lessons_lib.checkups.schedule import run_steps
from lessons_lib.checkups.stand_in import free_memory
from lessons_lib.checkups.task import LANGUAGE
from lessons_lib.checkups.weights import trainable
from lessons_lib.machine import MIB, disk

FULL = 0.9  # share of what is free that may be used


def memory(case: Case) -> Verdict:
    """Compare what training needs, as it's estimated, with what is free."""
    config = case.task.config
    width, layers = (getattr(config, name, None) for name in ("hidden_size", "num_hidden_layers"))
    lengths = [one.shape[-1] for one in column(case.train, "input_ids")]
    if not width or not layers or not lengths:
        return (
            "not looked",
            "The configuration doesn't say how wide and deep the model is, or there are no `input_ids`.",
        )
    peak, tokens = _peak(case, width, layers, max(lengths)), case.train.batch_size * max(lengths)
    free = free_memory(case.trainer.args.device)
    findings = [*_tight(peak, free, tokens), *_kept_logits(case, max(lengths), free), *_disk(case)]
    told = f"A step on {tokens:,} tokens takes about {peak:,.0f} MiB, and {free:,.0f} MiB are free."
    return weigh(findings, told)


def _peak(case: Case, width: int, layers: int, longest: int) -> float:
    from lessons_lib.memory import estimate_memory

    args, outputs = case.trainer.args, case.task.config.vocab_size if case.task.kind in LANGUAGE else 0
    return estimate_memory(
        sum(one.numel() for one in case.trainer.model.parameters()),
        sum(one.numel() for one in trainable(case).values()),
        width=width,
        layers=layers,
        tokens=case.train.batch_size * longest,
        precision="bf16" if args.bf16 or args.fp16 else "fp32",
        outputs=outputs,
        checkpointing=any(getattr(args, f"{name}_checkpointing", False) for name in ("activation", "gradient")),
    )["peak"]


def _tight(peak: float, free: float, tokens: int) -> Iterator[Verdict]:
    if peak > FULL * free:
        yield (
            "doubt",
            f"A step on {tokens:,} tokens takes about {peak:,.0f} MiB, and {free:,.0f} MiB are free. Take smaller "
            "batches and accumulate gradients, or cut the texts.",
        )


def _kept_logits(case: Case, longest: int, free: float) -> Iterator[Verdict]:
    """Return whether evaluation would keep the logits of each token over a whole vocabulary."""
    trainer = case.trainer
    if case.task.kind not in LANGUAGE or trainer.compute_metrics is None or not case.evals:
        return
    if trainer.preprocess_logits_for_metrics is not None or getattr(trainer.args, "predict_with_generate", False):
        return
    examples = max(rows.total for rows in case.evals.values())
    held = examples * longest * case.task.config.vocab_size * 4 / MIB
    if held > FULL * free:
        yield (
            "doubt",
            f"`evaluate` would keep the logits of {examples:,} examples, about {held:,.0f} MiB; {free:,.0f} MiB are "
            "free. Take the argmax in `preprocess_logits_for_metrics`.",
        )


def _disk(case: Case) -> Iterator[Verdict]:
    args, steps = case.trainer.args, run_steps(case)
    how = getattr(args.save_strategy, "value", args.save_strategy)
    if how == "no" or not steps or not (folder := _existing(Path(args.output_dir))):
        return
    every = args.save_steps if args.save_steps >= 1 else args.save_steps * steps
    count = steps // max(every, 1) + 1 if how == "steps" else args.num_train_epochs
    count = min(count, args.save_total_limit or count)
    weights = sum(one.numel() for one in trainable(case).values())
    need, free = count * weights * (4 if args.save_only_model else 12) / MIB, disk(folder)
    if need > FULL * free:
        yield (
            "doubt",
            f"{count:,.0f} checkpoints take about {need:,.0f} MiB, and the disk has {free:,.0f} MiB free. Set "
            "`save_total_limit=2`, or `save_only_model=True`.",
        )


def _existing(folder: Path) -> Path | None:
    return next((one for one in (folder, *folder.absolute().parents) if one.is_dir()), None)
