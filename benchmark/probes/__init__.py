"""The probes: one file each, registered by decorator. Importing this package needs torch."""

from ..fitting import heads
from ..fitting.context import PROBES, Context, Values, steps
from . import classification, consistency, kernel, linear, neighbours, prediction, rotation
from . import disentanglement as axes
from . import explained_variance as shares
from . import factor_regression as changes
from .installed import run

__all__ = [
    "PROBES", "Context", "Values", "axes", "changes", "classification", "consistency", "heads", "kernel", "linear",
    "neighbours", "prediction", "rotation", "run", "shares", "steps",
]  # fmt: skip
