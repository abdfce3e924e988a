"""Maps on a sphere: a map is laid on the half of a sphere that faces the camera, and expanded in harmonics.

The projection is that of Klee et al. (2023), "Image to sphere: learning equivariant features for efficient pose
prediction": orthographic, with weights that fall to 0 towards the rim.
"""

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor
from torch.nn import functional

from iebench.baselines.networks.wigner import wigner
from iebench.manifests.recipe import Camera

from .healpix import FACES, directions

Array = NDArray[np.float64]

RADIUS = 0.5  # of the sphere around an object whose bounding box has the diagonal 1
SIDE = 16  # pixels along a face of HEALPix: 1,536 on half of the sphere
FULL = 75.0  # degrees from the camera's direction up to which weights are 1; at 90 degrees they are 0


def harmonics(vectors: Array, degree: int) -> Tensor:
    """Return the real spherical harmonics of degrees 0 .. `degree` at unit vectors (n, 3): (n, (degree + 1)^2) float64.

    They are orthonormal on the sphere, in the order of `wigner`: Y(R x) = D(R) Y(x) for the harmonics of a degree. So
    their values are those at the z axis, which are 0 but for m = 0, multiplied by D of a rotation from z to x.
    """
    towards = torch.from_numpy(np.stack([-vectors[:, 1], vectors[:, 0], 0 * vectors[:, 0], 1 + vectors[:, 2]], axis=1))
    towards[vectors[:, 2] <= -1] = torch.tensor([1.0, 0.0, 0.0, 0.0]).to(towards)  # a half turn about x
    towards /= towards.norm(dim=1, keepdim=True)
    own = [wigner(n, towards)[:, :, n] * math.sqrt((2 * n + 1) / (4 * math.pi)) for n in range(degree + 1)]
    return torch.cat(own, dim=1)


@lru_cache(maxsize=8)
def projection(camera: Camera, height: int, width: int, degree: int) -> Tensor:
    """Return the matrix from a map's positions to the coefficients of its harmonics in the world's frame.

    camera : looks at the origin, about which the sphere lies
    returns : ((degree + 1)^2, height * width) float64; coefficients are integrals over the visible half of the sphere
    """
    face, row, column = np.indices((FACES, SIDE, SIDE)).reshape(3, -1)
    points = directions(face, (row + 0.5) / SIDE, (column + 0.5) / SIDE)
    areas = np.full(len(points), 4 * np.pi / len(points))
    visible = points[:, 2] > 0  # in the camera's frame: x right, y up, z towards the camera
    points, areas = points[visible], areas[visible]
    weights = areas * np.clip((90 - np.degrees(np.arccos(points[:, 2]))) / (90 - FULL), 0, 1)
    reach = RADIUS / (camera.radius * math.tan(camera.field_of_view / 2))  # the sphere's radius in the picture
    positions = torch.from_numpy(points[:, :2] * [reach, -reach])
    each = torch.eye(height * width, dtype=torch.float64).view(1, height * width, height, width)
    shares = functional.grid_sample(each, positions[None, None], padding_mode="border", align_corners=False)[0, :, 0]
    turned = Rotation.from_euler("xyz", [camera.theta, 0.0, camera.phi + np.pi / 2]).apply(points)
    return (harmonics(turned, degree) * torch.from_numpy(weights)[:, None]).T @ shares.T
