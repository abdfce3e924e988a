"""The probes: one file each, registered by decorator. Importing this package needs torch."""

from . import (
    axes,
    changes,
    classification,
    consistency,
    heads,
    kernel,
    linear,
    neighbours,
    prediction,
    rotation,
    shares,
)
from .context import PROBES, Context, Values, steps
from .installed import run

__all__ = [
    "PROBES", "Context", "Values", "axes", "changes", "classification", "consistency", "heads", "kernel", "linear",
    "neighbours", "prediction", "rotation", "run", "shares", "steps",
]  # fmt: skip
