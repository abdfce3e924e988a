"""Checks before a run starts and while it runs; each failure is explained in one sentence."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from iebench.baselines.action import LABEL, OBJECT, ROTATION
from iebench.baselines.errors import LabelOutOfRange, LatentMissing, MethodBroken
from iebench.baselines.method import Method, find
from iebench.manifests.brief import few, number
from iebench.manifests.common.files import PARTIAL
from iebench.manifests.common.settings import differences
from iebench.manifests.recipe import load

from ..data.images import Images
from ..data.pixel_cache import FreeMemory
from ..data.properties import check_properties
from ..distributed.ranks import Ranks
from ..errors import DatasetError, IebenchError, RunError, RunExists, SettingError, short
from .checkpoint import CHECKPOINT, KEPT
from .config import CONFIG, RunConfig, TrainSettings
from .runs import WEIGHTS, unallocated_parameters

FLOAT = 4  # bytes
MOMENTS = {"adam": 2, "adamw": 2, "sgd": 1, "lars": 1}  # values that an optimizer keeps per weight
WITH_FACTORS = ("3diebench", "3diebench-t")  # common recipes, from few factors to many


def admit(run: Path, config: RunConfig, resume: bool, ranks: Ranks) -> None:
    """Check that all ranks agree, can share a batch and have enough memory, and that the run's folder is free.

    Raises
    ------
    RunError, SettingError, RunExists : see the functions below.
    """
    with ranks.agreed():
        check_ranks(config, resume, ranks)
        check_shares(config.settings, ranks)
        check_groups(config, ranks)
        check_memory(config, FreeMemory.of(ranks.device(config.device), ranks.local_size).of_device, ranks.size)
        if ranks.first:
            claim(run, config, resume)


def check_ranks(config: RunConfig, resume: bool, ranks: Ranks) -> None:
    """Check that all ranks were started with the same command.

    Raises
    ------
    RunError : a rank has other settings, data, seed or versions than the first one.
    """
    commands = ranks.collect((config, resume))
    first, resumes = commands[0]
    for rank, (other, other_resumes) in enumerate(commands):
        wrong = first.differences(other, free=True)  # ranks synchronise when one of them logs, saves or ends
        wrong += differences({"--resume": resumes}, {"--resume": other_resumes})
        wrong += differences(first.versions, other.versions)
        if wrong:
            shown = few(wrong, between="; ")
            raise RunError(
                f"rank {rank} was started with other settings than rank 0 ({shown}): start all ranks with the same "
                "command, on the same dataset"
            )


def check_shares(settings: TrainSettings, ranks: Ranks) -> None:
    """Check that a batch divides evenly over ranks and over the pieces of gradient accumulation.

    Raises
    ------
    SettingError : it does not.
    """
    parts = ranks.size * settings.accumulate
    if settings.batch % parts:
        near = max(1, settings.batch // parts) * parts
        raise SettingError(
            f"batch={settings.batch} objects cannot be split evenly over {ranks.size} ranks with accumulate="
            f"{settings.accumulate}: make it a multiple of {parts} with --set batch={near}"
        )
    if settings.passes == "apart" and settings.batch == settings.accumulate:
        raise SettingError(
            f"accumulate={settings.accumulate} leaves one image in a piece, of which batch norms have no statistics: "
            "lower it, raise batch, or --set passes=together"
        )


def check_groups(config: RunConfig, ranks: Ranks) -> None:
    """Check that a rank's share of a batch is a multiple of the method's group.

    Raises
    ------
    SettingError : it is not.
    """
    batch, group = config.settings.batch, config.needs().group
    parts = ranks.size * group
    if group > 1 and batch % parts:
        near = max(1, batch // parts) * parts
        raise SettingError(
            f"{config.method} takes objects in groups of {group} that share an action, and batch={batch} over "
            f"{ranks.size} rank{'s' * (ranks.size > 1)} does not divide into such: make it a multiple of {parts} with "
            f"--set batch={near}"
        )


def claim(run: Path, config: RunConfig, resume: bool) -> None:
    """Check that `run` is free, or that the run in it can continue with this configuration.

    Raises
    ------
    RunExists : neither holds.
    """
    if not run.exists() or (run.is_dir() and all(path.name.endswith(PARTIAL) for path in run.iterdir())):
        return  # no folder, or a run that ended while it wrote its first file
    if not (run / CONFIG).is_file():
        raise RunExists(f"{run} is not empty and holds no run: choose another --name or --out")
    finished, saved = (run / WEIGHTS).is_file(), (run / CHECKPOINT).is_file()
    if not (finished or saved or (run / KEPT).is_dir()):
        return  # the run that began here saved nothing
    differences = RunConfig.load(run).differences(config)
    if differences:
        shown = few(differences, between="; ")
        raise RunExists(f"{run} holds a run with other settings ({shown}): choose another --name")
    if not resume:
        state = "a finished run" if finished else "a run that is not finished"
        raise RunExists(f"{run} holds {state}: add --resume to continue it, or choose another --name")
    if not saved and find(config.method).method.trains:
        raise RunExists(
            f"{run} holds finished weights and no {CHECKPOINT} to continue from: score them, or choose another --name"
        )


def check_memory(config: RunConfig, free: int, ranks: int = 1) -> None:
    """Check that a run's weights and one batch of images fit into memory, before they are allocated.

    free : free bytes of the device; the backbone's activations for the backward pass need more and are not counted
    ranks : number of ranks that share a batch

    Raises
    ------
    SettingError : they do not fit; gives the estimate.
    """
    settings = config.settings
    weights = weight_bytes(config)
    images = FLOAT * 3 * config.resolution**2 * settings.batch * settings.views // (settings.accumulate * ranks)
    if weights + images > free:
        part, remedy = (
            ("weights", "lower encoder.width or the method's widths")
            if weights > images
            else ("batch", "lower batch, views or resolution")
        )
        raise SettingError(
            f"{config.method} with these settings takes at least {number((weights + images) / 1e9)} GB, most for its "
            f"{part}, and {free / 1e9:.1f} GB are free: {remedy}"
        )


def weight_bytes(config: RunConfig) -> int:
    """Number of bytes of a run's weights with their gradients and the optimizer's moments."""
    trained = MOMENTS[config.settings.optimizer] + 2
    return FLOAT * sum(
        parameter.numel() * (trained if parameter.requires_grad else 1) for parameter in unallocated_parameters(config)
    )


def checked(terms: object, method: Method) -> dict[str, Tensor]:
    """Check the value of a method's loss, and return it.

    Raises
    ------
    MethodBroken : it is not a dict of scalars with a "loss" that has a gradient.
    """
    if not isinstance(terms, dict):
        wrong = f"returned {type(terms).__name__}"
    elif odd := [key for key, term in terms.items() if not isinstance(term, Tensor) or term.ndim]:
        wrong = f"returned a {odd[0]} that is not a scalar tensor"
    elif "loss" not in terms:
        wrong = f"returned only {few(terms) or 'an empty dict'}"
    elif not terms["loss"].requires_grad:
        wrong = "depends on no weight"
    else:
        return terms
    raise MethodBroken(
        f"{type(method).__name__}.loss {wrong}, and is to return a dict of scalars, one of them called loss: mend it"
    )


def check_backbone(method: Method, name: str, resolution: int, device: torch.device) -> None:
    """Check the output of a backbone on blank images, before data is read; changes nothing in the backbone.

    name : name of the backbone; resolution : side of the images in pixels

    Raises
    ------
    MethodBroken : the backbone fails, or does not return floats (B, dim).
    SettingError : it does not accept images of that side.
    """
    images = torch.zeros(2, 3, resolution, resolution, device=device)
    training = method.training
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            output = method.eval().encoder(images)
    except IebenchError:
        raise
    except Exception as error:  # code of another package may raise anything
        raise MethodBroken(
            f"backbone {name} failed on images {tuple(images.shape)} ({short(error)}): mend it"
        ) from error
    finally:
        method.train(training)
    if not (isinstance(output, Tensor) and output.is_floating_point() and output.shape == (2, method.dim)):
        kind = f"{output.dtype} {tuple(output.shape)}" if isinstance(output, Tensor) else type(output).__name__
        raise MethodBroken(
            f"backbone {name} maps images {tuple(images.shape)} to {kind} and its dim is {method.dim}: it must return "
            "floats (B, dim), a row an image"
        )


def check_map(method: Method, config: RunConfig, device: torch.device) -> None:
    """Check that the last map of images of a run's resolution has as many positions as the method needs.

    Raises
    ------
    SettingError : they do not; gives a resolution that does.
    """
    needed = config.needs().map
    if not needed or (left := _positions(method, config.resolution, device)) >= needed:
        return
    larger = (config.resolution * 2**power for power in range(1, 7))
    enough = next((side for side in larger if _positions(method, side, device) >= needed), None)
    largest, way = config.settings.resolution, f"--set resolution={enough}"
    if largest is None or largest > config.resolution:  # the dataset has no larger ones
        way = f"render the dataset with --resolution {enough}"
    remedy = f"train on images of {enough} pixels ({way}), or " if enough else ""
    raise SettingError(
        f"{config.method} reads the last map of {config.settings.encoder.backbone}, of which images of "
        f"{config.resolution} pixels leave {left} x {left} positions, and it needs {needed} x {needed}: {remedy}choose "
        "an encoder.stem or encoder.backbone with smaller strides"
    )


def _positions(method: Method, side: int, device: torch.device) -> int:
    """Return the positions a side of the last map of images of `side` pixels; changes nothing in the method."""
    encoder, training = method.encoder, method.training
    method.eval()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        _, last = encoder.with_maps(torch.zeros(1, 3, side, side, device=device), (encoder.last_stage,))
    method.train(training)
    return min(last.shape[2:])


def check_fit(images: Images, method: Method, config: RunConfig) -> None:
    """Check that a dataset has everything that a method and its settings need.

    Raises
    ------
    DatasetError : fewer views per object than a batch needs.
    SettingError : more objects in a batch than in the dataset or than the method remembers, fewer views than it needs,
        or views without the properties that it needs.
    LabelOutOfRange : a label that is not below the method's number of classes.
    LatentMissing : a latent that the method is conditioned on is missing.
    """
    if images.views_per_object < 2:
        raise DatasetError(
            f"{images.folder} has one view of each object and training compares two: render it with --views 2 or more"
        )
    settings, needs = config.settings, config.needs()
    views, objects = settings.views, len(images) // images.views_per_object
    if settings.batch > objects and method.trains:
        raise SettingError(
            f"batch={settings.batch} is more than the {objects} objects of {images.folder}'s train split, and a batch "
            f"with an object twice would contrast it with itself: {_fewer(objects, needs.group)}"
        )
    if views > images.views_per_object:
        fewer = f"lower it with --set views={needs.views}, or " if needs.views <= images.views_per_object else ""
        raise DatasetError(
            f"{images.folder} has {images.views_per_object} views of each object and views={views} needs more: "
            f"{fewer}render more with --views"
        )
    if views < needs.views:
        raise SettingError(
            f"{type(method).__name__} compares {needs.views} views of an object and views={views} gives fewer: "
            f"raise it with --set views={needs.views}"
        )
    last = int(images.labels.max())
    if method.classes is not None and last >= method.classes:
        raise LabelOutOfRange(
            f"{images.folder} has the label {last} and {type(method).__name__} has classes={method.classes}: raise it "
            f"with --set method.classes={last + 1} or more"
        )
    if method.objects is not None and objects > method.objects:
        raise SettingError(
            f"{images.folder} has {objects} objects and {type(method).__name__} stores objects={method.objects}: "
            f"leave --set method.objects out, or make it {objects}"
        )
    missing = [name for name in method.latents if name not in (*images.latents, LABEL, OBJECT)]
    if missing:
        own, remedy = config.method_settings, ""
        if own.get("translation", "none") != "none":
            remedy = " or with --set method.translation=none,"
        elif "action" in own and not set(missing) & set(ROTATION):
            remedy = " or with --set method.action=rotation,"
        raise LatentMissing(
            f"{images.folder} has no column {missing[0]}, which {type(method).__name__} is conditioned on: train it on "
            f"a dataset whose recipe has that factor{_such(missing)},{remedy} or train another method"
        )
    check_properties(images, config.method, needs.pictures, method.latents, views)


def _such(latents: Sequence[str]) -> str:
    """Return an example of a shipped recipe with all these factors; "" if none of the common ones has."""
    known = (name for name in WITH_FACTORS if set(latents) <= {factor.name for factor in load(name).factors})
    recipe = next(known, "")
    return f", such as {recipe}" if recipe else ""


def _fewer(objects: int, group: int) -> str:
    """Return the remedy for a batch of more objects than there are, for a method that takes them in groups."""
    if objects < group:
        return f"no batch has a group of {group}, so render more with --objects-per-class or --classes"
    return f"lower it with --set batch={objects // group * group}"
