"""Facts about settings of training runs for readers of scores, which may not have torch."""

from collections.abc import Mapping
from typing import Any

FREE = ("log_every", "checkpoint_every", "keep_every", "log", "online")
"""Settings that change no step: they may differ when a run is resumed, and between its seeds."""

BEFORE: dict[str, Any] = {"passes": "together", "kernels": "plain"}
"""Settings that older runs do not have, with the values of those runs."""

METHODS_BEFORE: Mapping[str, object] = {
    "projector_norm": False,
    "predictor_relu": False,
    "invariant_projector": [],
    "context": 1,  # of seq-jepa
    "levels": 1,  # of obow, and the next
    "patches": 0,
}
"""The same for methods' settings; all values are the methods' defaults."""


def recorded_settings(method_settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a method's settings as JSON holds them, without newer settings that have their default value.

    >>> recorded_settings({"temperature": 0.1, "projector_norm": False})
    {'temperature': 0.1}
    """
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in method_settings.items()}
    return {name: value for name, value in listed.items() if METHODS_BEFORE.get(name, ...) != value}
