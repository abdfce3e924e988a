"""Estimates the time, memory and disk of a training: `iebench train --dry-run`."""

import os
from collections.abc import Hashable, Sequence
from pathlib import Path

from iebench.manifests.common.machine import cores
from iebench.manifests.shell.answers import Forecast

from ..data.images import Images
from ..data.pixel_cache import Cache, CachedPixels, FreeMemory, choose
from ..distributed.ranks import ALONE, Ranks
from ..training.checkpoint import CHECKPOINT
from ..training.checks import admit, check_fit, weight_bytes
from ..training.config import RunConfig
from ..training.disk import disk_bytes
from ..training.log import last
from ..training.train import initialised
from .load import steady
from .steps import Trial, measure


def forecast(
    run: Path, config: RunConfig, resume: bool, ranks: Ranks, processes: int, cache: Cache = "auto",
    threads: int | None = None,
) -> Forecast:  # fmt: skip
    """Estimate a run after the checks that training makes before it begins; writes nothing.

    Batches are decoded and go through the method's loss and the optimizer; their time and their activations are counted
    for a whole batch. With a cache of pixels each image is decoded once, else at every use; on a GPU while it computes.

    processes : those that will share a batch; cache : storage of decoded pixels
    threads : of each; None for PyTorch's number

    Raises
    ------
    IebenchError : see `train`.
    """
    admit(run, config, resume, ranks)
    settings, device = config.settings, ranks.device(config.device)
    method = initialised(config, device)
    images = Images.open(config.data, "train", config.subset)
    check_fit(images, method, config)
    pixels, _ = choose(cache, images, config.resolution, device, FreeMemory.of(device, processes))
    cached = isinstance(pixels, CachedPixels)
    del pixels
    objects = len(images) // images.views_per_object
    steps = settings.total_steps(objects) if method.trains else 0
    saved = resume and (run / CHECKPOINT).is_file()
    left = max(0, steps - int((last(run) or {}).get("step", 0))) if saved else steps
    share = settings.batch // processes
    trial = Trial(1, 0, 0, 0, 0, 0)
    with steady(device, threads) as condition:
        if left:
            trial = measure(method, config, images, device, share // settings.accumulate)
    decoded = min(left * share, objects * images.views_per_object / settings.views) if cached else left * share
    decoding = decoded / trial.objects * trial.decoding
    computing = left * (share / trial.objects * trial.computing + trial.updating)
    return Forecast(
        reads=[str(config.data)],
        writes=[str(run)],
        work=f"{config.method}: {left:,} steps of {settings.batch} objects x {settings.views} views at "
        f"{config.resolution} pixels, {left * settings.batch / objects:.4g} epochs",
        folder=run,
        seconds=max(decoding, computing) if device.type == "cuda" else decoding + computing,
        basis=f"the fastest of {trial.steps} steps of {trial.objects} objects{condition}" if left else "",
        memory=weight_bytes(config) + round(share / settings.accumulate / trial.objects * trial.activation_bytes),
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
            kinds[kind] = forecast(folder, config, True, ALONE, 1, threads=threads_of_each(at_once or 1))
    needs = [kinds[kind] for kind, _, _ in runs]
    memory, seconds = ([getattr(need, name) or 0 for need in needs] for name in ("memory", "seconds"))
    known = at_once is not None
    return Forecast(
        reads=list(dict.fromkeys(text for need in needs for text in need.reads)),
        writes=[str(out)],
        work=f"the training of {len(runs)} runs; their scores are not counted",
        folder=out,
        seconds=max(sum(seconds) / at_once, max(seconds, default=0)) if at_once is not None else None,
        basis=f"{at_once} at a time; of each kind of run, {needs[0].basis}" if known and needs else "",
        memory=at_once * max(memory, default=0) if at_once is not None else None,
        disk=sum(need.disk or 0 for need in needs),
    )


def threads_of_each(at_once: int) -> int | None:
    """Return the threads of each of several processes that share the cores of a sweep; None for PyTorch's number."""
    return None if at_once == 1 or "OMP_NUM_THREADS" in os.environ else max(1, cores() // at_once)
