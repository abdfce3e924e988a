"""Distributions over poses: of solids whose equivalent poses are known, as SYMSOL has them, and of one angle."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scoring import context_of, random_split

from iebench.benchmark.fitting.context import Context, Split, Values
from iebench.benchmark.fitting.oracle import Prior, Symmetries
from iebench.benchmark.metrics.geometry.pose_distribution import POSES
from iebench.benchmark.poses.density import Coordinates, Regression
from iebench.benchmark.poses.harmonics import Basis, functions
from iebench.benchmark.poses.leaves import log_likelihood, refined
from iebench.benchmark.poses.space import Range, Space
from iebench.benchmark.probes.geometry.pose_distribution import pose_distribution, range_of
from iebench.benchmark.probes.geometry.true_poses import alike, best, staggered
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.benchmark.statistics.resamples import unpack
from iebench.benchmark.statistics.spectrum import Spectrum
from iebench.manifests.conventions import quaternion_angles
from iebench.manifests.factors import Factor, factor_groups
from iebench.manifests.laws import Constant, Uniform, UniformSine
from iebench.manifests.recipe import load
from iebench.manifests.symmetry import Symmetry

Array = NDArray[np.float64]

DEGREE = 4
NONE = Symmetry.none()
UP = np.array([0.0, 0.0, 1.0])
SOLIDS = {
    "marked": NONE,
    "box": Symmetry("finite", Rotation.create_group("D2").as_quat()),
    "tetrahedron": Symmetry("finite", Rotation.create_group("T").as_quat()),
    "cube": Symmetry("finite", Rotation.create_group("O").as_quat()),
    "cone": Symmetry("axial", NONE.quaternions, UP),
    "cylinder": Symmetry("axial", NONE.quaternions, UP, flips=True),
    "ball": Symmetry("sphere", NONE.quaternions),
}
EVERYWHERE = Prior((Uniform(-np.pi, np.pi), UniformSine(), Uniform(-np.pi, np.pi)), np.zeros((3, 3)))


@cache
def everywhere() -> tuple[Space, Basis]:
    space = Space(Range(np.array([-np.pi, -np.pi / 2, -np.pi]), np.array([np.pi, np.pi / 2, np.pi])), level=1)
    return space, Basis.of(space, DEGREE)


@cache
def predicted(solid: str) -> tuple[Array, float]:
    """Fit densities on all that a picture of a solid can show; it is marked, or its poses look alike.

    The inputs are functions of the pose, each averaged over the poses that look alike.

    returns : log-likelihoods of poses and of those that look like them (elements, n); probability within 30 degrees
    """
    space, basis = everywhere()
    shape, elements = SOLIDS[solid], SOLIDS[solid].elements(24)

    def inputs(poses: Rotation) -> torch.Tensor:
        return sum(functions((poses * element).as_quat(), DEGREE) for element in elements) / len(elements)

    train, val = (Rotation.random(count, rng=np.random.default_rng(count)) for count in (1_500, 32))
    seen = inputs(train)
    cells = torch.from_numpy(space.divided.holding(1, quaternion_angles(train.as_quat())))
    spectrum = Spectrum.of(lambda: iter([seen]))
    known, unseen = (Coordinates.of(spectrum, lambda x=x: iter([x]), basis) for x in (seen, inputs(val)))
    fit = Regression(known, cells, basis, torch.from_numpy(space.volumes)).optimum(3e-4, 1e-2)
    levels = refined(fit.coefficients(unseen), basis, space)
    likelihoods = [
        log_likelihood(levels, space, space.holding(quaternion_angles((val * element).as_quat())))
        for element in elements
    ]
    near = [
        (shape.distance(pose, leaves.poses[i]) <= 30) @ leaves.shares[i]
        for leaves in levels for i, pose in enumerate(val.as_quat())
    ]  # fmt: skip
    return np.array(likelihoods), float(np.sum(near) / len(val))


@pytest.mark.parametrize("solid", ["box", "cube", "cone"])
@pytest.mark.slow
def test_a_solid_has_all_its_poses_and_is_less_sure_than_a_marked_one(solid: str) -> None:
    """Of n equal poses each has an n-th of the probability: the log-likelihood falls by log n, or by more if fewer
    views show each."""
    (marked, _), (likelihoods, near) = predicted("marked"), predicted(solid)
    lost, order = marked.mean() - likelihoods[0].mean(), len(SOLIDS[solid].quaternions)
    assert marked.mean() > 7 and near > 0.9
    assert np.log(order) < lost < np.log(order) + 1.5 if solid != "cone" else lost > 2
    assert likelihoods.mean(1) == pytest.approx(likelihoods.mean(), abs=0.7)  # no pose is preferred
    assert (likelihoods > 0).mean() > 0.75  # more probable than by a uniform distribution


@pytest.mark.parametrize("solid", SOLIDS)
def test_the_oracle_loses_the_logarithm_of_the_number_of_poses(solid: str) -> None:
    space, _ = everywhere()
    shape, poses = SOLIDS[solid], Rotation.random(8, rng=np.random.default_rng(0)).as_quat()
    cells = space.holding(quaternion_angles(poses))
    oracle = Symmetries({}, EVERYWHERE)
    likelihoods, entropies = best(space, oracle, [shape] * 8, poses, cells)
    sharp = -np.log(space.cell)
    if shape.kind == "finite":
        assert sharp - likelihoods == pytest.approx(np.log(len(shape.quaternions))) == sharp + entropies
    elif shape.kind == "axial":  # the circle passes through cells of 7.5 degrees, at an angle
        held = sharp + entropies
        assert (np.log(360 / 7.5 * (1 + shape.flips)) - 0.3 < held).all() and (
            held < np.log(150 * (1 + shape.flips))
        ).all()
    else:
        assert likelihoods == pytest.approx(0, abs=0.05) and entropies == pytest.approx(0, abs=0.01)


def test_poses_outside_the_laws_have_no_share() -> None:
    """A half turn about the upright axis leaves a range of a quarter turn to each side."""
    space = Space(Range(np.array([0, 0, -1.5]), np.array([0, 0, 1.5])))
    oracle = Symmetries({}, Prior((Uniform(-1e-9, 1e-9), Uniform(-1e-9, 1e-9), Uniform(-1.5, 1.5)), np.zeros((3, 3))))
    half = Symmetry("finite", Rotation.create_group("C2").as_quat())
    pose = Rotation.from_rotvec([0, 0, 0.4])
    cells, shares = alike(space, oracle, half, pose.as_quat(), int(space.holding(np.array([[0, 0, 0.4]]))[0]))
    assert len(cells) == 1 and shares == pytest.approx([1])


def one_angle(fold: int, objects: int = 40, views: int = 12) -> Context:
    """Return splits of upright objects, whose features show the angle up to a turn of 360 / fold degrees.

    The part "nothing" is noise.
    """
    splits = []
    for seed in (0, 1):
        generator = np.random.default_rng(seed)
        angle = generator.uniform(-np.pi, np.pi, objects * views)
        noise = generator.normal(size=(len(angle), 4))
        features = np.column_stack([np.cos(fold * angle), np.sin(fold * angle), noise]).astype(np.float32)
        split = random_split(objects, views, features, seed=seed)
        latents = split.latents | {"rot_x": 0 * angle, "rot_y": 0 * angle, "rot_z": angle}
        splits.append(replace(split, latents=latents))
    parts = {WHOLE: slice(0, 2), "nothing": slice(2, 6)}
    return replace(context_of(*splits, parts=parts), groups=factor_groups(turning()))


@cache
def measured_at(fold: int) -> Values:
    return pose_distribution(one_angle(fold))


def turning() -> list[Factor]:
    """Return the factors of a recipe that turns objects about the upright axis alone."""
    law = {"rot_x": Constant(0.0), "rot_y": Constant(0.0), "rot_z": Uniform(-np.pi, np.pi)}
    return [replace(factor, law=law.get(factor.name, factor.law)) for factor in load("mini").factors]


@pytest.mark.slow
def test_a_recipe_of_one_angle_loses_the_logarithm_of_the_number_of_poses_too() -> None:
    single, four = (measured_at(fold)[WHOLE] for fold in (1, 4))
    lost = single["pose_log_likelihood"].value - four["pose_log_likelihood"].value
    assert lost == pytest.approx(np.log(4), abs=0.35)
    assert single["pose_log_likelihood"].value > np.log(360 / 30)
    assert single["pose_mass_30"].value > 0.95 and four["pose_mass_30"].value == pytest.approx(1 / 4, abs=0.05)
    for entry in single.values():
        assert entry.low <= entry.value <= entry.high and entry.n == 480 and entry.objects == 40
    assert single.keys() | {"pose_entropy_auroc"} == POSES.keys()  # which needs wrong poses and right ones


@pytest.mark.slow
def test_known_symmetries_count_and_give_ceilings() -> None:
    context = one_angle(4)
    shape = Symmetry("finite", Rotation.create_group("C4").as_quat())
    laws = tuple(factor.law for factor in turning()[:3])
    oracle = Symmetries(dict.fromkeys(context.val.identities, shape), Prior(laws, np.zeros((3, 3))))
    context = replace(context, symmetries=oracle)
    values = pose_distribution(context)[WHOLE]
    assert values["pose_mass_30"].value > 0.95 and values["pose_mass_30"].floor == pytest.approx(4 * 60 / 360, abs=0.03)
    ceiling = values["pose_log_likelihood"].ceiling
    assert ceiling == pytest.approx(np.log(96 / 4)) and values["pose_log_likelihood"].value < ceiling
    assert values["pose_entropy"].ceiling == pytest.approx(-ceiling)
    assert len(context.distributions) == 10
    for shown in context.distributions:
        row = context.val.identities.index((shown.synset, shown.object_id)) * context.val.views + shown.view
        alike, poses = (unpack(text).reshape(-1, 4) for text in (shown.alike, shown.poses))
        turns = np.degrees(Rotation.from_quat(alike).as_euler("xyz")[:, 2] - context.val.latents["rot_z"][row])
        assert np.sort(turns % 360).round(1).tolist() in ([0, 90, 180, 270], [90, 180, 270, 360])
        away = shape.distance(alike[0], poses)
        assert 0.94 < unpack(shown.shares).sum() <= 1.001 and (away * unpack(shown.shares)).sum() < 15


@pytest.mark.slow
def test_noise_says_nothing_and_is_not_sure() -> None:
    values = measured_at(1)["nothing"]
    assert abs(values["pose_log_likelihood"].value) < 0.05 and values["pose_entropy"].value > -0.1
    assert values["pose_mass_15"].value == pytest.approx(values["pose_mass_15"].floor, abs=0.01)
    assert "pose_entropy_auroc" not in values  # all poses are wrong


@pytest.mark.slow
def test_the_entropy_marks_the_wrong_poses_of_views_without_features() -> None:
    context = one_angle(1)
    dark = [replace(split, features=split.features * (np.arange(len(split.labels)) % 3 > 0)[:, None].astype(np.float32))
            for split in (context.train, context.val)]  # fmt: skip
    values = pose_distribution(replace(context, train=dark[0], val=dark[1]))[WHOLE]
    assert values["pose_entropy_auroc"].low > 0.8 and values["pose_entropy_auroc"].n == 480


@pytest.mark.slow
def test_the_same_features_give_the_same_numbers_and_the_penalty_is_kept() -> None:
    first, second = one_angle(1, objects=12), one_angle(1, objects=12)
    assert pose_distribution(first) == pose_distribution(second)
    assert first.regularisation == second.regularisation
    assert first.regularisation[WHOLE]["pose_distribution"].converged


def test_poses_outside_the_recipe_get_a_note_and_constant_ones_nothing() -> None:
    context = one_angle(1, objects=12)
    groups = factor_groups(load("mini").factors)
    narrow = replace(context, groups=groups, notes=[])
    assert range_of(narrow) is None and pose_distribution(narrow) == {}
    assert "outside the range of the recipe" in narrow.notes[0]
    still = replace(context.val, latents=context.val.latents | {"rot_z": 0 * context.val.latents["rot_z"]})
    assert pose_distribution(replace(context, val=still)) == {}


def test_views_of_a_sweep_are_spread_over_all_its_steps() -> None:
    split: Split = random_split(24, 16)
    rows = staggered(split, np.arange(24), 24 * 4)
    assert len(rows) == 96 and set(rows % 16) == set(range(16)) and set(rows // 16) == set(range(24))
    assert len(staggered(split, np.arange(24), 10)) == 10
