"""Laws: functions from uniform random numbers, or the view number, to a factor's value. One decorated class per law.

Only additions, products and square roots may be used without rounding: their results are the same to the last bit on
every machine. Results of library functions such as sine are rounded to nine decimals, so that they are the same too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .conventions import pose_quaternion, quaternion_angles, quaternion_product
from .errors import InvalidValue
from .installed.registry import Registry

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]


@runtime_checkable
class Law(Protocol):
    """A probability law on the real line."""

    def value(self, uniforms: Array, view: Numbers) -> Array:
        """Return values (n,) for views 0 .. n-1 from independent uniforms (n, 4) in [0, 1); a law may use some."""

    def cdf(self, values: Array) -> Array:
        """Return P(X <= x) for values (n,), over all views; a dataset's values are compared with it."""


LAWS: Registry[type[Law]] = Registry("law")


def in_words(law: Law) -> str:
    """Describe a law in words, for a table.

    >>> in_words(Uniform(0.0, 6.283185307179586))
    'uniform, low 0, high 6.2832'
    """
    kind = next(name for name in LAWS if isinstance(law, LAWS[name]))
    settings = (f"{name} {value if isinstance(value, str) else f'{value:.5g}'}" for name, value in vars(law).items())
    return ", ".join([kind.replace("_", " "), *settings])


def law(name: str) -> Callable[[type[Law]], type[Law]]:
    """Return a decorator that registers a law under the name used in recipes."""
    return LAWS.register(name)


@law("uniform")
@dataclass(frozen=True)
class Uniform:
    """Uniform on [low, high)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_order("low", self.low, "high", self.high)

    def value(self, uniforms: Array, view: Numbers) -> Array:
        return self.low + (self.high - self.low) * uniforms[:, 0]

    def cdf(self, values: Array) -> Array:
        return np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0)


@law("two_sided")
@dataclass(frozen=True)
class TwoSided:
    """Uniform on [-outer, -inner] and [inner, outer], both sides equally likely."""

    inner: float
    outer: float

    def __post_init__(self) -> None:
        _check_order("inner", self.inner, "outer", self.outer)

    def value(self, uniforms: Array, view: Numbers) -> Array:
        position = 2 * uniforms[:, 0] - 1
        angle: Array = np.where(position < 0, -self.inner, self.inner) + position * (self.outer - self.inner)
        return angle

    def cdf(self, values: Array) -> Array:
        return np.interp(values, [-self.outer, -self.inner, self.inner, self.outer], [0.0, 0.5, 0.5, 1.0])


@law("uniform_sine")
@dataclass(frozen=True)
class UniformSine:
    """Angle in [-pi/2, pi/2) whose sine is uniform.

    It is the law of the middle angle of uniformly (Haar) distributed rotations; the outer two angles are uniform on
    the circle.
    """

    def value(self, uniforms: Array, view: Numbers) -> Array:
        angle: Array = np.round(np.arcsin(2 * uniforms[:, 0] - 1), 9)
        return angle

    def cdf(self, values: Array) -> Array:
        cdf: Array = (1 + np.sin(np.clip(values, -np.pi / 2, np.pi / 2))) / 2
        return cdf


@law("outside_square")
@dataclass(frozen=True)
class OutsideSquare:
    """One coordinate of a point that is uniform on the square [-outer, outer)^2 without the square [-inner, inner]^2.

    Two factors with the same stream, one with each axis, are the two coordinates of one point.
    """

    inner: float
    outer: float
    axis: Literal["first", "second"]

    def __post_init__(self) -> None:
        _check_order("inner", self.inner, "outer", self.outer)
        _check_order("0", 0.0, "inner", self.inner)

    def _chance_beyond(self) -> tuple[float, float]:
        """Return two probabilities of lying beyond `inner`: in both coordinates, and in the first coordinate only.

        The probability of lying beyond it in the second coordinate only equals the latter.
        """
        beyond, within = self.outer - self.inner, self.inner
        area = beyond * (beyond + 2 * within)
        return beyond * beyond / area, beyond * within / area

    def value(self, uniforms: Array, view: Numbers) -> Array:
        both, single = self._chance_beyond()
        region = uniforms[:, 0]
        beyond = region < both + single if self.axis == "first" else (region < both) | (region >= both + single)
        position = 2 * uniforms[:, 1 if self.axis == "first" else 2] - 1
        sign = np.where(position < 0, -1.0, 1.0)
        return np.where(beyond, sign * self.inner + position * (self.outer - self.inner), position * self.inner)

    def cdf(self, values: Array) -> Array:
        both, single = self._chance_beyond()
        tail = (both + single) / 2
        knots = [-self.outer, -self.inner, self.inner, self.outer]
        return np.interp(values, knots, [0.0, tail, 1 - tail, 1.0])


@law("whole")
@dataclass(frozen=True)
class Whole:
    """Whole numbers from low to high, both included, all equally likely; for counts and for choices by number."""

    low: int
    high: int

    def __post_init__(self) -> None:
        _check_order("low", self.low, "high", self.high)

    def value(self, uniforms: Array, view: Numbers) -> Array:
        values: Array = self.low + np.floor((self.high - self.low + 1) * uniforms[:, 0])
        return values

    def cdf(self, values: Array) -> Array:
        return np.clip((np.floor(values) - self.low + 1) / (self.high - self.low + 1), 0.0, 1.0)


@law("constant")
@dataclass(frozen=True)
class Constant:
    """The same value in every view."""

    at: float

    def value(self, uniforms: Array, view: Numbers) -> Array:
        return np.full(len(view), self.at)

    def cdf(self, values: Array) -> Array:
        return np.where(values >= self.at, 1.0, 0.0)


@law("sweep")
@dataclass(frozen=True)
class Sweep:
    """Equal steps from low towards high, one per view; starts again at low after `steps` views, never reaches high."""

    low: float
    high: float
    steps: int

    def __post_init__(self) -> None:
        _check_order("low", self.low, "high", self.high)
        _check_order("0", 0, "steps", self.steps)

    def value(self, uniforms: Array, view: Numbers) -> Array:
        return self.low + (self.high - self.low) * ((view % self.steps) / self.steps)

    def cdf(self, values: Array) -> Array:
        reached: Array = np.floor((values - self.low) / (self.high - self.low) * self.steps + 1e-9) + 1
        return np.clip(reached / self.steps, 0.0, 1.0)


@law("steps")
@dataclass(frozen=True)
class Steps:
    """One angle of rotations that move by a constant step within runs of `run` views: R_{i+1} = R_i S.

    A run begins with a rotation that is uniform over SO(3). S turns about an axis that is uniform on the sphere, by an
    angle that is uniform on [low, high). So each view alone is uniform over SO(3). Three factors with the same stream,
    one with each axis, are the angles of one rotation.
    """

    run: int
    low: float
    high: float
    axis: Literal["x", "y", "z"]

    def __post_init__(self) -> None:
        _check_order("low", self.low, "high", self.high)
        if self.low < 0 or self.high > np.pi:
            raise InvalidValue(f"low {self.low} and high {self.high} are not angles of a step: give 0 to pi")

    def value(self, uniforms: Array, view: Numbers) -> Array:
        begin, after = view - view % self.run, np.minimum(view - view % self.run + 1, len(view) - 1)
        first, step = uniforms[begin], uniforms[after]  # of a run's first two views; a run of one view has no step
        start = np.stack(
            [2 * np.pi * first[:, 0] - np.pi, np.arcsin(2 * first[:, 1] - 1), 2 * np.pi * first[:, 2] - np.pi]
        )
        height, azimuth = 2 * step[:, 0] - 1, 2 * np.pi * step[:, 1]
        radius = np.sqrt(1 - height**2)
        axis = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=-1)
        half = (self.low + (self.high - self.low) * step[:, 2]) * (view % self.run) / 2
        moved = np.concatenate([axis * np.sin(half)[:, None], np.cos(half)[:, None]], axis=-1)
        angles = quaternion_angles(quaternion_product(pose_quaternion(start.T), moved))
        return np.round(angles[:, "xyz".index(self.axis)], 9)

    def cdf(self, values: Array) -> Array:
        return UniformSine().cdf(values) if self.axis == "y" else Uniform(-np.pi, np.pi).cdf(values)


def _check_order(low_name: str, low: float, high_name: str, high: float) -> None:
    if not low < high:
        raise InvalidValue(f"{low_name}{'' if low_name == '0' else f' {low}'} must be below {high_name} {high}")


def support(law: Law) -> tuple[float, float]:
    """Return the lowest and highest value of a law, computed from its distribution function within -1000 .. 1000.

    >>> support(Uniform(-1.0, 2.0))
    (-1.0, 2.0)
    """

    def edge(beyond: Callable[[float], bool]) -> float:
        low, high = -1000.0, 1000.0
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (low, middle) if beyond(middle) else (middle, high)
        return round(high, 9)

    def cdf(value: float) -> float:
        return float(law.cdf(np.array([value]))[0])

    return edge(lambda value: cdf(value) > 0), edge(lambda value: cdf(value) >= 1)
