"""Distributions over poses from maps: of balls with a known texture, whose pictures are the maps."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scoring import context_of, random_split
from torch import Tensor, nn

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import LoadedEncoder
from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.metrics.geometry.pose_distribution import MAP_POSES
from iebench.benchmark.poses.sphere import RADIUS
from iebench.benchmark.probes.geometry.map_distribution import map_distribution
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.benchmark.statistics.resamples import unpack
from iebench.manifests.conventions import pose
from iebench.manifests.factors import factor_groups
from iebench.manifests.laws import Constant, Uniform
from iebench.manifests.recipe import load

SIDE = 16
CAMERA = load("mini").scene.camera
LIMITS = {"upright": (0.0, 0.0, np.pi), "every angle": (np.pi / 2, np.pi / 2, np.pi / 2)}


class Pictures(nn.Module):
    """An encoder whose map is the picture, and whose representation is its mean colour."""

    map_stages = 1

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))

    def maps(self, images: Tensor, stages: tuple[int, ...]) -> tuple[Tensor, ...]:
        return tuple(images for _ in stages)


def balls(poses: Rotation, fold: int) -> NDArray[np.uint8]:
    """Return pictures of balls whose colours are waves on their surface, the same after a turn by 360 / fold degrees.

    The camera's frame is that of a look at the origin: the wave at a pixel is that of the ball's own point.
    """
    centres = (2 * np.arange(SIDE) + 1) / SIDE - 1
    reach = RADIUS / (CAMERA.radius * np.tan(CAMERA.field_of_view / 2))
    up, right = np.meshgrid(-centres / reach, centres / reach, indexing="ij")
    towards = np.sqrt(np.maximum(0, 1 - right**2 - up**2))
    seen = np.stack([right, up, towards], axis=-1).reshape(-1, 3)
    sine, cosine = np.sin(CAMERA.theta), np.cos(CAMERA.theta)
    axes = np.array([[-1, 0, 0], [0, -cosine, sine], [0, sine, cosine]])  # right, up and towards in the world
    points = np.stack([turn.inv().apply(seen @ axes) for turn in poses])
    azimuth, radius = np.arctan2(points[..., 1], points[..., 0]), np.hypot(points[..., 0], points[..., 1])
    waves = np.stack([radius * np.cos(fold * azimuth), radius * np.sin(fold * azimuth), points[..., 2]], axis=-1)
    inside = (right**2 + up**2 < 1).reshape(1, -1, 1)
    return np.uint8(128 + 120 * waves * inside).reshape(-1, SIDE, SIDE, 3)


def of_balls(limits: str, fold: int = 1, objects: int = 24, views: int = 12) -> Context:
    """Return splits of balls in random poses, with the encoder `Pictures`."""
    splits = []
    for seed in (0, 1):
        generator = np.random.default_rng(seed)
        angles = generator.uniform(-1, 1, (objects * views, 3)) * LIMITS[limits]
        pictures = balls(pose(angles), fold)
        split = random_split(objects, views, pictures.mean((1, 2)).astype(np.float32), seed=seed)
        latents = split.latents | dict(zip(("rot_x", "rot_y", "rot_z"), angles.T, strict=True))
        splits.append(replace(split, latents=latents, pixels=pictures.__getitem__, camera=CAMERA))
    laws = [Uniform(-most, most) if most else Constant(0.0) for most in LIMITS[limits]]
    factors = [
        replace(factor, law=law) for factor, law in zip(load("mini").factors[:3], laws, strict=True)
    ]  # rot_x, rot_y and rot_z come first
    encoder = prepare(LoadedEncoder("pictures", Pictures(), resolution=SIDE), SIDE, torch.device("cpu"))
    return replace(context_of(*splits), groups=factor_groups(factors), encoder=encoder)


@cache
def measured_at(fold: int) -> dict[str, float]:
    values = map_distribution(of_balls("upright", fold))[WHOLE]
    assert values.keys() | {"map_pose_entropy_auroc"} == MAP_POSES.keys()
    return {name.removeprefix("map_pose_"): entry.value for name, entry in values.items()}


def test_the_pose_of_a_textured_ball_is_recovered() -> None:
    """Its map is a function on the sphere that turns with the ball, as the convolution supposes."""
    measured = measured_at(1)
    assert measured["mass_15"] > 0.9 and measured["log_likelihood"] > np.log(360 / 15) > -measured["entropy"] - 2


@pytest.mark.slow
def test_a_symmetric_ball_loses_the_logarithm_of_the_number_of_poses() -> None:
    single, two = measured_at(1), measured_at(2)
    assert single["log_likelihood"] - two["log_likelihood"] == pytest.approx(np.log(2), abs=0.3)
    assert two["mass_30"] == pytest.approx(0.5, abs=0.1)


def test_a_map_without_texture_says_nothing() -> None:
    context = of_balls("upright")
    gray = np.full((SIDE, SIDE, 3), 128, np.uint8)

    def blank(split: Split) -> Split:
        return replace(split, pixels=lambda rows: np.broadcast_to(gray, (len(rows), *gray.shape)).copy())

    values = map_distribution(replace(context, train=blank(context.train), val=blank(context.val)))[WHOLE]
    assert abs(values["map_pose_log_likelihood"].value) < 0.1
    assert values["map_pose_mass_15"].value == pytest.approx(values["map_pose_mass_15"].floor, abs=0.03)


@pytest.mark.slow
def test_three_angles_are_recovered() -> None:
    """The mean of the map is that of the colours, which says less."""
    values = map_distribution(of_balls("every angle", objects=40, views=20))[WHOLE]
    assert values["map_pose_mass_30"].value > 0.5 > 20 * values["map_pose_mass_30"].floor


@pytest.mark.slow
def test_the_same_maps_give_the_same_numbers_and_the_penalty_is_kept() -> None:
    first, second = (of_balls("upright", objects=8) for _ in range(2))
    assert map_distribution(first) == map_distribution(second)
    assert first.regularisation[WHOLE]["map_distribution"] == second.regularisation[WHOLE]["map_distribution"]


def test_distributions_are_kept_to_be_drawn_as_those_of_the_map() -> None:
    """Those of one view of ten objects, with their true pose, near which most of the probability is."""
    context = of_balls("upright", objects=12)
    map_distribution(context)
    assert len(context.distributions) == 10 and {shown.input for shown in context.distributions} == {"map"}
    for shown in context.distributions:
        row = context.val.identities.index((shown.synset, shown.object_id)) * context.val.views + shown.view
        (true,) = Rotation.from_quat(unpack(shown.alike).reshape(-1, 4))
        assert abs((true.as_euler("xyz")[2] - context.val.latents["rot_z"][row] + np.pi) % (2 * np.pi) - np.pi) < 1e-3
        away = np.degrees((Rotation.from_quat(unpack(shown.poses).reshape(-1, 4)) * true.inv()).magnitude())
        assert (away <= 30) @ unpack(shown.shares) > 0.5


def test_without_maps_or_a_still_camera_a_note_says_why() -> None:
    context = of_balls("upright", objects=8)
    for other, reason in [
        (replace(context, encoder=None, notes=[]), "features of a file have no maps"),
        (replace(context, val=replace(context.val, camera=None), notes=[]), "the camera moves"),
    ]:
        assert map_distribution(other) == {}
        assert other.notes == [f"no distribution over poses is fitted to maps: {other.notes[0].partition(': ')[2]}"]
        assert reason in other.notes[0]
    assert load("mini").still_camera == CAMERA and load("mini-rolled").still_camera is None
