"""Rotation matrices equal scipy's; six numbers give rotations; the nearest rotation is a projection."""

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from iebench.baselines.rotations import from_quaternion, from_six, nearest


def test_matrices_of_quaternions_are_scipys_with_either_sign() -> None:
    turns = Rotation.random(20, random_state=0)
    quaternions = torch.from_numpy(turns.as_quat())
    for sign in (1, -1):
        np.testing.assert_allclose(from_quaternion(sign * quaternions).numpy(), turns.as_matrix(), atol=1e-14)


def test_six_numbers_give_a_rotation_and_two_of_its_columns_give_it_back() -> None:
    torch.manual_seed(0)
    turns = from_six(torch.randn(50, 6, dtype=torch.float64) * 7)
    eye = torch.eye(3, dtype=torch.float64).expand(50, 3, 3)
    torch.testing.assert_close(turns.mT @ turns, eye)
    torch.testing.assert_close(torch.linalg.det(turns), torch.ones(50, dtype=torch.float64))
    torch.testing.assert_close(from_six(torch.cat([turns[..., 0], turns[..., 1]], dim=-1)), turns)


def test_the_nearest_rotation_is_scipys_also_of_a_mirror_image() -> None:
    torch.manual_seed(0)
    matrices = torch.randn(30, 3, 3, dtype=torch.float64)
    assert (torch.linalg.det(matrices) < 0).any() and (torch.linalg.det(matrices) > 0).any()
    for matrix, turn in zip(matrices, nearest(matrices), strict=True):
        expected = Rotation.align_vectors(matrix.numpy().T, np.eye(3))[0].as_matrix()  # maximises tr(R^T M)
        np.testing.assert_allclose(turn.numpy(), expected, atol=1e-9)
