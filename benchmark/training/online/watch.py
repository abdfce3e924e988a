"""The interface of the training loop to the monitoring."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from iebench.baselines.action import LABEL, OBJECT, onto
from iebench.baselines.method import Method
from iebench.manifests.factors import Factor

from ...data.images import Images
from ...distributed.ranks import Ranks
from .alarms import Alarms
from .probes import Probes, Target
from .settings import OnlineSettings
from .statistics import nearest_class, rankme
from .tap import ENCODER, Tap

BANK = 2048  # features kept for neighbours and ranks


def watched(settings: OnlineSettings, images: Images) -> tuple[str, ...]:
    """Return the columns that batches need for the monitoring, in addition to those of the method."""
    return (LABEL, OBJECT, *(factor.name for factor in _factors(images))) if settings.probes else ()


class Watch:
    """The alarms and, if enabled, the probes: a context that gets every step and is checked at intervals."""

    def __init__(
        self, run: Path, method: Method, settings: OnlineSettings, images: Images, device: torch.device
    ) -> None:
        self._tap, self._alarms = Tap(method), Alarms(run, settings.collapse)
        self._columns = watched(settings, images)
        self._probes: Probes | None = None
        self._bank: dict[str, Tensor] = {}
        if settings.probes:
            targets = [Target.of(factor, images.latents[factor.name]) for factor in _factors(images)]
            self._probes = Probes(method.dim, int(images.labels.max()) + 1, targets, device)

    def __enter__(self) -> Self:
        self._tap.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._tap.__exit__(kind, error, tb)

    def step(self, step: int, terms: Mapping[str, Tensor], latents: Mapping[str, Tensor]) -> None:
        """Record a step. latents : (B, K) each, of the step's batch."""
        self._alarms.remember(step, terms)
        if self._probes is not None:
            features = self._tap.outputs[ENCODER].float()
            views = len(features) // len(latents[OBJECT])  # the first ones: seq-JEPA's encoder does not see the last
            flat = {name: latents[name][:, :views].flatten() for name in self._columns}
            self._probes.update(features, flat[LABEL], flat)
            self._keep(features, flat[LABEL], flat[OBJECT])

    def look(self, step: int, terms: Mapping[str, Tensor], ranks: Ranks) -> dict[str, float]:
        """Run the alarms after a step; return the values to log: its terms, as means over ranks, and online/...

        All ranks call this function together; the values of online/... are of this rank's share of the batch.

        Raises
        ------
        Diverged, Collapsed : see `Alarms.look`.
        """
        with ranks.agreed():
            self._alarms.look(step, self._tap.outputs)
        return ranks.mean(terms) | {f"online/{name}": value for name, value in self._values().items()}

    def _values(self) -> dict[str, float]:
        if self._probes is None or not self._bank:
            return {}
        bank, queries = self._bank, len(self._tap.outputs[ENCODER])
        labels = bank["labels"][-queries:]
        predictions = nearest_class(
            bank["features"][-queries:], bank["objects"][-queries:], bank["features"], bank["labels"], bank["objects"],
            self._probes.classes,
        )  # fmt: skip
        return self._probes.values() | {
            "knn_top1": float((predictions == labels).float().mean()),
            "rankme": rankme(bank["features"]),
            **{f"std_{name}": value for name, value in self._alarms.spreads.items()},
        }

    def _keep(self, features: Tensor, labels: Tensor, objects: Tensor) -> None:
        device = features.device
        new = {"features": features, "labels": onto(labels, device), "objects": onto(objects, device)}
        limit = max(BANK, len(features))
        self._bank = {
            name: torch.cat([self._bank[name], values] if self._bank else [values])[-limit:]
            for name, values in new.items()
        }


def _factors(images: Images) -> list[Factor]:
    return [factor for factor in images.info.recipe.factors if factor.name in images.latents]
