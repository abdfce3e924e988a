"""Linear heads trained beside a run on its detached features: for the class and for every latent factor."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from iebench.baselines.action import onto
from iebench.manifests.factors import Factor

from ...statistics.explained import varying

RATE = 1e-2


@dataclass(frozen=True)
class Target:
    """Regression target of a head: a factor, or sine and cosine of a circular one, with the train split's moments.

    turn : period in the factor's unit; None if the factor is not circular
    columns : components that vary, at most 1 or 2; mean, deviation : moments of these components
    """

    name: str
    turn: float | None
    columns: Tensor
    mean: Tensor
    deviation: Tensor

    @staticmethod
    def of(factor: Factor, values: NDArray[np.float64]) -> "Target":
        """Make the target of a factor from its values in the train split, (n,)."""
        numbers = unrolled(torch.tensor(values), factor.turn).numpy()
        columns = varying(numbers)
        moments = (torch.from_numpy(moment[columns]) for moment in (numbers.mean(0), numbers.std(0)))
        return Target(factor.name, factor.turn, torch.from_numpy(columns), *moments)

    @property
    def varies(self) -> bool:
        """True if a component varies."""
        return len(self.columns) > 0

    def numbers(self, values: Tensor) -> Tensor:
        """Standardise values with the train split's moments: (N,) -> (N, 1) or (N, 2)."""
        return (unrolled(values, self.turn)[:, self.columns] - self.mean) / self.deviation


def unrolled(values: Tensor, turn: float | None) -> Tensor:
    """Return values as a column, or sine and cosine of a circular factor: (N,) -> (N, 1) or (N, 2)."""
    if turn is None:
        return values[:, None]
    angles = values * (2 * math.pi / turn)
    return torch.stack([angles.sin(), angles.cos()], dim=1)


class Probes:
    """The heads and their optimizer. Initial weights are zero, so no random number is drawn.

    dim : dimension of the features; classes : number of classes; targets : targets of regression
    """

    def __init__(self, dim: int, classes: int, targets: Sequence[Target], device: torch.device) -> None:
        self.targets = [target for target in targets if target.varies]
        self.classes = classes
        sizes = [len(target.mean) for target in self.targets]
        self._standardise = nn.BatchNorm1d(dim, affine=False).to(device)
        self._head: nn.Linear = nn.utils.skip_init(  # type: ignore[no-untyped-call]
            nn.Linear, dim, classes + sum(sizes), device=device
        )
        nn.init.zeros_(self._head.weight)
        nn.init.zeros_(self._head.bias)
        self._sizes = [classes, *sizes]
        self._optimizer = torch.optim.Adam(self._head.parameters(), RATE)
        self._device = device
        self._reset()

    def _reset(self) -> None:
        self._count, self._right = 0, torch.zeros((), device=self._device)
        self._errors = [torch.zeros((), device=self._device) for _ in self.targets]

    def update(self, features: Tensor, labels: Tensor, latents: Mapping[str, Tensor]) -> None:
        """Evaluate the heads on new views, then train them on these views.

        features : (N, dim); labels : (N,); latents : (N,) for each target
        """
        device, count = self._device, len(labels)
        numbers = [target.numbers(latents[target.name].cpu()).float() for target in self.targets]
        together = onto(torch.cat([torch.empty(count, 0), *numbers], dim=1), device)  # one copy for all
        targets = torch.split(together, self._sizes[1:], dim=1)
        labels = onto(labels, device)
        with torch.enable_grad(), torch.autocast(device.type, enabled=False):
            outputs = self._head(self._standardise(features.detach().float())).split(self._sizes, dim=1)
            errors = [F.mse_loss(f, w) for f, w in zip(outputs[1:], targets, strict=True)]
            loss: Tensor = F.cross_entropy(outputs[0], labels) + sum(errors)
            self._optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._count += count
        self._right = self._right + (outputs[0].detach().argmax(1) == labels).sum()
        self._errors = [sum_ + count * e.detach() for sum_, e in zip(self._errors, errors, strict=True)]

    def values(self) -> dict[str, float]:
        """Return the means since the last call: "top1", and "NAME_r2" relative to the train split's mean."""
        if not self._count:
            return {}
        right, *errors = (torch.stack([self._right, *self._errors]) / self._count).tolist()  # one wait for a GPU
        self._reset()
        return {"top1": right} | {f"{t.name}_r2": 1 - e for t, e in zip(self.targets, errors, strict=True)}
