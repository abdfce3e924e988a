"""A run before it starts: its folder and its configuration, from what the user gives; what it would need."""

import math
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.shell.answers import Forecast
from iebench.manifests.text.plain_text import check_name

from ..distributed.ranks import Ranks
from .checkpoint import CHECKPOINT
from .checks import FLOAT, MOMENTS, admit, weight_bytes
from .config import RunConfig, TrainSettings, run_name
from .log import last
from .runs import WEIGHTS, build_method, unmade

TRIAL = 8  # images of the trial step


def planned(
    method: str | None, data: Path | None, start: str, assignments: Sequence[str], name: str | None, out: Path,
    seed: int | None, device: str, subset: int | None, resume: bool,
) -> tuple[Path, RunConfig]:  # fmt: skip
    """Return the folder and the configuration of a run.

    method : None for "sie", or the method of a run's config.json
    start, assignments : see `resolve`; a run's config.json also replaces missing data, seed and subset
    name : of the run, in the folder `out`; None for METHOD-DATASET-sSEED

    Raises
    ------
    UsageError : the name is not allowed; or see `RunConfig.of`.
    """
    if name is not None:
        check_name(name, "--name")
    if start.endswith(".json"):
        again = RunConfig.read(Path(start))
        method, data, subset = method or again.method, data or again.data, subset or again.subset
        seed = again.seed if seed is None else seed
    config = RunConfig.of(method or "sie", start, assignments, data, seed or 0, device, subset)
    if name is None:
        name = run_name(config.method, config.data, config.seed)
        check_name(name, "without --name, the run's name")
    run = out / name
    return run, config.going_on(run, assignments) if resume else config


def forecast(run: Path, config: RunConfig, resume: bool, ranks: Ranks, processes: int) -> Forecast:
    """Estimate a run's time, memory and disk, after the checks that training makes before it begins; writes nothing.

    The encoder's forward and backward pass is timed on a few images, and counted for every view of the remaining steps;
    heads, losses and the decoding of images are not counted. Its activations are those of a batch.

    processes : those that will share a batch

    Raises
    ------
    IebenchError : see `checks.admit`.
    """
    admit(run, config, resume, ranks)
    settings, info = config.settings, DatasetInfo.load(config.data)
    counted = int(info.counts["train"]["objects"])
    objects = counted if config.subset is None else min(config.subset, counted)
    method = build_method(config)
    steps = settings.total_steps(objects) if method.trains else 0
    saved = (run / CHECKPOINT).is_file() or (run / WEIGHTS).is_file()
    done = min(int((last(run) or {}).get("step", 0)), steps) if resume and saved else 0
    seconds, bytes_each = _trial(method.encoder, config.resolution, ranks.device(config.device)) if steps else (0.0, 0)
    views = settings.batch * settings.views
    parameters = sum(parameter.numel() for parameter in unmade(config))
    return Forecast(
        reads=[str(config.data)],
        writes=[str(run)],
        work=f"{config.method}: {steps - done:,} steps of {settings.batch} objects x {settings.views} views at "
        f"{config.resolution} pixels, {(steps - done) * settings.batch / objects:.4g} epochs",
        folder=run,
        seconds=(steps - done) * views * seconds / processes,
        memory=weight_bytes(config) + views * bytes_each // (settings.accumulate * processes),
        disk=FLOAT * parameters * (1 + (1 + MOMENTS[settings.optimizer]) * (1 + _kept(settings, steps))),
    )


def _kept(settings: TrainSettings, steps: int) -> int:
    """Return the number of checkpoints that later ones do not replace."""
    return 0 if settings.keep_every is None else steps // settings.keep_every


def _trial(encoder: nn.Module, resolution: int, device: torch.device) -> tuple[float, int]:
    """Time an encoder's forward and backward pass; return seconds and bytes of activations of one image."""
    encoder, images = encoder.to(device).train(), torch.rand(TRIAL, 3, resolution, resolution, device=device)
    kept: dict[int, int] = {}

    def noted(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return value

    best = math.inf
    for _ in range(3):  # the first one allocates
        kept.clear()
        start = time.perf_counter()
        with torch.autograd.graph.saved_tensors_hooks(noted, lambda value: value):
            output = encoder(images)
        output.square().mean().backward()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - start)
    own = sum(parameter.numel() * FLOAT for parameter in encoder.parameters())
    return best / TRIAL, max(0, sum(kept.values()) - own) // TRIAL
