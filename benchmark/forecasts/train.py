"""Estimates the time, memory and disk of a training: `iebench train --dry-run`."""

import dataclasses
import math
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from iebench.baselines.method import Method
from iebench.manifests.shell.answers import Forecast

from ..data.batches import Batches
from ..data.images import Images
from ..data.pixel_cache import FreeMemory, choose
from ..distributed.ranks import ALONE, Ranks
from ..training import optimizer as optimize
from ..training.checkpoint import CHECKPOINT
from ..training.checks import admit, check_fit, weight_bytes
from ..training.config import RunConfig
from ..training.disk import disk_bytes
from ..training.log import last
from ..training.step import autocast, prepare, scaler_of
from ..training.train import initialised, ordered

TRIAL = 16  # objects of the trial batch, at most about
TIMES = 3  # trial steps; the fastest counts, since the first one allocates


def forecast(run: Path, config: RunConfig, resume: bool, ranks: Ranks, processes: int) -> Forecast:
    """Estimate a run after the checks that training makes before it begins; writes nothing.

    A small batch is decoded and goes through the method's loss; its time and its activations are counted for a whole
    batch, and the optimizer's step as it is.

    processes : those that will share a batch

    Raises
    ------
    IebenchError : see `train`.
    """
    admit(run, config, resume, ranks)
    settings, device = config.settings, ranks.device(config.device)
    method = initialised(config, device)
    images = Images.open(config.data, "train", config.subset)
    check_fit(images, method, config)
    objects = len(images) // images.views_per_object
    steps = settings.total_steps(objects) if method.trains else 0
    saved = resume and (run / CHECKPOINT).is_file()
    left = max(0, steps - int((last(run) or {}).get("step", 0))) if saved else steps
    trial = _trial(method, config, images, device) if left else Trial(0.0, 0.0, 0)
    share = settings.batch / processes
    return Forecast(
        reads=[str(config.data)],
        writes=[str(run)],
        work=f"{config.method}: {left:,} steps of {settings.batch} objects x {settings.views} views at "
        f"{config.resolution} pixels, {left * settings.batch / objects:.4g} epochs",
        folder=run,
        seconds=left * (share * trial.object_seconds + trial.step_seconds),
        memory=weight_bytes(config) + round(share / settings.accumulate * trial.object_bytes),
        disk=disk_bytes(method.parameters(), settings, steps),
    )


def forecast_of_runs(runs: Sequence[tuple[Hashable, Path, RunConfig]], out: Path, at_once: int | None) -> Forecast:
    """Estimate several trainings; see `forecast`. Runs of one kind differ in the seed alone and are measured once.

    runs : kind, folder and configuration of each
    at_once : number of runs that share this machine; None for another machine, whose time and memory are not known
    """
    kinds: dict[Hashable, Forecast] = {}
    for kind, folder, config in runs:
        if kind not in kinds:
            kinds[kind] = forecast(folder, config, True, ALONE, 1)
    needs = [kinds[kind] for kind, _, _ in runs]
    memory = [need.memory or 0 for need in needs]
    return Forecast(
        reads=list(dict.fromkeys(text for need in needs for text in need.reads)),
        writes=[str(out)],
        work=f"the training of {len(runs)} runs; their scores are not counted",
        folder=out,
        seconds=None if at_once is None else sum(need.seconds or 0 for need in needs),
        memory=None if at_once is None else at_once * max(memory, default=0),
        disk=sum(need.disk or 0 for need in needs),
    )


@dataclass(frozen=True)
class Trial:
    """Measurement of a small batch.

    object_seconds : forward and backward pass, and decoding, of one object's views
    step_seconds : step of the optimizer; object_bytes : activations of one object's views
    """

    object_seconds: float
    step_seconds: float
    object_bytes: int


def _trial(method: Method, config: RunConfig, images: Images, device: torch.device) -> Trial:
    """Measure some steps of a small batch, which change the weights of `method`."""
    group = config.needs().group
    batch = min(config.settings.batch, max(2, TRIAL // group) * group)
    settings = dataclasses.replace(config.settings, batch=batch, accumulate=1, compile=False)
    small = dataclasses.replace(config, settings=settings)
    network, scaler = prepare(method, settings, ALONE), scaler_of(settings, device)
    optimizer = optimize.optimizer(method.parameters(), settings)
    pixels, _ = choose("none", images, config.resolution, device, FreeMemory.of(device, 1))
    batches = Batches(images, ordered(small, images, ALONE), pixels, method.latents, device)
    activations = _Activations()
    fastest = [math.inf, math.inf]
    for step in range(TIMES):
        start = time.perf_counter()
        made = batches.make(step)
        with activations, autocast(settings, device):
            loss = network(made.pixels(device), made.latents)["loss"]
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        middle = _now(device)
        scaler.step(optimizer)
        scaler.update()
        fastest = [min(fastest[0], middle - start), min(fastest[1], _now(device) - middle)]
    own = sum(parameter.numel() * parameter.element_size() for parameter in method.parameters())
    return Trial(fastest[0] / batch, fastest[1], max(0, activations.bytes - own) // batch)


class _Activations:
    """Context that counts the bytes that autograd keeps for the backward pass, each memory once."""

    def __enter__(self) -> None:
        self._kept: dict[int, int] = {}
        self._hooks = torch.autograd.graph.saved_tensors_hooks(self._note, lambda value: value)
        self._hooks.__enter__()

    def __exit__(self, *error: object) -> None:
        self._hooks.__exit__(*error)

    def _note(self, value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        self._kept[storage.data_ptr()] = storage.nbytes()
        return value

    @property
    def bytes(self) -> int:
        """Bytes kept in the last block."""
        return sum(self._kept.values())


def _now(device: torch.device) -> float:
    """Return the time once the device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
