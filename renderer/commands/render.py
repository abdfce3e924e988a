"""The command `iebench render`."""

from pathlib import Path
from typing import Any

import click

from iebench.manifests.common.machine import cores
from iebench.manifests.common.progress import say
from iebench.manifests.common.shipped import shipped
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.shell.answers import Forecast, answers, reply
from iebench.manifests.shell.cli import SETTINGS, examples, pairs
from iebench.manifests.shell.values import Named, of_kind
from iebench.manifests.taxonomy import classes

from ..blender.devices import NAMES
from ..blender.passes import PASSES
from ..engines import ENGINES
from ..estimate import expected_seconds, plan_bytes
from ..machine.memory import BLENDER_BYTES
from ..rendering.planning import RenderJob, planned
from ..rendering.render import render_job
from ..rendering.request import LEAST_MEMORY, RANGES, RenderRequest
from .paths import SOURCE

QUALITIES = ("fast", "reference", "draft")  # of the shipped recipes
WHOLE = {name: click.IntRange(*limits) for name, limits in RANGES.items()}


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
@click.option(
    "--classes",
    type=Named(lambda: (c.name for c in classes()), lists=True),
    metavar="N|name,name",
    help="Number of classes, or their names.  [default: all]",
)
@click.option(
    "--objects-per-class",
    type=WHOLE["objects_per_class"],
    metavar="N",
    help="Most objects of a class.  [default: 5 built-in objects, else all]",
)
@click.option("--keep-size", is_flag=True, help="Do not scale meshes of a folder or table to a diagonal of 1.")
@click.option(
    "--recipe",
    type=of_kind("recipe"),
    default="3diebench",
    metavar="NAME|FILE.toml",
    help=f"Recipe: {', '.join(shipped('recipe'))}, factors/NAME (one for each control), or a TOML file.",
)
@click.option("--views", type=WHOLE["views"], metavar="N", help="Views of each object.  [default: the recipe's]")
@click.option(
    "--resolution",
    type=WHOLE["resolution"],
    metavar="PIXELS",
    help="Width and height of the images.  [default: the recipe's]",
)
@click.option(
    "--passes",
    type=Named(lambda: PASSES, lists=True),
    metavar="NAME,NAME",
    help="Stored beside each image: mask, depth, normal, nocs, boxes, camera, flow.  [default: the recipe's]",
)
@click.option(
    "--latents",
    type=SOURCE,
    metavar="FILE|DATASET",
    help="Parquet or dataset with the views to render.  [default: drawn from the recipe's laws]",
)
@click.option(
    "--quality",
    type=Named(lambda: QUALITIES),
    default="fast",
    metavar="|".join(QUALITIES),
    help="reference: as good as images of 3DIEBench's generator, about three times as slow as fast. draft: for small "
    "images.",
)
@click.option("--seed", type=int, metavar="N", help="Seed of all latents.  [default: 0]")
@click.option(
    "--workers",
    type=WHOLE["workers"],
    metavar="N",
    help="Number of rendering processes.  [default: one per core, or one per GPU of --devices]",
)
@click.option(
    "--device", type=Named(lambda: NAMES), default="cpu", metavar="|".join(NAMES), help="Device that Cycles renders on."
)
@click.option("--devices", metavar="N,N", help="Numbers of the GPUs, distributed over the workers.  [default: all]")
@click.option(
    "--out", metavar="FOLDER|URL", help="Dataset folder, or an address s3://, gs:// or hf://.  [default: data/SOURCE]"
)
@click.option(
    "--engine",
    type=Named(lambda: ENGINES),
    default="local",
    metavar="local|ray|slurm",
    help="Where shards are rendered: this machine or a cluster.",
)
@click.option(
    "--ray-address", metavar="HOST:PORT|auto", help="Address of the Ray cluster.  [default: one started here]"
)
@click.option(
    "--slurm", multiple=True, metavar="KEY=VALUE", help="tasks=N for the job array, or an option of sbatch. Repeatable."
)
@click.option(
    "--threads",
    type=WHOLE["threads"],
    metavar="N",
    help="Threads of each process.  [default: its share of the cores; 1 on a cluster]",
)
@click.option(
    "--worker-memory",
    type=click.FloatRange(LEAST_MEMORY),
    metavar="GB",
    help="Memory limit of each process.  [default: its share of the machine's memory]",
)
@click.option(
    "--limit", type=WHOLE["limit"], metavar="N", help="Render N objects only, spread over the plan.  [default: all]"
)
@answers(json=True, dry_run=True)
def render(dry_run: bool, as_json: bool, ray_address: str | None, slurm: tuple[str, ...], **options: Any) -> int:
    """Render a dataset with Blender: tar shards and Parquet latents.

    Shards are WebDataset tars, each with a Parquet of its latents. After an interruption, run the same command again:
    it renders the missing shards.
    """
    job = planned(RenderRequest(**options, engine_options=engine_options(ray_address, slurm)))
    if dry_run:
        _forecast(job, as_json)
        return 0
    return announce(render_job(job).info, job.out, as_json)


def _forecast(job: RenderJob, as_json: bool) -> None:
    """Print the plan of a job with its time, memory and disk space, or the text that its engine would submit."""
    for line in job.introduction:
        say(line)
    text = job.preview()
    if text and not as_json:
        click.echo(text, nl=False)
        return
    plan, local = job.plan, job.engine == "local" and "://" not in job.out
    Forecast(
        reads=[plan.source],
        writes=[job.out],
        work=f"{len(plan.objects)} objects, {plan.images} images",
        folder=Path(job.out) if local else Path(),
        seconds=expected_seconds(plan, cores()) if local and job.work.device == "cpu" else None,
        memory=job.work.workers * (job.work.memory or BLENDER_BYTES),
        disk=plan_bytes(plan) if local else None,
    ).show(as_json)


def announce(info: DatasetInfo, out: str, as_json: bool = False) -> int:
    """Print the content of a finished dataset; return the exit code, which is 3 if some objects could not be made."""
    images = sum(info.counts[split]["images"] for split in ("train", "val"))
    table = {"folder": out, "images": images, "fingerprint": info.fingerprint, "counts": info.counts}
    reply(as_json, table, [f"{out}: {images} images, fingerprint {info.fingerprint[:12]}"])
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
