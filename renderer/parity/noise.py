"""Comparison of our images with those of BlenderProc on bpy 4.2, together with the noise of the generator itself.

    python tests/helpers/shapenet_real.py once --once
    python -m iebench.renderer.parity.noise once/{plain,joined,clear,textured}/models/*.obj --python proc/bin/python

`blenderproc.py` lists the requirements of --python. Each view is rendered with `--seeds` random seeds by four methods:
BlenderProc on bpy 4.2 with and without dither, the generator's method in our scene on this Blender, and iebench. The
exact image has `--truth` samples, and neither denoiser nor dither. A table gives the differences.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import numpy as np

from iebench.manifests.common.machine import cores
from iebench.manifests.recipe import Recipe
from iebench.manifests.shell.cli import SETTINGS

from ..comparing.compare import Pixels, disc, largest_on_ground, psnr
from ..comparing.views import Job, Picture, jobs
from ..speed.rendering import EXACT, GENERATOR, Method
from .blenderproc import proc_command, proc_recipe
from .external import render_external

BLENDERPROC, UNDITHERED = "blenderproc", "undithered"
Takes = Mapping[int, Pixels]  # images of one view by random seed


def render_own(recipe: Recipe, method: str, todo: Sequence[Job], truth: int, seed: int) -> list[Picture]:
    """Render all views of all jobs, in order, on this Blender by a method of `speed/rendering.py`."""
    with Method(recipe, method, truth, cores(), seed) as process:
        return [process.view(job, number)[-1] for job in todo for number in range(len(job.views))]


def mean(takes: Takes, seed: int) -> Takes:
    """Return the mean image over the seeds, stored under the unused seed `seed`."""
    return {seed: np.mean([picture.astype(float) for picture in takes.values()], axis=0)}


def line(ours: Takes, reference: Takes) -> tuple[float, float, float, float]:
    """Compare pairs of different seeds: PSNR, PSNR in the disc, largest ground difference, mean difference."""
    pairs = [(a, b) for i, a in ours.items() for j, b in reference.items() if i != j]
    first, second = (np.stack(side).astype(float) for side in zip(*pairs, strict=True))
    inside = disc(first.shape[1])
    return (
        psnr(first, second),
        psnr(first[:, inside], second[:, inside]),
        max(largest_on_ground(a, b) for a, b in pairs),
        float((first - second).mean()),
    )


def table(names: Sequence[str], views: Sequence[Mapping[str, Takes]], pairs: Sequence[tuple[str, str]]) -> str:
    """Return a table with a row per pair of methods: PSNR (whole image and disc, dB) per view, then the minimum.

    The last two columns are the largest difference on plain ground and the mean difference.
    """
    lines = [" " * 36 + "".join(f"{name:>15}" for name in [*names, "minimum"]) + f"{'ground':>8}{'lighter':>9}"]
    for method, reference in pairs:
        measures = np.array([line(view[method], view[reference]) for view in views])
        cells = [*measures[:, :2], measures[:, :2].min(axis=0)]
        lines.append(
            f"{method + ' / ' + reference:36}"
            + "".join(f"{image:9.2f}{inside:6.1f}" for image, inside in cells)
            + f"{measures[:, 2].max():8.2f}{measures[:, 3].mean():+9.2f}"
        )
    return "\n".join(lines)


@click.command(context_settings=SETTINGS)
@click.argument("meshes", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--python", required=True, help="Python with blenderproc 2.8.0 and bpy 4.2.")
@click.option("--views", default=1, help="Views of each mesh.")
@click.option("--seed", default=0, help="Seed of the latents.")
@click.option("--seeds", default=2, type=click.IntRange(2), help="Number of random seeds per method.")
@click.option("--quality", default="reference", help="Quality of iebench's images.")
@click.option("--truth", default=1024, help="Samples per pixel of the exact image.")
def main(
    meshes: tuple[Path, ...], python: str, views: int, seed: int, seeds: int, quality: str, truth: int
) -> None:  # fmt: skip
    """Compare images of some OBJ files: iebench's renderer, BlenderProc, and the generator's method on this Blender."""
    recipe = proc_recipe()
    todo = jobs(recipe, meshes, views, seed)
    takes = range(seeds)
    references = [render_external(recipe, todo, proc_command(python), seed=i) for i in takes]
    undithered = [render_external(recipe, todo, proc_command(python), seed=i, dither=0.0) for i in takes]
    renders = {method: [render_own(recipe, method, todo, truth, i) for i in takes] for method in (GENERATOR, quality)}
    methods = {BLENDERPROC: references, UNDITHERED: undithered, **renders}
    exact = render_own(recipe, EXACT, todo, truth, seeds)
    images = []
    for number, picture in enumerate(exact):
        view: dict[str, Takes] = {name: {i: shots[i][number] for i in takes} for name, shots in methods.items()}
        means = {f"mean {name}": mean(shots, seeds + i) for i, (name, shots) in enumerate(view.items())}
        images.append({**view, **means, EXACT: {-1: picture}})
    pairs = [
        (BLENDERPROC, BLENDERPROC), (GENERATOR, BLENDERPROC), (quality, BLENDERPROC),
        (UNDITHERED, UNDITHERED), (GENERATOR, UNDITHERED), (quality, UNDITHERED), (quality, GENERATOR),
        *((f"mean {name}", f"mean {UNDITHERED}") for name in (BLENDERPROC, GENERATOR, quality)),
        *((name, EXACT) for name in methods),
        *((f"mean {name}", EXACT) for name in methods),
    ]  # fmt: skip
    click.echo(table([f"{job.name} {i}" for job in todo for i in range(len(job.views))], images, pairs))


if __name__ == "__main__":
    main()
