"""Drawings of distributions over poses: where a pose lies, and in which colour."""

import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from iebench.benchmark.report.poses import HIGH, LARGEST, WIDE, drawing, marks, mollweide
from iebench.benchmark.results.score import Distribution
from iebench.benchmark.statistics.resamples import pack


def test_the_projection_keeps_areas_and_ends_at_the_poles() -> None:
    """Uniform directions fill the ellipse uniformly; on the equator the place is the azimuth's share of half a turn."""
    generator = np.random.default_rng(0)
    latitudes = np.arcsin(generator.uniform(-1, 1, 20_000))
    x, y = mollweide(generator.uniform(-np.pi, np.pi, 20_000), latitudes)
    assert (x**2 + y**2).max() <= 1 + 1e-12
    squared = np.sort(x**2 + y**2)  # uniform on [0, 1] for points that are uniform in a disc
    np.testing.assert_allclose(squared, (np.arange(20_000) + 0.5) / 20_000, atol=0.02)
    ends = mollweide(np.array([1.0, 1.0, np.pi / 2]), np.array([np.pi / 2, -np.pi / 2, 0.0]))
    np.testing.assert_allclose(ends, [[0, 0, 0.5], [1, -1, 0]], atol=0.01)


def test_a_pose_lies_where_its_x_axis_points_and_has_the_colour_of_the_turn_about_it() -> None:
    """Turns about the vertical go right, the x axis upwards goes up, and a turn about x changes the colour alone."""
    turns = Rotation.from_rotvec(np.array([[0, 0, 0], [0, 0, np.pi / 2], [0, -np.pi / 4, 0], [np.pi / 3, 0, 0]]))
    still, right, up, own = marks(turns.as_quat())
    assert still == pytest.approx((0, 0, still[2])) and still[2].startswith("hsl(0 ")
    assert right[0] == pytest.approx(WIDE / 2) and right[1] == pytest.approx(0) and right[2] == still[2]
    assert up[0] == pytest.approx(0) and -HIGH < up[1] < -HIGH / 2 and up[2] == still[2]
    assert own[:2] == pytest.approx((0, 0)) and own[2].startswith("hsl(60 ")


def test_dots_have_the_probability_as_area_and_lie_over_the_rings() -> None:
    poses = Rotation.random(3, rng=np.random.default_rng(0)).as_quat()
    svg = drawing(Distribution("a", "b", 0, pack(poses[:2].ravel()), pack(np.array([0.64, 0.16])), pack(poses.ravel())))
    dots = [float(radius) for radius in re.findall(r"<circle cx=[^>]* r='([0-9.]+)' fill=", svg)]
    assert sorted(dots) == pytest.approx([0.4 * LARGEST, 0.8 * LARGEST], abs=0.06)
    assert svg.count("class='alike") == 3 and svg.count("alike true") == 1
    assert svg.rindex("class='alike") < svg.index("fill='hsl")
