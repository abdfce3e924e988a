"""Measures training steps of a method on small batches, for the estimate of a whole training."""

import dataclasses
import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from iebench.baselines.method import Method

from ..data.batches import Batches
from ..data.images import Images
from ..data.pixel_cache import FreeMemory, choose
from ..distributed.ranks import ALONE
from ..training import optimizer as optimize
from ..training.config import RunConfig
from ..training.step import autocast, prepare, scaler_of
from ..training.train import ordered

FIRST, GROWTH = 16, 4  # objects of the first trial batch, about; factor to the next one
LONG = 0.5  # seconds of a step from which on the batch does not grow
TIMES, MOST, ENOUGH = 3, 30, 2.0  # least and most steps of the last batch, and seconds after which they end
SHARE = 0.5  # of the free memory that a trial batch may take


@dataclass(frozen=True)
class Trial:
    """Measurement of a batch's steps. Of each part the fastest counts: other work on the machine only adds time.

    objects : size of the batch; steps : number of steps that were timed
    decoding : seconds to make the batch, without a cache of pixels; computing : forward and backward pass
    updating : step of the optimizer; activation_bytes : kept for the backward pass
    """

    objects: int
    steps: int
    decoding: float
    computing: float
    updating: float
    activation_bytes: int


def measure(method: Method, config: RunConfig, images: Images, device: torch.device, most: int) -> Trial:
    """Measure steps of batches that grow to `most` objects, or until a step is long; changes the weights of `method`.

    A small batch takes longer for each object, since a part of every step does not depend on the batch.
    """
    group, free = config.needs().group, FreeMemory.of(device).of_device
    most = max(group, most // group * group)
    batch = min(most, max(2, FIRST // group) * group)
    while True:
        trial = _measured(method, config, images, device, batch, 0.0)
        following = min(most, GROWTH * batch)
        fits = trial.activation_bytes / batch * following <= SHARE * free
        if batch == most or trial.computing > LONG or not fits:
            return _measured(method, config, images, device, batch, ENOUGH)
        batch = following


def _measured(
    method: Method, config: RunConfig, images: Images, device: torch.device, batch: int, enough: float
) -> Trial:
    settings = dataclasses.replace(config.settings, batch=batch, accumulate=1, compile=False)
    small = dataclasses.replace(config, settings=settings)
    network, scaler = prepare(method, settings, ALONE), scaler_of(settings, device)
    optimizer = optimize.optimizer(method.parameters(), settings)
    pixels, _ = choose("none", images, config.resolution, device, FreeMemory.of(device))
    batches = Batches(images, ordered(small, images, ALONE), pixels, method.latents, device)
    activations, fastest, step, begin = _Activations(), [math.inf] * 3, 0, time.perf_counter()
    while step < TIMES or (step < MOST and time.perf_counter() - begin < enough):
        times = [time.perf_counter()]
        made = batches.make(step)
        times.append(time.perf_counter())
        with activations, autocast(settings, device):
            loss = network(made.pixels(device), made.latents)["loss"]
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        times.append(_now(device))
        scaler.step(optimizer)
        scaler.update()
        times.append(_now(device))
        fastest = [min(best, later - before) for best, before, later in zip(fastest, times, times[1:], strict=False)]
        step += 1
    own = sum(parameter.numel() * parameter.element_size() for parameter in method.parameters())
    decoding, computing, updating = fastest
    return Trial(batch, step, decoding, computing, updating, max(0, activations.bytes - own))


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
