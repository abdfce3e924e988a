"""Estimates the time, memory and disk of a score before anything is encoded."""

import math
import time
from pathlib import Path

import torch

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.shell.answers import Forecast

from ..encoders.prepared import PreparedEncoder
from ..protocol import Protocol
from ..scoring.footprint import PROGRAM, Sizes, footprint, lists
from ..scoring.splits import SMOKE_VIEWS
from ..scoring.subject import Subject

TRIAL = 8  # images of the trial
FLOAT = 4  # bytes


def forecast(subject: Subject, protocol: Protocol, limit: int | None, ask: Path | None, out: Path) -> Forecast:
    """Estimate a score; writes nothing.

    The encoder is timed on a few images; decoding is not counted, nor are the probes, whose time is not known before.

    limit : objects per split in a smoke run; ask : another dataset for the val objects; out : score file
    """
    encoder, info = subject.encoder, DatasetInfo.load(subject.data)
    widths = [encoder.dim, *(part.stop - part.start for part in encoder.parts.values())]
    sizes = Sizes.of(info, limit, widths)
    measured = sizes if ask is None else Sizes.of(DatasetInfo.load(ask), limit, widths)
    images = sizes.train * sizes.views + measured.val * measured.views
    steps = {**footprint(protocol, sizes), **lists(protocol, sizes)}
    reads, writes, seconds, disk, from_file = [str(subject.data)], [str(out)], 0.0, 0, True
    if ask is not None:
        reads.append(str(ask))
    if isinstance(encoder, PreparedEncoder):
        from_file, seconds, disk = False, images * _trial(encoder), images * encoder.width * FLOAT
        writes.append(str(subject.features))
    views = f"{SMOKE_VIEWS} views or fewer of each object" if limit is not None else "all views"
    work = f"{images:,} images, {views}, {'whose features are given' if from_file else 'each encoded once'}"
    return Forecast(
        reads, writes, f"{encoder.name}: {work}; probes by the protocol {protocol.name}", out.parent,
        seconds or None, PROGRAM + max(steps.values(), default=0), disk,
    )  # fmt: skip


@torch.no_grad()
def _trial(encoder: PreparedEncoder) -> float:
    """Return the seconds that the encoder takes for one image."""
    parameter = next(encoder.module.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    images, best = torch.rand(TRIAL, 3, encoder.resolution, encoder.resolution, device=device), math.inf
    for _ in range(3):  # the first one allocates
        start = time.perf_counter()
        encoder.module(images)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - start)
    return best / TRIAL
