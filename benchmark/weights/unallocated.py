"""Networks without memory for weights, when only their shapes are needed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import init
from torch.overrides import TorchFunctionMode

DRAWS = (Tensor.normal_, Tensor.uniform_, init.normal_, init.uniform_, init.trunc_normal_)


@contextmanager
def unallocated() -> Iterator[None]:
    """Build networks on the device "meta" in the block: their weights have shapes, and no memory or initial values."""
    with torch.device("meta"), _WithoutDraws():
        yield


class _WithoutDraws(TorchFunctionMode):
    """Skips random initial values: on "meta" PyTorch would first import its compiler for them, which takes seconds."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in DRAWS:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)
