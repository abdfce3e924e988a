"""The quantities that probes predict, from the factor groups of a dataset's recipe.

Most groups are targets under their own names. Two groups have a geometry: the rotation, which has a probe of its own,
and the translation, which is a target along the object's axes and another along the world's axes.
"""

from collections.abc import Iterable

from iebench.manifests.conventions import ANGLES
from iebench.manifests.factors import FactorGroup

from ..statistics.metric_info import name_fault

ROTATION, TRANSLATION, IN_WORLD = "rotation", "translation_object", "translation_base"
POSITION = ("trans_x", "trans_y", "trans_z")
"""Latents of a whole translation, as `ANGLES` are those of a whole rotation."""
COLOUR = ("floor_hue", "light_hue")
"""Groups that Garrido et al. (2023) predict together."""
IN_COLOUR = "colour"
DERIVED = (IN_COLOUR, IN_WORLD)
"""Targets that are made of several groups, so that no group may have their names."""
COMPOSED = "_composed"  # after the name of a target: its change, composed from predictions for each view
LONGEST = 36  # characters of a group's name, for metrics with names and titles that fit into tables


def named(groups: Iterable[FactorGroup]) -> tuple[tuple[FactorGroup, ...], list[str]]:
    """Return the groups that metrics can be named after, and a note on each other one."""
    kept: list[FactorGroup] = []
    notes: list[str] = []
    groups = tuple(groups)
    names = {group.name for group in groups} | {IN_COLOUR, ROTATION}
    for group in groups:
        if group.name in DERIVED or (group.name.endswith(COMPOSED) and group.name.removesuffix(COMPOSED) in names):
            notes.append(
                f"{group.name!r:.80} is not probed, since its metrics would have the names of others: give the factor "
                "a group of another name in the recipe"
            )
        elif len(group.name) <= LONGEST and not name_fault(group.name):
            kept.append(group)
        else:
            notes.append(
                f"{group.name!r:.80} is not probed, since it cannot name a metric: give the factor a group in the "
                f"recipe, of at most {LONGEST} letters, digits and _"
            )
    return tuple(kept), notes


def turns(groups: Iterable[FactorGroup]) -> dict[str, float]:
    """Return the circular latents, with the period in their unit."""
    factors = [factor for group in groups for factor in group.factors]
    return {factor.name: factor.turn for factor in factors if factor.turn is not None}


def changes(groups: Iterable[FactorGroup]) -> dict[str, tuple[str, ...]]:
    """Return the targets for the change between two views: name -> latents, small groups first.

    translation_base, the move along the world's axes, needs the rotation too.
    """
    by_size = sorted(groups, key=lambda group: len(group.names))  # stable: else in the recipe's order
    known = {group.name: group.names for group in by_size if not _is_pose(group)}
    complete = any(map(_is_pose, by_size)) and set(known.get(TRANSLATION, ())) == set(POSITION)
    return known | ({IN_WORLD: (*POSITION, *ANGLES)} if complete else {})


def shares(groups: Iterable[FactorGroup]) -> dict[str, tuple[str, ...]]:
    """Return the groups whose share of the variance is measured: name -> latents, the rotation first."""
    groups = tuple(groups)
    rotation = {group.name: ANGLES for group in groups if _is_pose(group)}
    return rotation | {name: latents for name, latents in changes(groups).items() if name != IN_WORLD}


def numbers(groups: Iterable[FactorGroup]) -> tuple[str, ...]:
    """Return the latents that mean something one by one, unlike the axes of a rotation or of a translation."""
    known = changes(groups)
    return tuple(latent for name in known if name not in (TRANSLATION, IN_WORLD) for latent in known[name])


def circles(groups: Iterable[FactorGroup]) -> dict[str, tuple[str, ...]]:
    """Return the groups that steps of their latents form: name -> circular latents; both hues are one, "colour".

    A latent on an interval is left out: a step may lead out of it, and so its steps are not a group that acts on views.
    """
    groups = tuple(groups)
    round_ = {
        group.name: group.names
        for group in groups
        if not _is_pose(group) and all(factor.circular for factor in group.factors)
    }
    colour = {IN_COLOUR: COLOUR} if set(COLOUR) <= round_.keys() else {}
    return colour | {name: latents for name, latents in round_.items() if not (colour and name in COLOUR)}


def _is_pose(group: FactorGroup) -> bool:
    return group.name == ROTATION and set(group.names) == set(ANGLES)
