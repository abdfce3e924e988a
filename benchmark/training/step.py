"""The computation of a step: precision, ranks, gradient accumulation, compilation."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from iebench.baselines.method import Method
from iebench.baselines.networks.encoder import Encoder

from ..distributed.convolutions import multiply_small_maps, widen_narrow_maps
from ..distributed.ranks import Ranks
from ..distributed.synced_norm import synchronise
from ..errors import Diverged, RunError
from .config import TrainSettings

INITIAL, SMALLEST = 2.0**16, 1e-3  # gradient scales in fp16; with the smallest, gradients beyond 6e7 overflow
HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


def half(settings: TrainSettings, device: torch.device) -> torch.dtype | None:
    """Type of the forward pass under autocast; None for float32 throughout.

    "auto" is float32 on a CPU, bf16 on a GPU that has it, and fp16 on an older one.
    """
    if settings.precision != "auto":
        return HALF.get(settings.precision)
    if device.type != "cuda":
        return None
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def autocast(settings: TrainSettings, device: torch.device) -> torch.autocast:
    """Return a context in which the forward pass has the settings' precision."""
    dtype = half(settings, device)
    return torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None)


def scaler_of(settings: TrainSettings, device: torch.device) -> torch.amp.GradScaler:
    """Return the gradient scaler: in fp16 it prevents underflow and skips steps that overflow; else it is disabled."""
    return torch.amp.GradScaler(device.type, INITIAL, enabled=half(settings, device) is torch.float16)


def prepare(method: Method, settings: TrainSettings, ranks: Ranks) -> nn.Module:
    """Return the module that computes a method's loss terms, (images, latents) -> terms, with the method's parameters.

    With several ranks, gradients are averaged over ranks and batch norms use the batch of all ranks.
    """
    method.passes = settings.passes
    device = next(method.parameters()).device
    if device.type == "cpu" and half(settings, device) is torch.bfloat16:
        widen_narrow_maps(method)
    if device.type == "cpu" and settings.kernels == "fast":
        multiply_small_maps(method)
    encoders = [module for module in method.modules() if isinstance(module, Encoder)]
    for encoder in encoders:
        encoder.pieces = settings.accumulate
        if settings.compile:
            encoder.backbone.compile()  # in place, so that the weights keep their names
    if ranks.size == 1:
        return method
    synchronise(method, device.type == "cuda")
    # without device_ids the latents stay on the CPU, where they are used
    network = DistributedDataParallel(method, gradient_as_bucket_view=True)
    network.broadcast_buffers = False  # buffers stay equal without it: synchronised norms, and targets
    return network


def descend(loss: Tensor, optimizer: Optimizer, scaler: torch.amp.GradScaler) -> None:
    """Take one step of the optimizer along the gradient of a loss."""
    optimizer.zero_grad()
    scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    scaler.step(optimizer)
    scaler.update()


def check_scale(scaler: torch.amp.GradScaler, steps: int, last: bool) -> None:
    """Check that fp16 can represent a run's gradients, so that not all steps are skipped.

    steps : steps done so far, with the skipped ones; last : True at the end of the run

    Raises
    ------
    Diverged : gradients overflow at any scale, or, at the end of the run, every step overflowed.
    """
    scale = scaler.get_scale() if scaler.is_enabled() else INITIAL
    if scale < SMALLEST or (last and scaler.is_enabled() and scale <= INITIAL / 2**steps):  # halved at each skip
        raise Diverged(
            f"no step could be taken in fp16: gradients were not finite (their scale is down to {scale:.1e} after "
            f"{steps} steps): use --set precision=bf16 or float32, or more steps where they are few"
        )


@contextmanager
def enough_memory(settings: TrainSettings) -> Iterator[None]:
    """Turn an out-of-memory error of a step into a message.

    Raises
    ------
    RunError : the batch is too large for the device; gives the remedy.
    """
    try:
        yield
    except RuntimeError as error:  # PyTorch has an error class only for a GPU's memory
        if not isinstance(error, torch.cuda.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        raise RunError(
            f"memory is too small for a step of {settings.batch} objects in {settings.accumulate} "
            f"piece{'s' * (settings.accumulate > 1)}: --set accumulate={2 * settings.accumulate} takes less and keeps "
            "the batch, or lower batch or resolution"
        ) from error
