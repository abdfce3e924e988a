"""Both ceilings of rotation: that of an oracle without colours is never above that of one with them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scoring import context_of, random_split

from iebench.benchmark.fitting.context import Context
from iebench.benchmark.fitting.oracle import Prior, Symmetries
from iebench.benchmark.probes.geometry.ceilings import ceilings
from iebench.manifests.conventions import pose
from iebench.manifests.laws import Uniform
from iebench.manifests.symmetry import Symmetry

NONE = Symmetry.none()
FOUR = Symmetry("finite", Rotation.from_rotvec(np.arange(4)[:, None] * [0, 0, np.pi / 2]).as_quat())
QUARTER = Uniform(-np.pi / 2, np.pi / 2)
ANGLES = np.random.default_rng(0).uniform(-np.pi / 2, np.pi / 2, (2_000, 3))
PRIOR = Prior((QUARTER,) * 3, pose(ANGLES).as_matrix().mean(0))


def with_symmetries(colour: Symmetry, shape: Symmetry | None) -> Context:
    context = context_of(random_split(12, 8, seed=0), random_split(8, 8, seed=1, rounds=6))
    known = dict.fromkeys(context.val.identities, colour)
    of_shape = None if shape is None else dict.fromkeys(context.val.identities, shape)
    oracle = Symmetries(known, PRIOR, of_shape)
    return replace(context, oracle=oracle, symmetries=oracle)


def test_a_print_that_tells_the_poses_apart_lifts_the_ceiling_to_one() -> None:
    values = ceilings(with_symmetries(NONE, FOUR))["whole"]
    assert values["ceiling_colour"].value == pytest.approx(1)
    assert 0 < values["ceiling_shape"].value < 0.95
    assert values["ceiling_shape"].floor == values["ceiling_colour"].floor < 0.1


def test_colours_that_keep_the_symmetries_leave_the_ceiling() -> None:
    values = ceilings(with_symmetries(FOUR, FOUR))["whole"]
    assert values["ceiling_colour"].value == values["ceiling_shape"].value < 0.95


def test_without_colours_nothing_is_measured() -> None:
    assert ceilings(with_symmetries(FOUR, None)) == {}
    assert ceilings(replace(with_symmetries(NONE, FOUR), oracle=None)) == {}
