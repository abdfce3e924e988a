"""The probes: one file each, registered by decorator. Importing this package needs torch."""

from . import classification, colour, prediction, rotation
from .context import PROBES, Context, Values, epochs, run

__all__ = ["PROBES", "Context", "Values", "classification", "colour", "epochs", "prediction", "rotation", "run"]
