"""One training step on made-up pictures: the check of `iebench doctor` for the extra [train]."""

import time
from collections.abc import Iterator
from pathlib import Path

import torch

from iebench.baselines.method import build, find
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.manifests.doctor.finding import HINT, Finding
from iebench.manifests.doctor.machine import gpus

from ..distributed.device import pick
from ..training.config import TrainSettings
from ..training.optimizer import optimizer
from ..training.step import autocast, descend, scaler_of

METHOD, OBJECTS, SIDE = "sie", 8, 64


def trial(folder: Path) -> Iterator[Finding]:
    """Yield the findings about PyTorch's devices and about one step; the folder is not used."""
    device = pick("auto")
    yield devices(device, gpus())
    start = time.perf_counter()
    loss = step(device)
    seconds = time.perf_counter() - start
    yield Finding(
        "training step", f"{METHOD}, {OBJECTS} objects of {SIDE} px on {device.type}: {seconds:.1f} s, loss {loss:.2f}"
    )


def devices(device: torch.device, models: list[str]) -> Finding:
    """Return the finding about the device that training chooses, given the GPUs that the system has."""
    if device.type == "cuda":
        names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        return Finding("PyTorch", f"sees {len(names)} GPUs: {', '.join(dict.fromkeys(names))}")
    if not models:
        return Finding("PyTorch", "trains on the CPU")
    built = torch.version.cuda
    remedy = f"its driver may be too old for CUDA {built}" if built else "install a CUDA build of torch"
    return Finding("PyTorch", f"sees no GPU, and the system has {len(models)}: {remedy}", HINT)


def step(device: torch.device) -> float:
    """Take one training step, forward and backward, with the code of `iebench train`; return its loss."""
    settings, entry = TrainSettings(batch=OBJECTS), find(METHOD)
    torch.manual_seed(0)
    method = build(METHOD, entry.defaults(), EncoderSettings(width=0.25)).to(device).train()
    shape = (OBJECTS, settings.views)
    latents = {name: torch.rand(shape, dtype=torch.float64) for name in method.latents}
    with autocast(settings, device):
        loss = method(torch.rand(*shape, 3, SIDE, SIDE, device=device), latents)["loss"]
    descend(loss, optimizer(method.parameters(), settings), scaler_of(settings, device))
    return float(loss.detach())
