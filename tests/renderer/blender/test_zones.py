"""The object's window in the picture, and blending of two rendered parts into one picture."""

import math

import blender_probe
import numpy as np
import pytest

from iebench.manifests.taxonomy import choose
from iebench.renderer.blender.zones import FADE, FILTER, Window, enlarged, ground_size, joined, window_of
from iebench.renderer.sources.builtin import Builtin

pytestmark = pytest.mark.slow

HALF = math.tan(0.3)


def test_a_window_holds_every_point_with_room_for_filter_and_fade():
    points = np.random.default_rng(0).normal(0, 0.1, (50, 3)) - [0, 0, 2]
    window = window_of(points, HALF, 200)
    x = 100 + 100 / HALF * points[:, 0] / -points[:, 2]
    y = 100 - 100 / HALF * points[:, 1] / -points[:, 2]
    room = FILTER + FADE
    assert window.left + room <= x.min() < window.left + room + 1
    assert window.top + room <= y.min() < window.top + room + 1
    assert window.right - room - 1 < x.max() <= window.right - room
    assert window.bottom - room - 1 < y.max() <= window.bottom - room


def test_a_window_ends_with_the_picture():
    assert window_of(np.array([[-9.0, 0, -1], [9, 0, -1]]), HALF, 64) == Window(0, 26, 64, 38)
    assert window_of(np.array([[9.0, 0, -1]]), HALF, 64) is None
    assert window_of(np.array([[0.0, 0, -1], [0, 0, 1]]), HALF, 64) == Window(0, 0, 64, 64)


@pytest.mark.parametrize(("size", "ground"), [(256, 128), (512, 256), (200, 128), (128, 128), (64, 64)])
def test_the_ground_is_half_as_wide_but_not_small(size, ground):
    assert ground_size(size) == ground


def test_enlarging_keeps_a_slope_and_moves_nothing():
    slope = np.repeat(np.arange(20, 148, dtype=np.uint8)[None, :, None], 128, 0).repeat(3, 2)
    inner = enlarged(slope, 256)[:, 8:-8, 0].astype(float)
    assert np.abs(inner - (20 + (np.arange(256) + 0.5) / 2 - 0.5)[None, 8:-8]).max() <= 0.75


def test_parts_fade_into_each_other_and_equal_parts_leave_no_trace():
    ground, near = np.full((40, 40, 3), 100, np.uint8), np.full((20, 30, 3), 140, np.uint8)
    picture = joined(ground, near, Window(5, 20, 35, 40))
    assert (picture[:20] == 100).all()
    assert (picture[:, :5] == 100).all()
    assert picture[30, 5:10, 0].tolist() == [105, 115, 125, 135, 140]
    assert (picture[39, 9:31] == 140).all()  # no blending at the picture's edge
    assert (joined(ground, near - 40, Window(5, 20, 35, 40)) == 100).all()


def test_a_rendered_window_equals_that_part_of_the_view(blender):
    """Blender's border counts pixels from below and truncates fractions; a shift by one would blur every edge twice."""
    mug = Builtin(None).objects(choose("mug"), 1)[0]
    whole, near, window = blender.schedule(blender_probe.whole_and_window, args=[mug]).result()
    assert near.shape == (window.bottom - window.top, window.right - window.left, 3)

    def apart(down, right):
        part = whole[window.top + down : window.bottom + down, window.left + right : window.right + right]
        return float(((part.astype(float) - near) ** 2).mean())

    assert apart(0, 0) < 10
    assert all(apart(*shift) > 5 * apart(0, 0) for shift in [(0, 1), (1, 0), (-1, 0), (0, -1)])


def test_a_view_rendered_in_two_parts_looks_like_a_view_rendered_at_once(blender):
    mug = Builtin(None).objects(choose("mug"), 1)[0]
    parts, whole = blender.schedule(blender_probe.in_parts_and_whole, args=[mug]).result()
    difference = np.abs(parts.astype(float) - whole)
    assert 0 < difference.mean() < 1
