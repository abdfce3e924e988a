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
        """Interleave the first outputs of one pass per view, or return the first of one pass with all views.

        Further passes, such as over E-SSL's crops, are left out. If there are only others, return the last output.
        A method that sees fewer views, such as seq-JEPA, has the outputs of the first views.
        """
        objects, views = self._batch
        sizes, single = [len(output) for output in passes], [output for output in passes if len(output) == objects]
        if objects * views in sizes and objects not in sizes[: sizes.index(objects * views)]:
            return passes[sizes.index(objects * views)]
        return torch.stack(single[:views], dim=1).flatten(0, 1) if single else passes[-1]

    def _forget(self, method: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._passes, self._batch = {}, (inputs[0].shape[0], inputs[0].shape[1])

    def _keep(self, name: str, module: nn.Module, inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
        first = output[0] if isinstance(output, tuple) else output  # an encoder's maps come after the representation
        self._passes.setdefault(name, []).append(first.detach())
