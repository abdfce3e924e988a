"""Cost and quality of a view: the method of 3DIEBench's generator against ours, on one machine in one run.

    python -m iebench.renderer.speed.rendering A.obj B.obj --quality fast --quality reference

Each method has its own process, since Cycles keeps tables from one image to the next. The methods alternate, view by
view and `--repeats` times, so that a throttled or busy machine slows all of them. One process works at a time, by
default on one core, like each worker of `iebench render`. Costs are ratios of CPU seconds (user and system, all
threads) and of wall seconds, medians over repeats. The stored JPEGs are compared with an exact image (`--truth`
samples, no denoiser), over the whole image and in the object's disc. Needs Blender 4 (see generator.py).
"""

import io
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray
from pebble import ProcessPool
from PIL import Image
from scipy.ndimage import gaussian_filter

from iebench.manifests.recipe import Recipe, load
from iebench.manifests.shell.cli import SETTINGS

from ..comparing.compare import disc, psnr
from ..comparing.views import Job, Picture, jobs
from ..machine.cores import few_cores
from ..workers.worker import encode

if TYPE_CHECKING:
    from ..blender.blender import BlenderRenderer

GENERATOR, EXACT = "generator", "exact"


@dataclass(frozen=True)
class Sample:
    """One view rendered once. cpu, wall : seconds for rendering and encoding; jpeg : bytes that would be stored."""

    view: str
    faces: int
    method: str
    cpu: float
    wall: float
    jpeg: bytes


class Method:
    """One rendering method in its own process: a quality of the recipe, GENERATOR, or EXACT.

    truth : samples per pixel of the exact image; seed : seed of Cycles' random numbers
    """

    def __init__(self, recipe: Recipe, name: str, truth: int, threads: int, seed: int = 0) -> None:
        self._pool = ProcessPool(
            1,
            context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(recipe, name, truth, threads, seed),
        )

    def __enter__(self) -> "Method":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()  # type: ignore[no-untyped-call]
        self._pool.join()

    def view(self, job: Job, number: int) -> tuple[int, float, float, bytes, Picture]:
        """Return the mesh's number of faces, CPU and wall seconds, the JPEG, and the image before compression."""
        return self._pool.schedule(_view, args=(job, number)).result()


_state: dict[str, Any] = {}


def _begin(recipe: Recipe, name: str, truth: int, threads: int, seed: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Blender writes to the C library's standard output
    with few_cores(threads, worker_number=0):
        import bpy

        from ..blender.blender import BlenderRenderer
        from .generator import REFERENCE, as_generator

        exact = replace(REFERENCE, samples=truth, min_samples=truth, sampling_pattern="TABULATED_SOBOL", dither=0.0)
        quality = {GENERATOR: REFERENCE, EXACT: exact}.get(name) or recipe.quality[name]
        renderer = BlenderRenderer(recipe, quality, "cpu", threads)
        if name == GENERATOR:
            folder = tempfile.TemporaryDirectory(prefix="iebench-")
            as_generator(Path(folder.name))
            _state["folder"] = folder
        bpy.context.scene.cycles.use_denoising = name not in (GENERATOR, EXACT)
        bpy.context.scene.cycles.seed = seed
        _state.update(recipe=recipe, name=name, renderer=renderer, loaded=None)


def _view(job: Job, number: int) -> tuple[int, float, float, bytes, Picture]:
    from .generator import render_as_generator

    renderer: BlenderRenderer = _state["renderer"]
    if _state["loaded"] != job.mesh:
        _state.update(loaded=job.mesh, faces=renderer.load(job.ref(normalise=True)).faces)
    latents = job.views[number]
    wall, cpu = time.perf_counter(), time.process_time()
    generators = _state["name"] == GENERATOR
    pixels = render_as_generator(renderer.arrange(latents)) if generators else renderer.render(latents)
    jpeg = encode(pixels, _state["recipe"])
    return _state["faces"], time.process_time() - cpu, time.perf_counter() - wall, jpeg, pixels


def measure(
    recipe: Recipe, methods: Sequence[str], todo: Sequence[Job], repeats: int, truth: int, threads: int
) -> tuple[list[Sample], dict[str, Picture]]:
    """Render all views by all methods, and the exact image of each view."""
    samples, truths = [], {}
    with ExitStack() as stack:
        processes = {name: stack.enter_context(Method(recipe, name, truth, threads)) for name in [*methods, EXACT]}
        for job in todo:
            for number in range(len(job.views)):
                view = f"{job.name} {number}"
                for name in [*methods] * repeats:
                    faces, cpu, wall, jpeg, _ = processes[name].view(job, number)
                    samples.append(Sample(view, faces, name, cpu, wall, jpeg))
                truths[view] = processes[EXACT].view(job, number)[-1]
    return samples, truths


def ssim(ours: Picture, truth: Picture) -> NDArray[np.float64]:
    """Return the structural similarity of each pixel, mean over channels: (h, w). Gaussian windows of 1.5 pixels."""
    a, b = ours.astype(float), truth.astype(float)

    def blur(picture: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(gaussian_filter(picture, (1.5, 1.5, 0), truncate=3.5))

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b, both = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return np.asarray((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean(-1))


def measures(jpeg: bytes, truth: Picture) -> list[float]:
    """Return PSNR (dB) and SSIM of a stored view, then the same of its object's disc."""
    picture, inside = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")), disc(len(truth))
    similarity = ssim(picture, truth)
    return [
        psnr(picture, truth),
        float(similarity.mean()),
        psnr(picture[inside], truth[inside]),
        float(similarity[inside].mean()),
    ]


def table(samples: Sequence[Sample], truths: dict[str, Picture], methods: Sequence[str]) -> str:
    """Return a table with a line per view and method: cost, speed relative to the generator, quality and its change."""
    lines = [
        f"{'view':12} {'faces':>7} {'method':10} {'CPU s':>7} {'x':>5} {'wall s':>7} {'x':>5} "
        f"{'PSNR':>6} {'':>6} {'SSIM':>6} {'':>7} {'disc':>6} {'':>6} {'SSIM':>6} {'':>7}"
    ]
    for view, truth in truths.items():
        of_view = [sample for sample in samples if sample.view == view]
        base = [sample for sample in of_view if sample.method == GENERATOR]
        standard = measures(base[0].jpeg, truth)
        for method in methods:
            runs = [sample for sample in of_view if sample.method == method]
            cpu = median(b.cpu / r.cpu for b, r in zip(base, runs, strict=True))
            wall = median(b.wall / r.wall for b, r in zip(base, runs, strict=True))
            values = measures(runs[0].jpeg, truth)
            changes = [value - other for value, other in zip(values, standard, strict=True)]
            lines.append(
                f"{view:12} {runs[0].faces:7d} {method:10} {median(r.cpu for r in runs):7.2f} {cpu:5.2f} "
                f"{median(r.wall for r in runs):7.2f} {wall:5.2f} "
                + " ".join(
                    f"{v:6.2f} {c:+6.2f}" if i % 2 == 0 else f"{v:6.4f} {c:+7.4f}"
                    for i, (v, c) in enumerate(zip(values, changes, strict=True))
                )
            )
    return "\n".join([*lines, *_totals(samples, truths, methods)])


def _totals(samples: Sequence[Sample], views: Iterable[str], methods: Sequence[str]) -> list[str]:
    """Return the cost over all views per method: medians over repeats, summed."""
    costs = {
        method: sum(
            np.median([(s.cpu, s.wall) for s in samples if (s.view, s.method) == (view, method)], axis=0)
            for view in views
        )
        for method in methods
    }
    base_cpu, base_wall = costs[GENERATOR]
    return [
        f"{'all':12} {'':7} {method:10} {cpu:7.2f} {base_cpu / cpu:5.2f} {wall:7.2f} {base_wall / wall:5.2f}"
        for method, (cpu, wall) in costs.items()
    ]


@click.command(context_settings=SETTINGS)
@click.argument("meshes", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--recipe", default="3diebench", help="Recipe, or a TOML file with qualities of your own.")
@click.option(
    "--quality", "qualities", multiple=True, default=["fast", "reference"], help="Quality of our images. Repeatable."
)
@click.option("--views", default=1, help="Views of each mesh.")
@click.option("--repeats", default=3, help="Number of renders of each view by each method.")
@click.option("--truth", default=2048, help="Samples per pixel of the exact image.")
@click.option("--resolution", default=256, help="Width and height of the images in pixels.")
@click.option("--threads", default=1, help="Threads of each process.")
@click.option("--seed", default=1, help="Seed of the latents.")
def main(
    meshes: tuple[Path, ...], recipe: str, qualities: tuple[str, ...], views: int, repeats: int, truth: int,
    resolution: int, threads: int, seed: int,
) -> None:  # fmt: skip
    """Time and compare views of some OBJ files, the generator's method against ours."""
    settings = replace(load(recipe), resolution=resolution)
    methods = [GENERATOR, *qualities]
    todo = jobs(settings, meshes, views, seed)
    click.echo(table(*measure(settings, methods, todo, repeats, truth, threads), methods))


if __name__ == "__main__":
    main()
