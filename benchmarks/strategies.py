"""The ways to train that the benchmark of speed compares: what is usually done, what the course does, one knob each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from transformers.utils import is_flash_attn_2_available

from lessons_lib.machine import dtype_name

NOT_ARGUMENTS = ("pad_to", "freeze_embeddings", "attn_implementation", "attention_dropout", "threads")
COMMON, COURSE = "common recipe", "course's recipe"


@dataclass(frozen=True)
class Strategy:
    """One way to train; what `TrainingArguments` also knows is spelt as it spells it.

    `pad_to` tokens is how wide each batch is (`None`: as wide as its longest text). `freeze_embeddings` leaves them as
    they are. `attn_implementation` is that of `from_pretrained`. `attention_dropout` (`None`: the checkpoint's own) and
    `threads` (`None`: all) have no argument.
    """

    per_device_train_batch_size: int = 8
    gradient_accumulation_steps: int = 1
    train_sampling_strategy: str = "group_by_length"
    bf16: bool = False
    fp16: bool = False
    optim: str = "adamw_torch_fused"
    max_grad_norm: float = 1.0
    torch_compile: bool = False
    dataloader_num_workers: int = 0
    pad_to: int | None = None
    freeze_embeddings: bool = False
    attn_implementation: str = "sdpa"
    attention_dropout: float | None = None
    threads: int | None = None

    @property
    def update_size(self) -> int:
        """How many examples one change of the weights takes."""
        return self.per_device_train_batch_size * self.gradient_accumulation_steps

    @property
    def dtype(self) -> str:
        """The name of the type that matrices are multiplied in."""
        return dtype_name({"bf16": self.bf16, "fp16": self.fp16})

    def arguments(self, device: str) -> dict[str, object]:
        """Return the keyword arguments that make `TrainingArguments` of this strategy on `device`.

        >>> Strategy(bf16=True).arguments("cpu")["use_cpu"]
        True
        """
        own = {name: value for name, value in asdict(self).items() if name not in NOT_ARGUMENTS}
        return own | {"use_cpu": device == "cpu"}  # without a GPU, bf16 must be told so


def table(device: str, precision: Mapping[str, bool]) -> dict[str, Strategy]:
    """Return every strategy that `device` can run, by name; the course's takes the `precision` of this machine.

    First a ladder from the common recipe to the course's, one change a rung. The common one is the default of the
    Transformers GLUE example script (https://github.com/huggingface/transformers/blob/main/examples/pytorch/
    text-classification/run_glue.py): everything padded to 128, batches of 8, fp32. Then the course's with one knob
    turned.

    >>> list(table("cpu", {}))[:2]
    ['common recipe', 'dynamic padding']
    """
    fast = {name: True for name in ("bf16", "fp16") if precision.get(name)}
    dynamic = Strategy(8, 1, train_sampling_strategy="random")
    frozen = Strategy(8, 1, freeze_embeddings=True)
    course = replace(frozen, per_device_train_batch_size=16, **fast)
    ladder = {
        COMMON: replace(dynamic, pad_to=128),
        "dynamic padding": dynamic,
        "grouped by length": Strategy(8, 1),
        "embeddings frozen": frozen,
        "in 16 bits": replace(frozen, **fast),
        COURSE: course,
    }
    knobs = {
        "embeddings trained, too": {"freeze_embeddings": False},
        "batches of 4": {"per_device_train_batch_size": 4},
        "batches of 8": {"per_device_train_batch_size": 8},
        "batches of 32": {"per_device_train_batch_size": 32},
        "batches of 64": {"per_device_train_batch_size": 64},
        "two batches an update": {"gradient_accumulation_steps": 2},
        "bf16": {"bf16": True, "fp16": False},
        "fp16": {"bf16": False, "fp16": True},
        "eager attention": {"attn_implementation": "eager"},
        "no dropout in attention": {"attention_dropout": 0.0},
        "AdamW, not fused": {"optim": "adamw_torch"},
        "gradients not clipped": {"max_grad_norm": 0.0},
        "torch.compile": {"torch_compile": True},
        "two loading processes": {"dataloader_num_workers": 2},
        "one thread": {"threads": 1},
    }
    if device != "cuda":
        del knobs["fp16"]  # the Trainer refuses it without a GPU
    elif fast and is_flash_attn_2_available():  # it takes the padding out before it attends, and wants 16 bits
        knobs["padding-free attention"] = {"attn_implementation": "flash_attention_2"}
    if device == "mps":
        del knobs["bf16"]
    if device != "cpu":
        del knobs["one thread"]
    return without_twins(ladder | {name: replace(course, **turned) for name, turned in knobs.items()})


def without_twins(found: Mapping[str, Strategy]) -> dict[str, Strategy]:
    """Return `found` without strategies that equal another one; the recipes' own names stay, else the first one does.

    >>> list(without_twins({"grouped by length": Strategy(), "course's recipe": Strategy()}))
    ["course's recipe"]
    """
    names = {}
    for name, strategy in found.items():
        if strategy not in names or name in (COMMON, COURSE):
            names[strategy] = name
    return {name: strategy for name, strategy in found.items() if names[strategy] == name}
