"""The registry of built-in classes: one decorated generator per synset."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from iebench.manifests.installed.registry import Registry

from .kit import Color, Part

Generator = Callable[["Dice"], list[Part]]
GENERATORS: Registry[Generator] = Registry("built-in class")


@dataclass(frozen=True)
class Dice:
    """The random choices of one instance: numbers, yes or no, and colours."""

    rng: np.random.Generator

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return float(self.rng.uniform(low, high))

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return bool(self.rng.random() < probability)

    def paint(self) -> Color:
        """A saturated colour of any hue, linear RGB."""
        return _hsv(self.uniform(0, 1), self.uniform(0.55, 0.95), self.uniform(0.35, 0.9))

    def pale(self) -> Color:
        """A light, weakly coloured tone: plaster, porcelain, paper."""
        return _hsv(self.uniform(0, 1), self.uniform(0.0, 0.15), self.uniform(0.65, 0.9))

    def dark(self) -> Color:
        """A nearly black tone: rubber, screens, cast iron."""
        return _hsv(self.uniform(0, 1), self.uniform(0.0, 0.3), self.uniform(0.01, 0.06))

    def metal(self) -> Color:
        """A grey between steel and aluminium."""
        return _hsv(0.6, self.uniform(0.0, 0.1), self.uniform(0.25, 0.6))

    def wood(self) -> Color:
        """A brown between pine and walnut."""
        return _hsv(self.uniform(0.04, 0.1), self.uniform(0.55, 0.85), self.uniform(0.1, 0.55))


def _hsv(hue: float, saturation: float, value: float) -> Color:
    def channel(n: float) -> float:
        k = (n + 6 * hue) % 6
        return value - value * saturation * max(0.0, min(k, 4 - k, 1.0))

    return channel(5), channel(3), channel(1)


def builtin(synset: str) -> Callable[[Generator], Generator]:
    """Return a decorator that registers a generator as the built-in class of `synset`."""
    if synset in GENERATORS:
        raise ValueError(f"two built-in classes for synset {synset}")
    return GENERATORS.register(synset)
