"""Metrics of probes that are trained on some views and measured on views of another kind: cells of a matrix."""

from collections.abc import Sequence
from dataclasses import replace

from iebench.manifests.factors import FactorGroup

from ...statistics.metric_info import FRACTION, MetricInfo, name_fault
from ..targets import changes

CLASS, POSE = "class", "pose"
"""Targets beside the factors of a dataset."""
CLASSES, MESHES = "classes", "meshes"
"""Held out beside halves of the range of a factor: half of the classes, and the val objects."""
LONGEST = 24  # characters of a factor's name, so that titles fit


def transfer_of(target: str, held: str) -> str:
    """Return the name of a cell: score of a target on views that were held out."""
    return f"transfer_{target}_without_{held}"


def drop_of(target: str, held: str) -> str:
    """Return the name of the loss of that score against a probe of the same kind of views."""
    return f"drop_{target}_without_{held}"


def across_of(target: str, varied: str, shown: str) -> str:
    """Return the name of a cell. target : class or pose; varied, shown : factor that varies in the train and val views.

    >>> across_of("class", "rot_x", "floor_hue"), across_of("pose", "rot_x", "floor_hue")
    ('across_rot_x_to_floor_hue', 'across_pose_rot_x_to_floor_hue')
    """
    return f"across_{'' if target == CLASS else f'{target}_'}{varied}_to_{shown}"


def transfers(groups: Sequence[FactorGroup]) -> dict[str, MetricInfo]:
    """Describe the cells of all matrices for the factors of a dataset."""
    named = [factor.name for group in groups for factor in group.factors if len(factor.name) <= LONGEST]
    targets = [CLASS, POSE, *(name for name in changes(groups) if len(name) <= LONGEST)]
    held = {name: f"the other half of the range of {_words(name)}" for name in named}
    held |= {CLASSES: "the other half of the classes", MESHES: "train objects"}
    infos: dict[str, MetricInfo] = {}
    for target in targets:
        for name, trained in held.items():
            infos |= _cell(target, name, trained)
    for varied in named:
        for shown in named:
            for target in (CLASS, POSE):
                infos[across_of(target, varied, shown)] = _across(target, _words(varied), _words(shown))
    return {name: info for name, info in infos.items() if not name_fault(name)}


def _cell(target: str, held: str, trained: str) -> dict[str, MetricInfo]:
    """Describe the score and the drop of a cell. trained : views that train the probe, in words"""
    words = f"{_words(target)} without {_words(held)}"
    of_class = target == CLASS
    score = "share of right classes" if of_class else f"R² of {_words(target)}"
    trained = f"trained on {trained}" if held != MESHES else "trained on other views of train objects"
    same = "the same objects" if held == MESHES else "views of the same half"
    value = MetricInfo(
        words, f"{score} by a linear probe {trained}", column=False, ranked=False,
        within=FRACTION if of_class else (None, 1.0), floor="mean, or most frequent class, of the train split",
        over_objects="mean" if of_class else "joint",
    )  # fmt: skip
    drop = MetricInfo(
        f"{words}: drop", f"{score} by a linear probe trained on {same}, minus that by one {trained}", higher=False,
        column=False, ranked=False, floor="0", over_objects="joint",
    )  # fmt: skip
    if of_class:
        value, drop = (replace(info, factor=100.0, digits=1, unit="%") for info in (value, drop))
    return {transfer_of(target, held): value, drop_of(target, held): drop}


def _across(target: str, varied: str, shown: str) -> MetricInfo:
    """Describe the score of a probe of views in which one factor varies alone, where another one does."""
    score = "share of right classes" if target == CLASS else "R² of the pose"
    info = MetricInfo(
        f"{target}, {varied} to {shown}", f"{score} on views that differ from view 0 of their object in {shown} alone, "
        f"by a linear probe of views in which {varied} alone differs", column=False, ranked=False, within=(None, 1.0),
        floor="mean of the train split", over_objects="joint",
    )  # fmt: skip
    if target != CLASS:
        return info
    floor = "most frequent class of the train split"
    return replace(info, factor=100.0, digits=1, within=FRACTION, unit="%", floor=floor, over_objects="mean")


def _words(name: str) -> str:
    return name.replace("_", " ")
