"""One picture of 64 pixels: the check of `iebench doctor` for the extra [render]."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from iebench.manifests.common.machine import cores
from iebench.manifests.dataset import DatasetInfo, read_table
from iebench.manifests.doctor.finding import MEND, Finding
from iebench.manifests.reading.pictures import picture
from iebench.manifests.reading.samples import Samples
from iebench.manifests.recipe import load
from iebench.manifests.taxonomy import choose

from ..blender.interface import BLENDER
from ..plan import Plan
from ..rendering.render import render_dataset
from ..sources.builtin import Builtin

SIDE = 64


def trial(folder: Path, backend: str = BLENDER) -> Iterator[Finding]:
    """Render one view of a built-in object into a folder, as `iebench render` does, and yield the finding."""
    objects = Builtin(None).objects(choose("1"), 1)
    plan = Plan(replace(load(), views=1, resolution=SIDE), "draft", 0, "builtin", "CC0-1.0", tuple(objects))
    start = time.perf_counter()
    info = render_dataset(plan, folder / "data", workers=1, threads=cores(), backend=backend)
    yield finding(info, folder / "data", time.perf_counter() - start)


def finding(info: DatasetInfo, data: Path, seconds: float) -> Finding:
    """Return the finding about a rendered dataset of one view, with the cause if the object failed."""
    if info.counts["failures"]:
        (failure,) = read_table(data / "failures.parquet").to_pylist()
        return Finding("picture", f"a built-in object could not be rendered: {failure['cause']}", MEND)
    (sample,) = Samples(data, info).at([0])
    renderer = "{name} {version} on {device}".format(**info.renderer)
    if picture(sample, info.recipe).std() < 1:
        fault = f"{renderer} rendered an image of a single colour: install the version of bpy that iebench requires"
        return Finding("picture", fault, MEND)
    return Finding("picture", f"{SIDE} px with {renderer}: {seconds:.1f} s")
