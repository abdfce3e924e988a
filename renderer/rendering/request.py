"""A request to render: the checked values of the options of `iebench render`, from the shell or from Python."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import ParamSpec, TypeVar

from ..errors import UsageError

RANGES: dict[str, tuple[int, int | None]] = {
    "objects_per_class": (1, None), "views": (1, 1000), "resolution": (8, 4096), "workers": (1, None),
    "threads": (1, 1024), "limit": (1, None),
}  # fmt: skip
"""Smallest and largest value of the fields that are whole numbers; None for no upper limit."""
LEAST_MEMORY = 0.1  # GB

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RenderRequest:
    """A dataset to render, and the machines that render it. None always stands for the default.

    The dataset's content:

    source : "builtin", or the path of a collection of meshes: ShapeNet's folder, a folder CLASS/OBJECT.glb, or a table;
        or the kind of the collection ("shapenet", "folder", "manifest") at `path`
    classes : number of classes, or their names; None for all
    objects_per_class : most objects of a class; None for 5 built-in objects, or all objects of a collection
    keep_size : True to render a folder's or table's meshes in their own size, not scaled to a diagonal of 1
    recipe : name of a shipped recipe, or a TOML file
    views : images of each object, 1 .. 1000; resolution : their width and height in pixels, 8 .. 4096; None for the
        recipe's values
    passes : additional images to store, such as "mask,depth" or ["mask", "depth"]; None for the recipe's passes
    latents : Parquet file or dataset with the views to render; None for views drawn from the recipe's laws
    quality : "fast", "reference" (as good as the images of 3DIEBench's generator) or "draft" (for small images)
    seed : seed of all drawn latents; None for 0
    limit : number of objects, spread over the plan; None for all

    The machines, which do not change the dataset:

    out : folder or URL of the dataset; None for data/SOURCE
    engine : "local", "ray" or "slurm"; engine_options : its own options, as in {"partition": "long"}
    workers : number of rendering processes; None for one per core, or one per GPU
    device : "cpu", "auto", "optix", "cuda", "hip", "metal" or "oneapi"; devices : numbers of GPUs, such as "0,2"
    threads : threads of each process; None for its share of the cores
    worker_memory : most memory of a process in GB; None for its share of the machine's memory
    progress : True to print the plan and the progress on standard error

    Raises
    ------
    UsageError : a number is out of its range.
    """

    source: Path | str = "builtin"
    path: Path | str | None = None
    classes: int | str | Sequence[str] | None = None
    objects_per_class: int | None = None
    keep_size: bool = False
    recipe: Path | str = "3diebench"
    views: int | None = None
    resolution: int | None = None
    passes: str | Sequence[str] | None = None
    latents: Path | str | None = None
    quality: str = "fast"
    seed: int | None = None
    limit: int | None = None
    out: Path | str | None = None
    engine: str = "local"
    engine_options: Mapping[str, str] = field(default_factory=dict)
    workers: int | None = None
    device: str = "cpu"
    devices: str | Sequence[int] | None = None
    threads: int | None = None
    worker_memory: float | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            is_number = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (is_number and least <= value <= (value if most is None else most)):
                limits = f"of at least {least}" if most is None else f"from {least} to {most}"
                raise UsageError(f"{name} is {value!r:.80}: give a whole number {limits}")
        memory = self.worker_memory
        if memory is not None and not (isinstance(memory, int | float) and memory >= LEAST_MEMORY):
            raise UsageError(f"worker_memory is {memory!r:.80}: give at least {LEAST_MEMORY} GB")
        if self.seed is not None and not isinstance(self.seed, int):
            raise UsageError(f"seed is {self.seed!r:.80}: give a whole number")


def listed(names: int | str | Sequence[str | int]) -> str:
    """Return names or numbers as the text of a command-line option, separated by commas.

    >>> listed(["mask", "depth"]), listed("mask,depth"), listed(5)
    ('mask,depth', 'mask,depth', '5')
    """
    return str(names) if isinstance(names, int | str) else ",".join(map(str, names))


def called_with(make: Callable[P, R]) -> Callable[[Callable[[R], T]], Callable[P, T]]:
    """Return a decorator for a function of one request; the decorated function takes the request's fields as keywords.

    Types, signature and checks are those of the request's class, so that each field is defined only once.
    """

    def decorate(function: Callable[[R], T]) -> Callable[P, T]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return function(make(*args, **kwargs))

        vars(call)["__signature__"] = signature(make).replace(return_annotation=signature(function).return_annotation)
        return call

    return decorate
