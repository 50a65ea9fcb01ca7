"""The ways to train that the benchmarks compare: what is usually done, what the course does, one knob each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from lessons_lib import course
from lessons_lib.machine import dtype_name

NOT_ARGUMENTS = ("pad_to", "freeze_embeddings", "attn_implementation", "attention_dropout", "threads")
COMMON, COURSE = "common recipe", "course's recipe"
KNOBS = {  # changes to the course's recipe
    "embeddings trained, too": {"freeze_embeddings": False},
    **{f"batches of {size}": {"per_device_train_batch_size": size} for size in (4, 8, 16, 32, 64)},
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
IMPOSSIBLE = {"cpu": {"fp16"}, "mps": {"bf16", "fp16", "one thread"}, "cuda": {"one thread"}}


@dataclass(frozen=True)
class Strategy:
    """One way to train; what `TrainingArguments` also knows is spelt as it spells it.

    `pad_to` tokens is how wide each batch is (`None`: as wide as its longest text); `attn_implementation` that of
    `from_pretrained`; `attention_dropout` is the checkpoint's own where it is `None`, and `threads` are all.
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
        return dtype_name(vars(self))

    def arguments(self, device: str) -> dict[str, object]:
        """Return the keyword arguments that make `TrainingArguments` of this strategy on `device`."""
        own = {name: value for name, value in asdict(self).items() if name not in NOT_ARGUMENTS}
        return own | {"use_cpu": device == "cpu"}  # without a GPU, bf16 must be told so


def table(device: str, precision: Mapping[str, bool]) -> dict[str, Strategy]:
    """Return every strategy that `device` can run, by name; the course's takes the `precision` of this machine.

    First a ladder from the common recipe to the course's, one change per rung, then the course's with one knob turned.
    The common one is the default of the Transformers GLUE example script (https://github.com/huggingface/transformers/
    blob/main/examples/pytorch/text-classification/run_glue.py): everything padded to 128, batches of 8, fp32.

    >>> list(table("cpu", {}))[:2]
    ['common recipe', 'dynamic padding']
    """
    fast = {name: True for name in ("bf16", "fp16") if precision.get(name)}
    recipe = course.COURSE.recipe
    dynamic = Strategy(train_sampling_strategy="random")
    frozen = Strategy(freeze_embeddings=recipe.freeze_embeddings)
    chosen = replace(frozen, per_device_train_batch_size=recipe.batch_size, **fast)
    ladder = {
        COMMON: replace(dynamic, pad_to=128),
        "dynamic padding": dynamic,
        "grouped by length": Strategy(),
        "embeddings frozen": frozen,
        "in 16 bits": replace(frozen, **fast),
        COURSE: chosen,
    }
    known = ladder | {name: replace(chosen, **knob) for name, knob in KNOBS.items() if name not in IMPOSSIBLE[device]}
    # of equal ones the first stays, but the recipes keep their names
    names = {known[name]: name for name in (*reversed(known), COMMON, COURSE)}
    return {name: strategy for name, strategy in known.items() if names[strategy] == name}
