"""The probes: one file each, registered by decorator. Importing this package needs torch."""

from . import (
    axes,
    changes,
    classification,
    consistency,
    heads,
    linear,
    neighbours,
    prediction,
    rotation,
    shares,
    stopping,
)
from .context import PROBES, Context, Values, epochs
from .installed import run

__all__ = [
    "PROBES", "Context", "Values", "axes", "changes", "classification", "consistency", "epochs", "heads", "linear",
    "neighbours", "prediction", "rotation", "run", "shares", "stopping",
]  # fmt: skip
