"""The installed timm and torchvision; they import beside a CUDA build of torch, which needs no GPU for that."""

from importlib import import_module
from typing import Any

import pytest


def package(name: str) -> Any:
    """Return the package; skip the test if it cannot be imported."""
    try:
        return import_module(name)
    except Exception as error:  # beside a CPU build of torch, torchvision fails with other errors than ImportError
        pytest.skip(f"{name} cannot be imported here: {error}")
