"""Programs to run under `python`, `accelerate launch` or `torchrun`; each is a file of its own, to copy and change."""

from pathlib import Path

FINETUNE, SHARD = (Path(__file__).with_name(name) for name in ("finetune.py", "shard.py"))
