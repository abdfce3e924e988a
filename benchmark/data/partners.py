"""Groups of objects in a batch that share the action between their views, or come as near to it as their views allow.

The first object of a group shows the views of the order. The others show the ordered pair of their own views whose
relative rotation is nearest; a further view is the one that follows nearest. Where all objects have one list of poses,
they show the same view numbers, also if two views of the list have one pose, and the rotations are equal.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.conventions import geodesic_degrees, pose_quaternion, quaternion_product, relative_quaternion

from .order import Indices, Order
from .properties import angles, shared_poses

Array = NDArray[np.float64]


class Partners:
    """The rows of every batch of an order, with views changed so that groups share their actions.

    A pure function of the order's rows, so a run resumes exactly and ranks have the batches of one process.

    order : its batch, or a rank's share of it, is a multiple of `group`
    latents : name -> (n,) of every row
    group : number of objects in a row that share
    """

    def __init__(self, order: Order, latents: Mapping[str, NDArray[np.float64]], group: int) -> None:
        self.order, self.group = order, group
        self.angles = angles(latents)
        self.shared = shared_poses(pose_quaternion(self.angles.reshape(-1, order.stored, 3)))

    def rows(self, step: int) -> Indices:
        """Return the rows of batch number `step`: (batch, K), or this rank's share of them."""
        rows, stored = self.order.rows(step).copy(), self.order.stored
        if self.shared:
            numbers = np.repeat(rows[:: self.group] % stored, self.group, axis=0)
            return rows // stored * stored + numbers
        first = self.angles[rows[:: self.group]]  # (groups, K, 3)
        rotations = np.stack([relative_quaternion(first[:, k], first[:, k + 1]) for k in range(rows.shape[1] - 1)], 1)
        for member in range(1, self.group):
            every = self._every(rows[member :: self.group, 0])
            chosen = nearest(rotations, pose_quaternion(self.angles[every]))
            rows[member :: self.group] = np.take_along_axis(every, chosen, axis=1)
        return rows

    def facts(self, step: int) -> dict[str, float]:
        """Return numbers about batch number `step`, or this rank's share of it, for the log of a run."""
        return {"partner_degrees": self.degrees(step)}

    def degrees(self, step: int) -> float:
        """Return the median angle between the actions of the first object of a group and those of the others."""
        shown = self.angles[self.rows(step)]  # (batch, K, 3)
        turns = np.stack([relative_quaternion(shown[:, k], shown[:, k + 1]) for k in range(shown.shape[1] - 1)], axis=1)
        groups = turns.reshape(-1, self.group, *turns.shape[1:])  # (groups, group, K - 1, 4)
        first = np.broadcast_to(groups[:, :1], groups[:, 1:].shape)
        return float(np.median(geodesic_degrees(first.reshape(-1, 4), groups[:, 1:].reshape(-1, 4))))

    def _every(self, rows: Indices) -> Indices:
        """Return all rows of the objects of some rows: (n,) -> (n, stored)."""
        stored = self.order.stored
        every: Indices = rows[:, None] // stored * stored + np.arange(stored)
        return every


def nearest(rotations: Array, poses: Array) -> Indices:
    """Choose views of each object whose relative rotations are nearest to the given ones.

    rotations : (n, K - 1, 4) quaternions from each view to the next
    poses : (n, V, 4) quaternions of the object's views
    returns : (n, K) distinct views; the first two are the nearest of all ordered pairs
    """
    moved = quaternion_product(poses, np.broadcast_to(rotations[:, :1], poses.shape))  # R_i R12, for every view i
    near = np.abs(np.einsum("nic,njc->nij", moved, poses))  # |cos| of half the angle to R_j
    near[:, np.arange(poses.shape[1]), np.arange(poses.shape[1])] = -1  # a view is not its own partner
    pairs = np.stack(np.unravel_index(near.reshape(len(near), -1).argmax(axis=1), near.shape[1:]), axis=1)
    chosen, objects = [pairs[:, 0], pairs[:, 1]], np.arange(len(poses))
    for step in rotations[:, 1:].swapaxes(0, 1):
        after = quaternion_product(poses[objects, chosen[-1]], step)
        near = np.abs(np.einsum("nc,njc->nj", after, poses))
        for used in chosen:
            near[objects, used] = -1
        chosen.append(near.argmax(axis=1))
    views: Indices = np.stack(chosen, axis=1).astype(np.int64)
    return views
