"""Reads along what the encoder and the projectors of a method give, without a forward pass of its own."""

from functools import partial
from types import TracebackType
from typing import Self

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from iebench.baselines.method import Method

ENCODER = "encoder"


class Tap:
    """The last output of each watched module, detached.

    outputs : "encoder" and the names of the method's projectors -> (N, d), once they have been called
    """

    def __init__(self, method: Method) -> None:
        self.outputs: dict[str, Tensor] = {}
        self._method = method
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        for name, module in self._method.named_children():
            if name == ENCODER or name.endswith("projector"):
                self._handles.append(module.register_forward_hook(partial(self._keep, name)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        while self._handles:
            self._handles.pop().remove()

    def _keep(self, name: str, module: nn.Module, given: object, output: Tensor) -> None:
        self.outputs[name] = output.detach()
