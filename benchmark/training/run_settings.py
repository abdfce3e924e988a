"""Facts about the settings of training runs that readers of scores need too, who may have no torch."""

from collections.abc import Mapping
from typing import Any

FREE = ("log_every", "checkpoint_every", "keep_every", "log", "online")
"""Settings that change no step: they may differ when a run goes on, and between its seeds."""

BEFORE: dict[str, Any] = {"passes": "together"}
"""Settings that older runs do not name, as they were trained."""

METHODS_BEFORE: Mapping[str, object] = {"projector_norm": False, "predictor_relu": False, "invariant_projector": []}
"""The same of methods; all are the methods' defaults."""


def told(method_settings: Mapping[str, Any]) -> dict[str, Any]:
    """A method's settings as JSON holds them, without those that older runs do not name where they are as before.

    >>> told({"temperature": 0.1, "projector_norm": False})
    {'temperature': 0.1}
    """
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in method_settings.items()}
    return {name: value for name, value in listed.items() if METHODS_BEFORE.get(name, ...) != value}
