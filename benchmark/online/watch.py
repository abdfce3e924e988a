"""What the training loop calls to have a run watched."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from iebench.baselines.action import LABEL
from iebench.baselines.method import Method

from ..images import Images
from .alarms import Alarms
from .measures import nearest_class, rankme
from .probes import Probes, Target
from .settings import OnlineSettings
from .tap import ENCODER, Tap

BANK = 2048  # features that neighbours and ranks are found among
OBJECT = "object"  # the number of the object, among the columns of a batch


class Watch:
    """Alarms, and with the probes the numbers of `values`; in a `with` block, once a step.

    latents : the columns that batches have to bring beside those of the method
    """

    def __init__(self, method: Method, settings: OnlineSettings, images: Images, device: torch.device) -> None:
        self._tap, self._alarms = Tap(method), Alarms(settings.collapse)
        self._probes: Probes | None = None
        self.latents: tuple[str, ...] = ()
        if settings.probes:
            factors = [factor for factor in images.info.recipe.factors if factor.name in images.latents]
            targets = [Target.of(factor, images.latents[factor.name]) for factor in factors]
            self._probes = Probes(method.dim, int(images.labels.max()) + 1, targets, device)
            self.latents = (LABEL, OBJECT, *(target.name for target in self._probes.targets))
            self._bank: dict[str, Tensor] = {}

    def __enter__(self) -> Self:
        self._tap.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._tap.__exit__(kind, error, tb)

    def step(self, step: int, terms: Mapping[str, Tensor], latents: Mapping[str, Tensor]) -> None:
        """Take note of a step. latents : (B, K) each, of the batch that it learnt from."""
        self._alarms.remember(step, terms)
        if self._probes is not None:
            flat = {name: latents[name].flatten() for name in self.latents}
            features = self._tap.outputs[ENCODER].float()
            self._probes.learn(features, flat[LABEL], flat)
            self._keep(features, flat[LABEL], flat[OBJECT])

    def look(self, step: int) -> None:
        """See whether all is well; see `Alarms.look`."""
        self._alarms.look(step, self._tap.outputs)

    def values(self) -> dict[str, float]:
        """What to log after a look, by names that begin with online/."""
        if self._probes is None or not self._bank:
            return {}
        bank, queries = self._bank, len(self._tap.outputs[ENCODER])
        labels = bank["labels"][-queries:]
        found = nearest_class(
            bank["features"][-queries:], bank["objects"][-queries:], bank["features"], bank["labels"], bank["objects"],
            self._probes.classes,
        )  # fmt: skip
        values = self._probes.values() | {
            "knn_top1": float((found == labels).float().mean()),
            "rankme": rankme(bank["features"]),
            **{f"std_{name}": value for name, value in self._alarms.spreads.items()},
        }
        return {f"online/{name}": value for name, value in values.items()}

    def _keep(self, features: Tensor, labels: Tensor, objects: Tensor) -> None:
        new = {"features": features, "labels": labels.to(features.device), "objects": objects.to(features.device)}
        limit = max(BANK, len(features))
        self._bank = {
            name: torch.cat([self._bank[name], values] if self._bank else [values])[-limit:]
            for name, values in new.items()
        }
