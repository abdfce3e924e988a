"""The probes: one file each, registered by a decorator. Importing this package needs torch."""

from ..fitting import heads
from ..fitting.context import PROBES, Context, Values, steps
from . import (
    classification,
    consistency,
    decoded_rotation,
    disentanglement,
    explained_variance,
    factor_regression,
    kernel,
    linear,
    neighbours,
    prediction,
    rotation,
)
from .geometry import correspondence, descriptions, self_similarity, sensitivity, uncertainty
from .installed import run
from .several import action_code, in_context, sequence

__all__ = [
    "PROBES", "Context", "Values", "action_code", "classification", "consistency", "correspondence",
    "decoded_rotation", "descriptions", "disentanglement", "explained_variance", "factor_regression", "heads",
    "in_context", "kernel", "linear", "neighbours", "prediction", "rotation", "run", "self_similarity", "sensitivity",
    "sequence", "steps", "uncertainty",
]  # fmt: skip
