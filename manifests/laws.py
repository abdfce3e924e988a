"""Laws: how a factor's value follows from uniform random numbers. One decorated class a law."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@runtime_checkable
class Law(Protocol):
    """A probability law on the real line."""

    def value(self, uniforms: Array) -> Array:
        """Values (n,) from independent uniforms (n, 4) in [0, 1); a law uses as many columns as it needs."""

    def cdf(self, values: Array) -> Array:
        """P(X <= x) for values (n,); what a dataset is checked against."""


LAWS: dict[str, type[Law]] = {}


def law(name: str) -> Callable[[type[Law]], type[Law]]:
    """Register a law under the name that recipes use."""

    def register(cls: type[Law]) -> type[Law]:
        LAWS[name] = cls
        return cls

    return register


@law("uniform")
@dataclass(frozen=True)
class Uniform:
    """Uniform on [low, high)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low {self.low} must be below high {self.high}")

    def value(self, uniforms: Array) -> Array:
        return self.low + (self.high - self.low) * uniforms[:, 0]

    def cdf(self, values: Array) -> Array:
        return np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0)
