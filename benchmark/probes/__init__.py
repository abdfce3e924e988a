"""The probes: one file each, registered by decorator. Importing this package needs torch."""

from . import changes, classification, heads, prediction, rotation
from .context import PROBES, Context, Values, epochs, run

__all__ = [
    "PROBES", "Context", "Values", "changes", "classification", "epochs", "heads", "prediction", "rotation", "run",
]  # fmt: skip
