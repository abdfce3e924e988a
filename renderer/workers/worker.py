"""Code that runs in a worker process: one renderer, one object at a time."""

import importlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from iebench.manifests.installed.parts import missing_part
from iebench.manifests.recipe import Quality, Recipe
from iebench.manifests.views import Views

from ..blender.interface import Geometry, RefusedMesh, Renderer
from ..blender.passes import Columns, encode_passes, measure_passes
from ..errors import AssetError, IebenchError
from ..machine.cores import few_cores
from ..output.shards import Outcome
from ..sources import ObjectRef


@dataclass(frozen=True)
class Setup:
    """Settings sent to a worker once."""

    backend: str  # "package.module:Class" of a Renderer
    recipe: Recipe
    quality: Quality
    device: str
    threads: int


_renderer: Renderer
_setup: Setup
_failure: IebenchError | None = None


def _unheard(views: int) -> None:
    """Report finished views to nobody."""


_report: Callable[[int], None] = _unheard


def start(setup: Setup) -> None:
    """Initialise the process: silence its output and build the scene."""
    global _renderer, _setup, _failure  # noqa: PLW0603  a process has exactly one renderer
    _setup = setup
    _silence()
    module, _, name = setup.backend.partition(":")
    try:
        with few_cores(setup.threads, worker_number=os.getpid()):
            cls: type[Renderer] = getattr(importlib.import_module(module), name)
            _renderer = cls(setup.recipe, setup.quality, setup.device, setup.threads)
    except ImportError as error:
        _failure = missing_part(error.name or "bpy", None if isinstance(error, ModuleNotFoundError) else error)
    except IebenchError as error:  # raised later by `about`, the first task; raising it here would cause restarts
        _failure = error


def report_to(report: Callable[[int], None]) -> None:
    """Set the function that takes the number of finished views of the present object, before each view."""
    global _report  # noqa: PLW0603  a process has exactly one listener
    _report = report


def _silence() -> None:
    """Redirect the C library's standard output and error, where Blender writes, to a temporary file."""
    log = tempfile.TemporaryFile(prefix="iebench-worker-")  # noqa: SIM115  lives as long as the process
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)


def about() -> dict[str, str]:
    """Return the renderer's name, version and device; raise the error that prevented its start."""
    if _failure is not None:
        raise _failure
    return _renderer.about()


def render_all(ref: ObjectRef, views: Views) -> Outcome:
    """Render and encode all views of one object; an object that is visible in no view has failed.

    The visibility test stops at the first view that shows the object. For nearly every object it costs one render with
    one sample per pixel.
    """
    outcome, count = render_object(ref, views), len(views.numbers)
    if outcome.status == "failed" or any(_renderer.covers(views.of(index)) for index in range(count)):
        return outcome
    cause = (
        f"{ref.shown} covers no pixel in any of its {count} views: it is transparent, too small or thin, or outside "
        "the image; check its materials and its size, or the recipe's camera and floor"
    )
    return replace(Outcome.failed(cause), mesh_sha256=outcome.mesh_sha256, inspection=outcome.inspection)


def render_object(ref: ObjectRef, views: Views) -> Outcome:
    """Render and encode some views of one object; a failure to render is an outcome, not an exception."""
    recipe = _setup.recipe
    try:
        mesh = _renderer.load(ref)
    except AssetError as error:
        return Outcome.failed(str(error), error.info if isinstance(error, RefusedMesh) else None)
    samples = []
    for index in range(len(views.numbers)):
        _report(index)
        samples.append({"jpg": encode(_renderer.render(views.of(index)), recipe)})
    numbers: list[Columns] = [{} for _ in samples]
    if recipe.passes:
        for index, (geometry, following) in enumerate(_with_next(views)):
            samples[index] |= encode_passes(geometry, following, recipe.passes)
            numbers[index] = measure_passes(geometry, recipe.passes)
    described = mesh.inspection()
    return Outcome(mesh.sha256, mesh.faces, mesh.status, "", views, tuple(samples), described, tuple(numbers))


def _with_next(views: Views) -> Iterator[tuple[Geometry, Geometry]]:
    """Yield the geometry of each view with that of the next one; the last view is followed by the first."""
    first = geometry = _renderer.geometry(views.of(0))
    for index in range(1, len(views.numbers)):
        following = _renderer.geometry(views.of(index))
        yield geometry, following
        geometry = following
    yield geometry, first


_SUBSAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}  # Pillow's numbers


def encode(pixels: NDArray[np.uint8], recipe: Recipe) -> bytes:
    """Encode (h, w, 3) uint8 RGB pixels as JPEG with the recipe's settings and channel order."""
    stored = pixels[..., ::-1] if recipe.channel_order == "bgr" else pixels
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(stored)).save(
        buffer, "JPEG", quality=recipe.jpeg.quality, subsampling=_SUBSAMPLING[recipe.jpeg.subsampling]
    )
    return buffer.getvalue()
