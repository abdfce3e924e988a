"""Records the outputs of a method's encoder and projectors by hooks, without an additional forward pass."""

from functools import partial
from types import TracebackType
from typing import Self

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from iebench.baselines.method import Method

ENCODER = "encoder"


class Tap:
    """The detached outputs of each recorded module in a method's last forward pass."""

    def __init__(self, method: Method) -> None:
        self._passes: dict[str, list[Tensor]] = {}
        self._batch = (0, 0)  # objects and views in the batch
        self._method = method
        self._handles: list[RemovableHandle] = []

    @property
    def outputs(self) -> dict[str, Tensor]:
        """Outputs by name,"encoder" and the method's projectors: (B * K, E), the views of an object together."""
        return {name: self._joined(passes) for name, passes in self._passes.items()}

    def __enter__(self) -> Self:
        self._handles.append(self._method.register_forward_pre_hook(self._forget))
        for name, module in self._method.named_children():
            if name == ENCODER or name.endswith("projector"):
                self._handles.append(module.register_forward_hook(partial(self._keep, name)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        while self._handles:
            self._handles.pop().remove()

    def _joined(self, passes: list[Tensor]) -> Tensor:
        """Interleave the outputs of one pass per view; for any other pattern of passes, return the last output."""
        objects, views = self._batch
        apart = len(passes) == views and all(len(output) == objects for output in passes)
        return torch.stack(passes, dim=1).flatten(0, 1) if apart else passes[-1]

    def _forget(self, method: nn.Module, given: tuple[Tensor, ...]) -> None:
        self._passes, self._batch = {}, (given[0].shape[0], given[0].shape[1])

    def _keep(self, name: str, module: nn.Module, given: object, output: Tensor) -> None:
        self._passes.setdefault(name, []).append(output.detach())
