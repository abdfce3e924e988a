"""Prints what breaks the symmetry of built-in objects that people call round: python tests/by_hand/round_objects.py

Each number in percent is the distance of 98 % of the visible surface from itself after the worst of some turns about a
vertical axis, in diagonals. As built: about the centre of the bounding box. Then each cause alone, about the body's own
axis and without the stretch of x against y unless that is the cause: the stretch (of the round parts), the place of the
axis off the centre (of the round parts), the parts that are not round (of all parts), and none of them. The last
number is the difference in colour (L*a*b*) after the turns. Parts that are not round follow, with their share of the
surface.
"""

import hashlib

import click
import helping  # noqa: F401  makes the next ones importable
import numpy as np
import trimesh
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from iebench.renderer.builtin import build
from iebench.renderer.builtin.registry import GENERATORS, Dice
from iebench.renderer.sources import ObjectRef
from iebench.renderer.symmetry.estimate import FREE, SHARE, TOLERANCE, Colours, visible
from iebench.renderer.symmetry.surface import coloured_points

CLASSES = {"bottle": "02876657", "bowl": "02880940", "can": "02946921", "lamp": "03636649"}
OBJECTS, POINTS, ROUND = 3, 32_768, 0.015  # a part is round if its turns move it by less, in diagonals of the object
TURNS = [Rotation.from_rotvec([0, 0, angle]) for angle in FREE]


def unstretched(synset, number):
    """Return an object's parts before their stretch, about whose z axis its body is round, and the stretch (3,)."""
    digest = hashlib.sha256(f"builtin/{synset}/{number}".encode()).digest()
    rng = np.random.Generator(np.random.Philox(int.from_bytes(digest[:16], "little")))
    stretch = rng.uniform(0.9, 1.1, 3)
    return GENERATORS[synset](Dice(rng)), stretch


def sampled(parts):
    """Return points on the surface, with a diagonal of 1 and the z axis kept, their areas, and the part of each."""
    meshes = [trimesh.Trimesh(part.vertices, part.faces, process=False, validate=False) for part in parts]
    areas = np.array([mesh.area for mesh in meshes])
    counts = np.maximum(512, np.rint(POINTS * areas / areas.sum())).astype(int)
    points = [trimesh.sample.sample_surface(mesh, n, seed=0)[0] for mesh, n in zip(meshes, counts, strict=True)]
    sources, points = np.repeat(np.arange(len(parts)), counts), np.concatenate(points)
    return points / np.linalg.norm(np.ptp(points, axis=0)), (areas / counts)[sources], sources


def visibly(points, weights):
    """Return the largest distance of `worst`, of the points that are seen from outside."""
    seen = visible(points)
    return worst(points[seen], weights[seen])


def worst(points, weights):
    """Return the largest distance of SHARE of the surface from itself after the turns, in percent."""
    tree = KDTree(points)
    return 100 * max(quantile(tree.query(turn.apply(points))[0], weights) for turn in TURNS)


def quantile(distances, weights):
    """Return the distance below which SHARE of the surface lies."""
    order = np.argsort(distances)
    return distances[order][np.searchsorted(np.cumsum(weights[order]), SHARE * weights.sum())]


for word, synset in CLASSES.items():
    for number in range(OBJECTS):
        built = visibly(*sampled(build(synset, number))[:2])
        parts, stretch = unstretched(synset, number)
        points, weights, sources = sampled(parts)
        alone = [worst(points[sources == k], weights[sources == k]) for k in range(len(parts))]
        corners = np.vstack([part.vertices for part in parts]) * stretch
        off = (corners.min(0) + corners.max(0))[:2] / 2 / np.linalg.norm(np.ptp(corners, axis=0))
        kept = np.array(alone)[sources] < 100 * ROUND
        turned, areas = points[kept], weights[kept]
        lone = [
            f"{visibly(each / np.linalg.norm(np.ptp(each, axis=0)), areas):.1f} %" if kept.any() else "-"
            for each in (turned * stretch, turned - [*off, 0], turned)
        ]
        coloured, lab = coloured_points(ObjectRef(synset, str(number), word, 0, "val", None))
        upright = (coloured + np.array([*off, 0])) / stretch
        tint = max(Colours(upright, lab).residual(turn, TOLERANCE) for turn in TURNS)
        click.echo(
            f"{word} {number}: as built {built:.1f} %; x : y is {stretch[0] / stretch[1]:.2f}, alone {lone[0]}; "
            f"axis {100 * np.hypot(*off):.1f} % off the centre, alone {lone[1]}; "
            f"parts alone {visibly(points, weights):.1f} %; none {lone[2]}; colour {tint:.0f}"
        )
        seen = visible(points)
        for k in np.flatnonzero(np.array(alone) >= 100 * ROUND):
            share = weights[seen & (sources == k)].sum() / weights[seen].sum()
            click.echo(f"    part {k} of {len(parts)}: {100 * share:.1f} % of the surface, moves by {alone[k]:.1f} %")
