"""A capsule head: one layer of self-routing from a map to capsules with activations and poses (EquiCaps, 2025).

Every position of the map has a capsule of each kind. It votes for the pose of every output capsule by a matrix of its
own, and shares its activation out by a softmax; there are no rounds of routing.
"""

import torch
from torch import Tensor, nn

from ..losses import no_autocast, precise

SMALLEST = 1e-12  # least divisor: a capsule without votes has no pose


class Capsules(nn.Module):
    """(B, C, h, w) -> (B, K + K P): the activations of K capsules, which sum to 1, and their poses of P numbers.

    channels : C; capsules : K; numbers : P
    side : positions a side; a map of another size is averaged to it, so that weights do not depend on the resolution
    """

    def __init__(self, channels: int, capsules: int, numbers: int, side: int) -> None:
        super().__init__()
        self.capsules, self.numbers, self.pool = capsules, numbers, nn.AdaptiveAvgPool2d(side)
        self.activation, self.pose = (
            nn.Sequential(nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs))
            for outputs in (capsules, capsules * numbers)
        )
        inputs = side * side * capsules
        self.votes = nn.Parameter(torch.empty(inputs, capsules * numbers, numbers))
        self.routes = nn.Parameter(torch.zeros(inputs, capsules, numbers))
        self.bias = nn.Parameter(torch.zeros(inputs, capsules))
        nn.init.kaiming_normal_(self.votes)

    def forward(self, maps: Tensor) -> Tensor:
        """Return activations and poses, in float32 or better: their quotients would overflow in fp16."""
        maps = self.pool(maps)
        active = precise(self.activation(maps)).sigmoid().flatten(2).mT.flatten(1)  # (B, n), by position, then capsule
        pose = torch.unflatten(precise(self.pose(maps)), 1, (self.capsules, self.numbers))  # (B, K, P, s, s)
        pose = pose.flatten(3).permute(0, 3, 1, 2).flatten(1, 2)  # (B, n, P)
        with no_autocast(maps.device):
            share = torch.softmax(torch.einsum("bnp,nkp->bnk", pose, self.routes) + self.bias, dim=2)
            share = share * active[:, :, None]  # (B, n, K)
            mass = share.sum(dim=1)  # (B, K)
            activation = mass / active.sum(dim=1, keepdim=True).clamp(min=SMALLEST)
            share = share / mass.clamp(min=SMALLEST)[:, None]
            votes = torch.unflatten(self.votes, 1, (self.capsules, self.numbers))  # (n, K, P, P)
            poses = torch.einsum("bnkp,nkqp->bkq", share[..., None] * pose[:, :, None], votes)
        return torch.cat([activation, poses.flatten(1)], dim=1)
