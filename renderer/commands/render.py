"""The command `iebench render`."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import click
from click.core import ParameterSource

from iebench.manifests.common.machine import check_processes, cores
from iebench.manifests.common.progress import duration
from iebench.manifests.common.shipped import called, shipped
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.laws import Sweep
from iebench.manifests.recipe import Recipe, load
from iebench.manifests.shell.cli import SETTINGS, examples, pairs
from iebench.manifests.taxonomy import choose
from iebench.manifests.text.plain_text import check_name, cleaned
from iebench.manifests.views import GivenViews, read_given

from ..blender.controls.wiring import check_values, wiring
from ..blender.devices import COMPILES, parse_device
from ..blender.passes import PASSES
from ..engines import ENGINES
from ..errors import SourceError, UnknownName, UsageError
from ..machine.memory import BLENDER_BYTES
from ..plan import Plan, check_shards, expected_bytes, expected_core_seconds
from ..rendering.render import prepare, render_work
from ..sources import ObjectRef, open_source
from .paths import SOURCE


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench render --classes 55",
        "iebench render --classes chair,mug --objects-per-class 20 --recipe 3diebench-t --passes mask,depth",
        "iebench render --source ShapeNetCore.v2 --out data/3diebench --dry-run",
    ),
)
@click.argument("path", required=False, type=SOURCE)
@click.option(
    "--source",
    default="builtin",
    metavar="builtin|PATH",
    help="Source of the objects: ShapeNet's folder, a folder CLASS/OBJECT.obj|glb|gltf|ply|stl|off or "
    "CLASS/{train,test}/OBJECT.off, or a .csv or .parquet with columns path and class. To state the kind "
    "of PATH: shapenet|folder|manifest PATH.",
)
@click.option("--classes", metavar="N|name,name", help="Number of classes, or their names.  [default: all]")
@click.option(
    "--objects-per-class", type=click.IntRange(1), help="Most objects of a class.  [default: 5 built-in, else all]"
)
@click.option("--keep-size", is_flag=True, help="Do not scale meshes of a folder or table to a diagonal of 1.")
@click.option(
    "--recipe",
    default="3diebench",
    metavar="NAME|FILE.toml",
    help=f"Recipe: {', '.join(shipped('recipe'))}, factors/NAME (one for each control), or a TOML file.",
)
@click.option("--views", type=click.IntRange(1, 1000), help="Views of each object.  [default: the recipe's]")
@click.option(
    "--resolution",
    type=click.IntRange(8, 4096),
    metavar="PIXELS",
    help="Width and height of the images.  [default: the recipe's]",
)
@click.option(
    "--passes", metavar="NAME,NAME", help="Additional images: mask, depth, normal, nocs.  [default: the recipe's]"
)
@click.option(
    "--latents",
    type=SOURCE,
    metavar="FILE|DATASET",
    help="Parquet or dataset with the views to render.  [default: drawn from the recipe's laws]",
)
@click.option(
    "--quality",
    default="fast",
    metavar="fast|reference|draft",
    help="reference: as good as the generator's images, about three times as slow as fast. draft: for small images.",
)
@click.option("--seed", type=int, default=0, help="Seed of all latents.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Number of rendering processes.  [default: one a core, or one a GPU of --devices]",
)
@click.option(
    "--device", default="cpu", metavar="cpu|auto|optix|cuda|hip|metal|oneapi", help="Device that Cycles renders on."
)
@click.option("--devices", metavar="N,N", help="Numbers of the GPUs, distributed over the workers.  [default: all]")
@click.option(
    "--out", metavar="FOLDER|URL", help="Dataset folder, or an address s3://, gs:// or hf://.  [default: data/SOURCE]"
)
@click.option(
    "--engine", default="local", metavar="local|ray|slurm", help="Engine for the shards: this machine or a cluster."
)
@click.option(
    "--ray-address", metavar="HOST:PORT|auto", help="Address of the Ray cluster.  [default: one started here]"
)
@click.option(
    "--slurm", multiple=True, metavar="KEY=VALUE", help="tasks=N for the job array, or an option of sbatch. Repeatable."
)
@click.option(
    "--threads",
    type=click.IntRange(1, 1024),
    help="Threads of each process.  [default: its share of the cores; elsewhere 1]",
)
@click.option(
    "--worker-memory",
    type=click.FloatRange(0.1),
    metavar="GB",
    help="Memory limit of each process.  [default: its share]",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Render N objects only, spread over the plan.  [default: all]"
)
@click.option("--dry-run", is_flag=True, help="Print what would be rendered and how long it takes, and stop.")
def render(
    path: Path | None, source: str, classes: str | None, objects_per_class: int | None, keep_size: bool, recipe: str,
    views: int | None, resolution: int | None, passes: str | None, latents: Path | None, quality: str, seed: int,
    workers: int | None, device: str, devices: str | None, out: str | None, engine: str, ray_address: str | None,
    slurm: tuple[str, ...], threads: int | None, worker_memory: float | None, limit: int | None, dry_run: bool,
) -> int:  # fmt: skip
    """Render a dataset with Blender: tar shards and Parquet latents.

    Shards are WebDataset tars, each with a Parquet of its latents. After an interruption, run the same command again:
    it renders the missing shards.
    """
    settings = adapted(load(recipe), views, resolution, passes)
    wiring(settings, called("recipe", recipe))  # reports errors here, before the first worker starts
    if quality not in settings.quality:
        raise UnknownName("quality", quality, settings.quality)
    if latents:
        refuse_drawing(latents)
    given = read_given(latents, settings) if latents else None
    check_values(settings, given, str(latents) if given else called("recipe", recipe))
    name, collection = open_source(source, path)
    chosen = collection.classes()
    if classes:
        chosen = choose(classes, chosen)
    elif given:
        chosen = [c for c in chosen if c.synset in {synset for synset, _ in given.objects}] or chosen
    objects = collection.objects(chosen, objects_per_class)
    if keep_size and not any(ref.normalise for ref in objects):
        raise SourceError(f"the meshes of source {name} are never scaled: leave --keep-size out")
    if keep_size:
        name, objects = f"{name}, own sizes", [replace(ref, normalise=False) for ref in objects]
    if given:
        settings, objects = replace(settings, views=given.most), only_given(objects, given, name)
    for sentence in [*collection.notes(), *([] if given else cut_sweeps(settings))]:
        click.echo(f"iebench: {cleaned(sentence)}", err=True)
    plan = Plan(settings, quality, seed, name, collection.licence, tuple(objects), given)
    plan = plan.limited(limit) if limit else plan
    here = engine == "local"
    device = f"{device}:{devices}" if devices else device
    kind, numbers = parse_device(device)
    workers = workers or (cores() if kind == "cpu" and here else max(1, len(numbers)))
    if here:
        check_processes(workers, "--workers", BLENDER_BYTES)
    check_shards(plan)
    threads = threads or (max(1, cores() // workers) if here else 1)
    out = out or str(Path("data") / Path(path or source).absolute().stem)
    check_name(Path(out).absolute().name, "--out: the dataset's name")
    click.echo(f"{describe(plan, cores())}, into {cleaned(out)}", err=True)
    if kind != "cpu":
        click.echo(f"rendering on {device}" + (f"; {COMPILES}" if kind in ("cuda", "optix", "auto") else ""), err=True)
    work = prepare(plan, out, workers, device, threads, memory=int((worker_memory or 0) * 1e9))
    options = engine_options(ray_address, slurm)
    if dry_run:
        click.echo(ENGINES[engine](work, options).preview(plan.shards()), nl=False)
        return 0
    info = render_work(plan, work, engine, options)
    return announce(info, out)


def announce(info: DatasetInfo, out: str) -> int:
    """Print the content of a finished dataset; return the exit code, which is 3 if some objects could not be made."""
    images = sum(info.counts[split]["images"] for split in ("train", "val"))
    click.echo(f"{out}: {images} images, fingerprint {info.fingerprint[:12]}")
    if info.counts["failures"]:
        click.echo(
            f"iebench: {info.counts['failures']} objects could not be made: {out}/failures.parquet says why",
            err=True,
        )
        return 3
    return 0


def engine_options(ray_address: str | None, slurm: tuple[str, ...]) -> dict[str, str]:
    """Return the engine's own options; the chosen engine refuses options of other engines.

    Raises
    ------
    UsageError : an entry has no value.
    """
    return pairs("--slurm", slurm) | ({"address": ray_address} if ray_address else {})


def adapted(recipe: Recipe, views: int | None, resolution: int | None, passes: str | None) -> Recipe:
    """Return a recipe with the values given on the command line.

    Raises
    ------
    UnknownName : a pass does not exist.
    """
    names = sorted({name.strip() for name in passes.split(",")}) if passes else []
    for name in names:
        if name not in PASSES:
            raise UnknownName("pass", name, PASSES)
    chosen = cast(Any, tuple(names)) or recipe.passes
    return replace(recipe, views=views or recipe.views, resolution=resolution or recipe.resolution, passes=chosen)


def refuse_drawing(latents: Path) -> None:
    """Refuse options of the current command that determine drawn views when a file gives the views.

    Raises
    ------
    UsageError : --views or --seed was given.
    """
    source = click.get_current_context().get_parameter_source
    drawing = [f"--{name}" for name in ("views", "seed") if source(name) is ParameterSource.COMMANDLINE]
    if drawing:
        raise UsageError(f"--latents {latents} decides the views and their latents: leave {' and '.join(drawing)} out")


def only_given(objects: list[ObjectRef], given: GivenViews, source: str) -> list[ObjectRef]:
    """Return the objects that have views in a table.

    Raises
    ------
    SourceError : the table names objects that are not in `objects`.
    """
    by_name = {(ref.synset, ref.object_id): ref for ref in objects}
    absent = [name for name in given.objects if name not in by_name]
    if absent:
        raise SourceError(
            f"--latents names {len(absent)} objects that source {source} with this --classes and --objects-per-class "
            f"does not have, first {'/'.join(absent[0])}: choose more, or another --source"
        )
    return [by_name[name] for name in given.objects]


def cut_sweeps(recipe: Recipe) -> list[str]:
    """Return one sentence for each sweep that has more steps than objects have views."""
    return [
        f"{factor.name} is swept in {factor.law.steps} steps, and {recipe.views} views of each object are only the "
        f"first {recipe.views} of them; to sweep its whole range, give its law fewer steps in a recipe of your own"
        for factor in recipe.factors
        if isinstance(factor.law, Sweep) and recipe.views < factor.law.steps
    ]


def describe(plan: Plan, cores: int) -> str:
    """Describe a plan in one line: objects, views, shards, bytes, and the expected time on this many CPU cores."""
    resolution = plan.recipe.resolution
    seconds = plan.images * expected_core_seconds(plan.quality_settings, resolution) / cores
    counted = "" if plan.given else f" x {plan.recipe.views} views"
    size = plan.images * expected_bytes(resolution) / 1e6
    return (
        f"{len(plan.objects)} objects{counted} = {plan.images} images of {resolution} px, "
        f"{len(plan.shards())} shards, about {size:.0f} MB, about {duration(seconds)} on {cores} CPU cores"
    )
