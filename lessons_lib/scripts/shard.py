"""Counts what each process holds where a model is copied to all of them (DDP), and where it's split over them (FSDP).

    torchrun --nproc_per_node 2 shard.py CHECKPOINT

Each process trains one step on sentences of its own, with AdamW, and the first one prints a line of JSON per process:
the MiB of weights, gradients and optimizer state that it holds, the loss of all, and the seconds of the step and of one
exchange of all gradients.
"""

import json
import os
import sys
import time

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, set_seed

SENTENCES = [["The match was called off.", "They cancelled the game."], ["It rained all day.", "Nobody went out."]]


def mib(tensors) -> float:
    """Return the MiB of `tensors` that this process holds: of a sharded one its own part."""
    own = [one.to_local() if isinstance(one, DTensor) else one for one in tensors if one is not None]
    return sum(one.numel() * one.element_size() for one in own) / 2**20


def distribute(model: torch.nn.Module, how: str, device: str) -> torch.nn.Module:
    """Return `model` copied to every process (`ddp`), or each of its layers split over them (`fsdp`)."""
    if how == "ddp":
        return DistributedDataParallel(model)
    mesh = init_device_mesh(device, (dist.get_world_size(),))
    for parent in list(model.modules()):
        if isinstance(parent, torch.nn.ModuleList):
            for layer in parent:
                fully_shard(layer, mesh=mesh)
    return fully_shard(model, mesh=mesh)


def step(checkpoint: str, how: str, device: str) -> dict[str, str | float]:
    """Train one step and return what this process holds then, in MiB, and the mean loss of all processes."""
    rank = dist.get_rank()
    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2, dtype=torch.float32)
    model = distribute(model.to(device).eval(), how, device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    inputs = tokenizer(*SENTENCES[rank % 2], return_tensors="pt").to(device)
    began = time.perf_counter()
    loss = model(**inputs, labels=torch.tensor([1 - rank % 2], device=device)).loss
    loss.backward()
    optimizer.step()
    took = time.perf_counter() - began
    weights = list(model.parameters())
    states = [one for state in optimizer.state.values() for one in state.values() if torch.is_tensor(one)]
    losses = loss.detach().clone()
    dist.all_reduce(losses)
    held = {"weights": mib(weights), "gradients": mib([one.grad for one in weights]), "optimizer": mib(states)}
    return {"how": how, "rank": rank, **held, "loss": losses.item() / dist.get_world_size(), "step": took}


def exchange(checkpoint: str, device: str) -> float:
    """Return the seconds of one all-reduce of as many numbers as the checkpoint has weights."""
    with torch.device("meta"):
        count = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(checkpoint)).num_parameters()
    gradients = torch.ones(count, device=device)
    dist.barrier()
    began = time.perf_counter()
    dist.all_reduce(gradients)
    gradients[0].item()  # a GPU has done it only now
    return time.perf_counter() - began


def main(checkpoint: str) -> None:
    """Train a step in either way, and print what every process holds."""
    device = "cuda" if torch.cuda.device_count() >= int(os.environ["WORLD_SIZE"]) else "cpu"  # NCCL: a GPU per process
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    seconds = exchange(checkpoint, device)
    for how in ("ddp", "fsdp"):
        every = [None] * dist.get_world_size()
        dist.all_gather_object(every, {**step(checkpoint, how, device), "exchange": seconds})
        if dist.get_rank() == 0:
            print(*map(json.dumps, every), sep="\n", flush=True)
    time.sleep(0.5)  # Gloo's thread lets go of the last tensor, or Python may abort as it ends: pytorch/pytorch#179291
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
