"""Images per second of whole training steps of SIE, from the files to the updated weights: ours and the usual way.

"compute alone" repeats one batch in the device's memory: the speed of a device that never waits. The ratio of its time
per step to that of another way is the fraction of time that the device is busy there. All ways train the same encoder
in the same precision and memory format; they differ in the loading of images, the place of normalisation, and the
predictor.
"""

import gc
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from iebench.baselines import method as methods
from iebench.baselines.action import ROTATION, Latents
from iebench.baselines.methods.sie import SIE, SIESettings
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.baselines.networks.predictor import LinearHypernetwork

from ..data.batches import Batches
from ..data.images import Images
from ..data.order import Order
from ..data.pixel_cache import Cache, FreeMemory, choose
from .clock import Spent, in_turns, middle, watch
from .reference import Materialised, Pairs

COMPUTE, OURS, KEPT, REFERENCE = "compute alone", "ours, from the tars", "ours, --cache auto", "the usual way"
PAPER = 2 * 41_920 * 2000  # images of 2,000 epochs of 3DIEBench's train split


@dataclass(frozen=True)
class Setting:
    """Configuration of the measurement.

    batch : objects; size : pixels; width : width of the encoder; dim : width of projectors and predictor
    workers : threads of ours, or processes of the usual loader
    """

    batch: int
    size: int
    width: float
    dim: int
    workers: int
    device: torch.device
    bf16: bool


class Trainer:
    """SIE with its optimizer; usual : True for the materialised predictor and images that are normalised already."""

    def __init__(self, setting: Setting, usual: bool) -> None:
        torch.manual_seed(0)
        self.setting = setting
        sie = methods.build("sie", SIESettings(projector=(setting.dim,) * 3), EncoderSettings(width=setting.width))
        sie = sie.to(setting.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        if not isinstance(sie, SIE) or not isinstance(sie.predictor, LinearHypernetwork):
            raise TypeError("sie has another predictor than this compares")
        if usual:
            sie.predictor = Materialised(sie.predictor)
            sie.encoder.normalise = nn.Identity()  # type: ignore[assignment]
        self.method = sie
        self.optimizer = torch.optim.Adam(sie.parameters(), 1e-3, weight_decay=1e-6)

    def step(self, images: Tensor, latents: Latents) -> None:
        """Make one update from (B, 2, 3, H, W) float images."""
        with torch.autocast(self.setting.device.type, torch.bfloat16, enabled=self.setting.bf16):
            loss = self.method.loss(images, latents)["loss"]
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


Steps = tuple[Iterator[Callable[[], None]], list[int]]
"""Training steps as functions; the iterator waits for the next batch. With the ids of the processes that load them."""


def measure(images: Images, files: Path, setting: Setting, steps: int, rounds: int) -> dict[str, list[Spent]]:
    """Measure the time per image of each way, `steps` steps per round; a way that runs out of GPU memory is left out.

    images : opened with `setting.workers` threads; files : the same split from `lay_out`
    """
    ways = {
        COMPUTE: partial(_compute, images, setting),
        OURS: partial(_ours, images, setting, "none"),
        KEPT: partial(_ours, images, setting, "auto"),
        REFERENCE: partial(_reference, images, files, setting),
    }
    calls = {name: partial(_one, way, setting, steps) for name, way in ways.items()}
    try:
        return in_turns(calls, rounds)
    except torch.cuda.OutOfMemoryError:
        pass  # not retried inside this block, where the error still holds the memory of the failed way
    del calls[REFERENCE]
    gc.collect()
    torch.cuda.empty_cache()
    return in_turns(calls, rounds)


def busy(images: Images, setting: Setting, steps: int) -> list[int]:
    """Measure the GPU utilisation by nvidia-smi while ours trains from the tars, in percent; [] without nvidia-smi."""
    with gpu_busy() as percentages:
        _one(partial(_ours, images, setting, "none"), setting, steps)
    return percentages


def report(times: dict[str, list[Spent]], setting: Setting, used: list[int]) -> list[str]:
    """Format a table.

    used : GPU utilisation; see `busy`
    """
    precision = "bf16" if setting.bf16 else "float32"
    lines = [
        f"SIE, ResNet-18 x {setting.width}, {setting.size} px, batch {setting.batch} pairs, {precision}, "
        f"{setting.workers} workers, {setting.device.type}: images/s, share of computing, CPU ms for an image"
    ]
    alone = middle(times[COMPUTE], "wall")
    for name, samples in times.items():
        wall, cpu, others = (middle(samples, attribute) for attribute in ("wall", "cpu", "others"))
        lines.append(f"  {name:22s} {1 / wall:9.1f} {alone / wall:8.1%} {1e3 * cpu:9.2f}   others {others:.1f} cores")
    if REFERENCE in times:
        lines.append(f"  ours over the usual way: {middle(times[REFERENCE], 'wall') / middle(times[OURS], 'wall'):.2f}")
    else:
        lines.append("  the usual way ran out of GPU memory at this batch")
    if used:
        lines.append(f"  nvidia-smi: GPU busy {median(used):.0f} % of the time (median of {len(used)})")
    if setting.device.type == "cuda":
        hours = PAPER * middle(times[OURS], "wall") / 3600
        lines.append(f"  2,000 epochs of 83,840 images at ours from the tars: {hours:.1f} h")
    return lines


@contextmanager
def gpu_busy() -> Iterator[list[int]]:
    """Collect the GPU utilisation by nvidia-smi, in percent, five times a second; [] without nvidia-smi."""
    percentages: list[int] = []
    program = shutil.which("nvidia-smi")
    if program is None or not torch.cuda.is_available():
        yield percentages
        return
    number = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]  # nvidia-smi counts all GPUs of the machine
    query = [program, "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "200", "-i", number]
    with subprocess.Popen(query, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield percentages
        finally:
            process.terminate()
            percentages.extend(int(line) for line in process.communicate()[0].split() if line.isdigit())


# --- the ways -----------------------------------------------------------------------------------------------


@contextmanager
def _compute(images: Images, setting: Setting) -> Iterator[Steps]:
    trainer = Trainer(setting, usual=False)
    pixels = choose("none", images, setting.size, setting.device, FreeMemory(0, 0))[0]
    batch = Batches(images, _order(images, setting), pixels, ROTATION, setting.device).make(0)
    ready = batch.images.to(setting.device).float() / 255

    def steps() -> Iterator[Callable[[], None]]:
        while True:
            yield partial(trainer.step, ready, batch.latents)

    yield steps(), []


@contextmanager
def _ours(images: Images, setting: Setting, cache: Cache) -> Iterator[Steps]:
    trainer = Trainer(setting, usual=False)
    pixels = choose(cache, images, setting.size, setting.device, FreeMemory.of(setting.device))[0]
    batches = Batches(images, _order(images, setting), pixels, ROTATION, setting.device)
    with batches.prefetch(0, 10**7) as prefetched:
        yield (partial(trainer.step, batch.pixels(setting.device), batch.latents) for batch in prefetched), []


@contextmanager
def _reference(images: Images, files: Path, setting: Setting) -> Iterator[Steps]:
    trainer, views = Trainer(setting, usual=True), images.views_per_object
    dataset = Pairs(files, images.labels[::views].tolist(), views, setting.size)
    endless = torch.utils.data.RandomSampler(dataset, replacement=True, num_samples=10**9)
    on_gpu = setting.device.type == "cuda"
    loader = DataLoader(dataset, setting.batch, sampler=endless, num_workers=setting.workers, pin_memory=on_gpu)
    iterator = iter(loader)

    def steps() -> Iterator[Callable[[], None]]:
        for first, second, _, _ in iterator:
            pair = (first.to(setting.device, non_blocking=True), second.to(setting.device, non_blocking=True))
            # the workers computed the rotation already; ours computes it from poses, and any poses take the same time
            latents = {name: torch.rand(len(first), 2, dtype=torch.float64) for name in ROTATION}
            yield partial(trainer.step, torch.stack(pair, dim=1), latents)

    try:
        yield steps(), [worker.pid for worker in iterator._workers]  # type: ignore[attr-defined]
    finally:
        iterator._shutdown_workers()  # type: ignore[attr-defined]


def _one(way: Callable[[], AbstractContextManager[Steps]], setting: Setting, steps: int) -> Spent:
    """Measure the time per image after the first steps, which warm up and use prefetched batches."""
    with way() as (iterator, processes):
        for _ in range(2 if setting.device.type == "cpu" else 10):
            next(iterator)()
        _wait(setting)
        with watch(processes) as spent:
            for _ in range(steps):
                next(iterator)()
            _wait(setting)
    count = steps * setting.batch * 2
    return Spent(spent.wall / count, spent.cpu / count, spent.others)


def _wait(setting: Setting) -> None:
    if setting.device.type == "cuda":
        torch.cuda.synchronize(setting.device)


def _order(images: Images, setting: Setting) -> Order:
    return Order(0, len(images) // images.views_per_object, images.views_per_object, setting.batch, 2)
