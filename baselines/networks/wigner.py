"""Wigner matrices: the irreducible representations of the rotations on real spherical harmonics of each degree.

Y_l(R x) = D_l(R) Y_l(x) for the 2l + 1 real harmonics of degree l, so D_l(R1 R2) = D_l(R1) D_l(R2). Harmonics are
ordered by m = -l..l: sines, then cosines; those of degree 1 are (y, z, x).
"""

import math
from functools import cache

import torch
from torch import Tensor

AXES = [2, 0, 1]  # position of x, y and z among the harmonics of degree 1


def wigner(degree: int, quaternion: Tensor) -> Tensor:
    """Return D_l of unit quaternions, as D(z by a) D(y by b) D(z by c) with Euler angles that need no special case.

    quaternion : (B, 4) float64, scalar last
    returns : (B, 2l + 1, 2l + 1) float64
    """
    x, y, z, w = quaternion.unbind(-1)
    half, other = torch.atan2(z, w), torch.atan2(-x, y)  # (a + c) / 2 and (a - c) / 2
    middle = 2 * torch.atan2(torch.hypot(x, y), torch.hypot(z, w))
    tilt = _tilt(degree)
    turns = [_about_z(degree, angle) for angle in (half + other, middle, half - other)]
    return turns[0] @ tilt @ turns[1] @ tilt.T @ turns[2]


def _about_z(degree: int, angle: Tensor) -> Tensor:
    """Return D_l of rotations about z by angles (B,): cos(m a) on the diagonal, sin(m a) on the other one."""
    m = torch.arange(-degree, degree + 1, dtype=angle.dtype)
    waves = angle[:, None] * m
    turn: Tensor = torch.diag_embed(waves.cos()) + torch.diag_embed(-waves.sin()).flip(-1)
    return turn


@cache
def _tilt(degree: int) -> Tensor:
    """Return D_l of the rotation about x by -90 degrees, which takes z to y."""
    turn: Tensor = torch.linalg.matrix_exp(-math.pi / 2 * generator(degree))
    return turn


def generator(degree: int) -> Tensor:
    """Return the derivative of D_l(rotation about x by t) at t = 0: (2l + 1, 2l + 1) float64, antisymmetric.

    i L_x on complex harmonics, with ladder operators of entries sqrt(l (l + 1) - m (m + 1)), in the real basis.
    """
    m = torch.arange(-degree, degree, dtype=torch.float64)
    ladder = torch.diag(torch.sqrt(degree * (degree + 1) - m * (m + 1)).to(torch.complex128), 1)
    real = torch.zeros(2 * degree + 1, 2 * degree + 1, dtype=torch.complex128)  # rows: real, columns: complex
    real[degree, degree] = 1
    for k in range(1, degree + 1):
        sign = (-1) ** k / math.sqrt(2)
        real[degree + k, degree + k], real[degree + k, degree - k] = sign, 1 / math.sqrt(2)
        real[degree - k, degree + k] = torch.tensor(-1j * sign, dtype=torch.complex128)
        real[degree - k, degree - k] = torch.tensor(1j / math.sqrt(2), dtype=torch.complex128)
    turn: Tensor = (real @ (0.5j * (ladder + ladder.T)) @ real.mH).real
    return turn
