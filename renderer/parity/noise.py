"""Comparison of our images with BlenderProc's on bpy 4.2, together with the noise of the generator itself.

    python tests/helpers/shapenet_real.py once --once
    python -m iebench.renderer.parity.noise once/{plain,joined,clear,textured}/models/*.obj --python proc/bin/python

`blenderproc.py` lists the requirements of --python. Each view is rendered with `--seeds` random seeds in four ways: by
BlenderProc on bpy 4.2 with and without dither, by the generator's method in our scene on this Blender, and by iebench.
It is rendered once more with `--truth` samples, without denoiser and dither. A table gives the differences.
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
from ..speed.rendering import GENERATOR, TRUTH, Way
from .blenderproc import proc_command, proc_recipe
from .theirs import render_theirs

Takes = Mapping[int, Pixels]  # images of one view by random seed


def render_here(recipe: Recipe, way: str, todo: Sequence[Job], truth: int, seed: int) -> list[Picture]:
    """Render all views of all jobs, in order, on this Blender by a method of `speed/rendering.py`."""
    with Way(recipe, way, truth, cores(), seed) as process:
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
    lines = [" " * 36 + "".join(f"{name:>15}" for name in [*names, "least"]) + f"{'ground':>8}{'lighter':>9}"]
    for way, reference in pairs:
        measures = np.array([line(view[way], view[reference]) for view in views])
        cells = [*measures[:, :2], measures[:, :2].min(axis=0)]
        lines.append(
            f"{way + ' / ' + reference:36}"
            + "".join(f"{whole:9.2f}{inner:6.1f}" for whole, inner in cells)
            + f"{measures[:, 2].max():8.2f}{measures[:, 3].mean():+9.2f}"
        )
    return "\n".join(lines)


@click.command(context_settings=SETTINGS)
@click.argument("meshes", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--python", required=True, help="The Python that has blenderproc 2.8.0 and bpy 4.2.")
@click.option("--views", default=1, help="Views of each mesh.")
@click.option("--seed", default=0, help="Decides the latents.")
@click.option("--seeds", default=2, type=click.IntRange(2), help="Random seeds of each way.")
@click.option("--quality", default="reference", help="Ours.")
@click.option("--truth", default=1024, help="Samples of the truth.")
def main(
    meshes: tuple[Path, ...], python: str, views: int, seed: int, seeds: int, quality: str, truth: int
) -> None:  # fmt: skip
    """Compare images of some OBJ files: iebench's renderer, BlenderProc, and the generator's method on this Blender."""
    recipe = proc_recipe()
    todo = jobs(recipe, meshes, views, seed)
    takes = range(seeds)
    references = [render_theirs(recipe, todo, proc_command(python), seed=i) for i in takes]
    even = [render_theirs(recipe, todo, proc_command(python), seed=i, dither=0.0) for i in takes]
    renders = {way: [render_here(recipe, way, todo, truth, i) for i in takes] for way in (GENERATOR, quality)}
    ways = {"theirs": references, "undithered": even, **renders}
    exact = render_here(recipe, TRUTH, todo, truth, seeds)
    images = []
    for number, picture in enumerate(exact):
        view: dict[str, Takes] = {name: {i: shots[i][number] for i in takes} for name, shots in ways.items()}
        means = {f"mean {name}": mean(shots, seeds + i) for i, (name, shots) in enumerate(view.items())}
        images.append({**view, **means, TRUTH: {-1: picture}})
    pairs = [
        ("theirs", "theirs"), (GENERATOR, "theirs"), (quality, "theirs"),
        ("undithered", "undithered"), (GENERATOR, "undithered"), (quality, "undithered"), (quality, GENERATOR),
        ("mean theirs", "mean undithered"), (f"mean {GENERATOR}", "mean undithered"),
        (f"mean {quality}", "mean undithered"),
        *((name, TRUTH) for name in ("theirs", "undithered", GENERATOR, quality)),
        *((f"mean {name}", TRUTH) for name in ("theirs", "undithered", GENERATOR, quality)),
    ]  # fmt: skip
    click.echo(table([f"{job.name} {i}" for job in todo for i in range(len(job.views))], images, pairs))


if __name__ == "__main__":
    main()
