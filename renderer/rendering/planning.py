"""Make a job from a request to render: choose objects and views, and find all errors before rendering starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from iebench.manifests.common.machine import check_processes, cores
from iebench.manifests.common.shipped import called
from iebench.manifests.laws import Sweep
from iebench.manifests.recipe import Recipe, load
from iebench.manifests.taxonomy import choose
from iebench.manifests.text.plain_text import check_name
from iebench.manifests.views import GivenViews, read_given

from ..blender.controls.wiring import check_names, check_values, wiring
from ..blender.devices import COMPILES, parse_device
from ..blender.floor_images import listed_images
from ..blender.interface import BLENDER
from ..blender.passes import PASSES
from ..companions import with_companions
from ..engines import ENGINES, Work
from ..errors import SourceError, UnknownName, UsageError
from ..estimate import describe, hang_after
from ..machine.memory import BLENDER_BYTES
from ..plan import Plan, check_shards
from ..sources import ObjectRef, Source, open_source
from .request import RenderRequest, listed


@dataclass(frozen=True)
class RenderJob:
    """A checked request.

    plan : the dataset's content; out : folder or URL, as given
    work : settings of the machines; engine, options : name of the engine, and its own options
    notes : sentences about the source and the recipe
    progress : True to print plan and progress on standard error
    """

    plan: Plan
    out: str
    work: Work
    engine: str
    options: Mapping[str, str]
    notes: tuple[str, ...]
    progress: bool

    @property
    def introduction(self) -> list[str]:
        """Lines for the user before rendering starts: notes, size and expected time, device."""
        lines = [f"iebench: {note}" for note in self.notes]
        lines.append(f"{describe(self.plan, cores())}, into {self.out}")
        kind, _ = parse_device(self.work.device)
        if kind != "cpu":
            compiled = f"; {COMPILES}" if kind in ("cuda", "optix", "auto") else ""
            lines.append(f"rendering on {self.work.device}{compiled}")
        return lines

    def preview(self) -> str:
        """Return the text that the engine would submit to another program; "" if there is none.

        Raises
        ------
        UsageError, MissingPart : the engine cannot be used.
        """
        return ENGINES[self.engine](self.work, self.options).preview(self.plan.shards())


def planned(request: RenderRequest) -> RenderJob:
    """Make the plan of a request; nothing is rendered or written.

    Raises
    ------
    UsageError : an unknown name; a recipe, source or table that cannot be used; too many shards or processes.
    """
    source = called("recipe", str(request.recipe))
    recipe, image_notes = listed_images(adapted(request), source)
    table = given_views(request, recipe)
    check_values(recipe, table, str(request.latents) if table else source)
    name, collection = open_source(str(request.source), None if request.path is None else Path(request.path))
    objects = chosen_objects(request, name, collection, table)
    if request.keep_size:
        name = f"{name}, own sizes"
    if table:
        recipe = replace(recipe, views=table.most)
    notes = (*image_notes, *collection.notes(), *([] if table else cut_sweeps(recipe)))
    if recipe.objects > 1:
        objects = with_companions(objects, request.seed or 0, recipe.objects)
    plan = Plan(recipe, request.quality, request.seed or 0, name, collection.licence, tuple(objects), table)
    plan = plan.limited(request.limit) if request.limit else plan
    work, out = machines(request, plan)
    return RenderJob(plan, out, work, request.engine, request.engine_options, notes, request.progress)


def adapted(request: RenderRequest) -> Recipe:
    """Return the recipe of a request, with the views, resolution and passes of the request.

    Raises
    ------
    UnknownName, SettingError : a pass, control or quality does not exist, or the recipe is faulty.
    """
    recipe = load(str(request.recipe))
    passes = sorted({name.strip() for name in listed(request.passes).split(",")}) if request.passes else []
    for name in passes:
        if name not in PASSES:
            raise UnknownName("pass", name, PASSES)
    check_names(recipe, called("recipe", str(request.recipe)))
    wiring(recipe, called("recipe", str(request.recipe)))  # reports errors here, before the first worker starts
    if request.quality not in recipe.quality:
        raise UnknownName("quality", request.quality, recipe.quality)
    return replace(
        recipe,
        views=request.views or recipe.views,
        resolution=request.resolution or recipe.resolution,
        passes=cast(Any, tuple(passes)) or recipe.passes,
    )


def given_views(request: RenderRequest, recipe: Recipe) -> GivenViews | None:
    """Return the views of the request's table; None if views are drawn.

    Raises
    ------
    UsageError : the request also has options that determine drawn views.
    SettingError : the table cannot be used.
    """
    if request.latents is None:
        return None
    drawing = [f"--{name}" for name in ("views", "seed") if getattr(request, name) is not None]
    if drawing:
        raise UsageError(
            f"--latents {request.latents} decides the views and their latents: leave {' and '.join(drawing)} out"
        )
    return read_given(Path(request.latents), recipe)


def chosen_objects(
    request: RenderRequest, source: str, collection: Source, table: GivenViews | None
) -> Sequence[ObjectRef]:
    """Return the objects of a request, in the order of their collection or of the given views.

    Raises
    ------
    UnknownName, SourceError : a class or an object is not in the collection, or `keep_size` has no effect on it.
    """
    classes = collection.classes()
    if request.classes is not None:
        classes = choose(listed(request.classes), classes)
    elif table:
        classes = [c for c in classes if c.synset in {synset for synset, _ in table.objects}] or classes
    objects = collection.objects(classes, request.objects_per_class)
    if request.keep_size and not any(ref.normalise for ref in objects):
        raise SourceError(f"the meshes of source {source} are never scaled: leave --keep-size out")
    if request.keep_size:
        objects = [replace(ref, normalise=False) for ref in objects]
    return objects if table is None else only_given(objects, table, source)


def only_given(objects: Sequence[ObjectRef], table: GivenViews, source: str) -> list[ObjectRef]:
    """Return the objects that have views in a table.

    Raises
    ------
    SourceError : the table names objects that are not in `objects`.
    """
    by_name = {(ref.synset, ref.object_id): ref for ref in objects}
    absent = [name for name in table.objects if name not in by_name]
    if absent:
        raise SourceError(
            f"--latents names {len(absent)} objects that source {source} with this --classes and --objects-per-class "
            f"does not have, first {'/'.join(absent[0])}: choose more, or another --source"
        )
    return [by_name[name] for name in table.objects]


def cut_sweeps(recipe: Recipe) -> list[str]:
    """Return one sentence for each sweep that has more steps than objects have views."""
    return [
        f"{factor.name} is swept in {factor.law.steps} steps, but each object has only {recipe.views} views, which "
        f"show the first {recipe.views} steps; to sweep the full range, use a recipe whose law has fewer steps"
        for factor in recipe.factors
        if isinstance(factor.law, Sweep) and recipe.views < factor.law.steps
    ]


def machines(request: RenderRequest, plan: Plan) -> tuple[Work, str]:
    """Return the settings of the machines that render a plan, and the folder or URL as the user gave it.

    Raises
    ------
    UsageError : an unknown device, too many processes or shards, or an invalid name of the dataset.
    """
    local = request.engine == "local"
    device = request.device if request.devices is None else f"{request.device}:{listed(request.devices)}"
    kind, numbers = parse_device(device)
    workers = request.workers or (cores() if kind == "cpu" and local else max(1, len(numbers)))
    if local:
        check_processes(workers, "--workers", BLENDER_BYTES)
    check_shards(plan)
    threads = request.threads or (max(1, cores() // workers) if local else 1)
    out = str(request.out or Path("data") / Path(request.path or request.source).absolute().stem)
    check_name(Path(out).absolute().name, "--out: the dataset's name")
    memory = int((request.worker_memory or 0) * 1e9)
    return prepare(plan, out, workers, device, threads, BLENDER, memory=memory), out


def prepare(
    plan: Plan, out: Path | str, workers: int, device: str = "cpu", threads: int = 1, backend: str = BLENDER,
    patience: float = 0.0, memory: int = 0,
) -> Work:  # fmt: skip
    """Return the settings that an engine needs.

    workers : processes (per task on a cluster), each with `threads` CPU threads; neither changes the dataset's bytes
    patience : seconds after which an object's worker counts as hung; 0 for a limit derived from the expected time
    memory : resident bytes that one worker may use; 0 for its share of the machine's memory
    """
    if not patience:
        most = max(map(plan.view_count, plan.objects), default=0)
        patience = hang_after(most, plan.quality_settings, plan.recipe.resolution)
    address = str(out) if "://" in str(out) else str(Path(out).absolute())
    return Work(plan.without_objects(), address, workers, threads, device, backend, patience, memory)
