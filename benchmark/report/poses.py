"""Drawings of distributions over poses, as Murphy et al. (2021) made them: the sphere of directions, unrolled.

Each dot is a cell: its place is the direction of the object's x axis in the world (Mollweide's projection, z up), its
hue the turn about that axis, its area the probability. A ring is a pose that looks like the true one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.conventions import quaternion_angles

from ..ranking.board import Row
from ..results.score import Distribution
from ..statistics.resamples import unpack
from .pictures import Pictures

Array = NDArray[np.float64]

WIDE, HIGH = 100, 50  # half axes of the ellipse
STEPS = 12  # of Newton's method
LARGEST = 9.0  # radius of a dot with all of the probability
SMALLEST = 0.8
RING = 5.0  # radius of a ring
CAPTIONS = {"representation": "from the representation", "map": "from the last map"}
POLE = 1e-9  # cosine of a latitude that counts as a pole


def distributions(rows: Sequence[Row], pictures: Pictures | None) -> dict[int, list[dict[str, Any]]]:
    """Return, by method, the views of its first seed: object, view, and a drawing by its caption for each input.

    Raises
    ------
    NotComparable : a distribution is of an object or a view that the dataset does not have.
    """
    beliefs: dict[int, list[dict[str, Any]]] = {}

    def number(shown: Distribution, path: Path) -> int | None:
        return None if pictures is None else pictures.number(shown.synset, shown.object_id, [shown.view], path)

    for method, row in enumerate(rows):
        path, score = next(iter(row.group.scores.items()))
        views: dict[tuple[str, str, int], dict[str, Any]] = {}
        for shown in sorted(score.distributions, key=lambda each: [*CAPTIONS].index(each.input)):
            name = shown.synset, shown.object_id, shown.view
            if name not in views:
                views[name] = {"object": number(shown, path), "view": shown.view, "drawings": {}}
            views[name]["drawings"][CAPTIONS[shown.input]] = drawing(shown)
        if views:
            beliefs[method] = list(views.values())
    return beliefs


def drawing(shown: Distribution) -> str:
    """Draw a distribution: an <svg> element."""
    poses, shares, alike = (unpack(text) for text in (shown.poses, shown.shares, shown.alike))
    dots = [
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{max(SMALLEST, LARGEST * share**0.5):.1f}' fill='{hue}'/>"
        for (x, y, hue), share in zip(marks(poses.reshape(-1, 4)), shares.clip(0), strict=True)
    ]
    rings = [
        f"<circle class='alike{' true' if i == 0 else ''}' cx='{x:.1f}' cy='{y:.1f}' r='{RING}' stroke='{hue}'/>"
        for i, (x, y, hue) in enumerate(marks(alike.reshape(-1, 4)))
    ]
    grid = "".join(f"<ellipse rx='{WIDE * share:.1f}' ry='{HIGH}'/>" for share in (1 / 3, 2 / 3))
    return (
        f"<svg class='poses' viewBox='{-WIDE - 6} {-HIGH - 6} {2 * WIDE + 12} {2 * HIGH + 12}' role='img' "
        f"aria-label='distribution over poses'><g class='globe'><ellipse rx='{WIDE}' ry='{HIGH}'/>{grid}"
        f"<path d='M{-WIDE} 0H{WIDE}M0 {-HIGH}V{HIGH}'/></g>{''.join(reversed(rings))}{''.join(reversed(dots))}</svg>"
    )


def marks(quaternions: Array) -> list[tuple[float, float, str]]:
    """Return the place in the drawing and the colour of poses (n, 4), x to the right and y downwards."""
    turn, down, azimuth = quaternion_angles(
        quaternions
    ).T  # R = Rz Ry Rx: about the object's x axis, then its direction
    x, y = mollweide(azimuth, -down)
    return [
        (float(WIDE * across), float(-HIGH * up), f"hsl({degrees:.0f} 85% 48%)")
        for across, up, degrees in zip(x, y, np.degrees(turn) % 360, strict=True)
    ]


def mollweide(azimuth: Array, latitude: Array) -> tuple[Array, Array]:
    """Return Mollweide's equal-area projection of directions (n,), in [-1, 1] each: the ellipse has half axes of 1.

    Its angle t solves 2 t + sin 2t = pi sin(latitude).
    """
    target, angle = np.pi * np.sin(latitude), latitude.copy()
    for _ in range(STEPS):
        slope = 2 + 2 * np.cos(2 * angle)
        angle -= np.where(slope > POLE, (2 * angle + np.sin(2 * angle) - target) / np.maximum(slope, POLE), 0.0)
    angle = np.clip(angle, -np.pi / 2, np.pi / 2)
    return azimuth / np.pi * np.cos(angle), np.sin(angle)
