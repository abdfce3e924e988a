"""Estimates the time, memory and disk of a score before anything is encoded: `iebench score --dry-run`."""

from pathlib import Path

import torch

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.shell.answers import Forecast

from ..data.images import Images
from ..encoders.prepared import PreparedEncoder
from ..features.blocks import BYTES
from ..fitting.context import Suite
from ..protocol import Protocol
from ..scoring.footprint import PROGRAM, Sizes, footprint, lists
from ..scoring.splits import SMOKE_VIEWS
from ..scoring.subject import Subject
from .encoding import seconds_per_image
from .load import steady
from .probing import probing


def forecast(
    subject: Subject, protocol: Protocol, device: torch.device, limit: int | None, ask: Path | None, out: Path,
    suite: Suite = "default",
) -> Forecast:  # fmt: skip
    """Estimate a score; writes nothing.

    The encoder is timed on some images, and the probes on drawn features of few objects.

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
    with steady(device) as condition:
        if isinstance(encoder, PreparedEncoder):
            from_file, disk = False, images * encoder.width * BYTES
            seconds = images * seconds_per_image(encoder, Images.open(subject.data, "train"), device)
            writes.append(str(subject.features))
        probes = probing(encoder, subject.data, protocol, device, sizes, ask, suite)
    views = f"{SMOKE_VIEWS} views or fewer of each object" if limit is not None else "all views"
    work = f"{images:,} images, {views}, {'whose features are given' if from_file else 'each encoded once'}"
    basis = (
        f"the probes of {probes.objects} objects a split, extended linearly to all{condition}"
        if probes
        else f"the encoder alone, without the probes{condition}"
    )
    return Forecast(
        reads, writes, f"{encoder.name}: {work}; probes by the protocol {protocol.name}", out.parent,
        seconds + (probes.seconds if probes else 0) or None, basis,
        PROGRAM + max(steps.values(), default=0), disk,
    )  # fmt: skip
