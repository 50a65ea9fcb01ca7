"""A trainer's stand-in: the same logic and settings, with none of its state to change, and a copy of its model."""

from __future__ import annotations

import copy
import types
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch

from lessons_lib.machine import MIB, memory

if TYPE_CHECKING:
    from transformers import Trainer

OURS = ("torch", "transformers", "accelerate", "peft")  # whose hooks belong to how a model computes
COPIES = 5  # times its weights: the copy, its start, gradients, and AdamW's two means


class Aside:
    """Stands before an `Accelerator`: what it prepares isn't registered, and a backward pass is torch's own."""

    def __init__(self, accelerator: Any):
        """Take all else from `accelerator`."""
        self._real = accelerator

    def __getattr__(self, name: str) -> Any:
        """Return what the real one has."""
        return getattr(self._real, name)

    def prepare(self, *things: Any, **_: Any) -> Any:
        """Return `things` as they are."""
        return things[0] if len(things) == 1 else things

    def prepare_model(self, model: torch.nn.Module, **_: Any) -> torch.nn.Module:
        """Return `model` as it is."""
        return model

    def backward(self, loss: torch.Tensor, **_: Any) -> None:
        """Add up gradients in fp32, without the scaling that fp16 needs."""
        loss.backward()


def stand_in(trainer: Trainer) -> Trainer:
    """Return a shallow copy of `trainer` that reads data in the calling process, in order, and reports to no callback.

    Its model is still the trainer's: `copy_model` replaces it.
    """
    from transformers.trainer_callback import CallbackHandler

    twin = copy.copy(trainer)
    for name, value in vars(trainer).items():
        if isinstance(value, types.MethodType) and value.__self__ is trainer:  # a method put onto the instance
            setattr(twin, name, types.MethodType(value.__func__, twin))
    twin.args = copy.copy(trainer.args)
    reading = {"num_workers": 0, "persistent_workers": False, "prefetch_factor": None, "multiprocessing_context": None}
    for name, value in reading.items():
        setattr(twin.args, f"dataloader_{name}", value)
    twin.args.train_sampling_strategy, twin.args._n_gpu = "sequential", min(trainer.args.n_gpu, 1)
    twin.state, twin.control = copy.deepcopy(trainer.state), copy.deepcopy(trainer.control)
    twin.optimizer = twin.lr_scheduler = None
    twin.callback_handler = CallbackHandler([], trainer.model, trainer.processing_class, None, None)
    twin.log = lambda *_, **__: None
    twin.accelerator = Aside(trainer.accelerator)
    return twin


def copy_model(twin: Trainer) -> str:
    """Give `twin` a copy of its model on the device that it trains on; return why there is none, or ""."""
    if twin.args.world_size > 1 or twin.is_deepspeed_enabled or twin.is_fsdp_enabled:
        return "the model is spread over several processes; run the check-up in one"
    need = COPIES * sum(weight.numel() * weight.element_size() for weight in twin.model.parameters()) / MIB
    if need > (free := free_memory(twin.args.device)):
        return f"trying it on a copy takes about {need:,.0f} MiB, and {free:,.0f} MiB are free"
    try:
        model = copy.deepcopy(twin.model)
        if twin.place_model_on_device:
            model.to(twin.args.device)
    except Exception as error:
        return f"the model can't be copied ({type(error).__name__})"
    _drop_hooks(model)
    model.zero_grad(set_to_none=True)
    model.eval()
    twin.model = twin.model_wrapped = model
    return ""


def free_memory(device: torch.device) -> float:
    """Return the MiB that are free where `device` computes."""
    return torch.cuda.mem_get_info(device)[0] / MIB if device.type == "cuda" else memory()[1]


def precision(twin: Trainer) -> Any:
    """Return the context in which the trainer computes a loss: automatic mixed precision where it asks for bf16.

    fp16 is left out: without the scaling of losses that belongs to it, small gradients would vanish.
    """
    return twin.accelerator.autocast() if twin.args.bf16 else nullcontext()


def _drop_hooks(model: torch.nn.Module) -> None:
    for module in model.modules():
        for hooks in (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks):
            for number, hook in list(hooks.items()):
                home = getattr(hook, "__module__", None) or type(hook).__module__
                if home.partition(".")[0] not in OURS:  # a hook of the user's may write down what it sees
                    del hooks[number]
