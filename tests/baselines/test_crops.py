"""Crops are squares of the image; their points fill the unit cube and depend on their number alone."""

import numpy as np
import torch

from iebench.baselines.crops import STEPS, crops, sequence


def test_the_steps_are_powers_of_the_root() -> None:
    root = 1 / STEPS[0]
    np.testing.assert_allclose([root**4, *STEPS], [root + 1, 1 / root, 1 / root**2, 1 / root**3], rtol=1e-14)


def test_points_are_spread_evenly_and_can_be_computed_in_any_order() -> None:
    start, numbers = torch.tensor([0.1, 0.7, 0.3]), torch.arange(4096)
    points = sequence(numbers, start)
    assert points.min() >= 0 and points.max() < 1
    counts = np.histogramdd(points.numpy(), bins=4, range=[(0, 1)] * 3)[0]
    assert abs(counts - 64).max() <= 8  # independent points would deviate by three times as much
    torch.testing.assert_close(sequence(numbers.flip(0)[:10], start), points.flip(0)[:10])


def test_a_crop_of_everything_is_the_image_at_that_size() -> None:
    images = torch.rand(3, 3, 8, 8, dtype=torch.float64)
    points = torch.rand(3, 3, dtype=torch.float64)
    torch.testing.assert_close(crops(images, points, (1.0, 1.0), 8), images)
    halves = torch.nn.functional.avg_pool2d(images, 2)
    torch.testing.assert_close(crops(images, points, (1.0, 1.0), 4), halves)


def test_a_quarter_of_the_area_at_the_corners_is_that_quarter_of_the_image() -> None:
    image = torch.rand(1, 3, 8, 8, dtype=torch.float64)
    for right in (0, 1):
        for down in (0, 1):
            crop = crops(image, torch.tensor([[0.5, right, down]]).double(), (0.25, 0.25), 4)
            torch.testing.assert_close(crop, image[:, :, 4 * down : 4 * down + 4, 4 * right : 4 * right + 4])
