"""Parts that this environment lacks: a test that needs one of them is skipped with the reason, and is not a failure."""

import importlib.util
import shutil
from collections.abc import Callable
from functools import cache

from iebench.manifests.errors import MissingPart
from iebench.manifests.installed.parts import EXTRA_OF, command, missing_part

EXTRAS = EXTRA_OF | dict.fromkeys(
    (
        "datasets", "gcp_storage_emulator", "gcsfs", "jsonschema", "mlcroissant", "moto", "nbclient", "onnx", "s3fs",
        "selenium", "sklearn", "webdataset",
    ),
    "test",
)  # fmt: skip
"""Module -> the extra that installs it, with the packages that only tests use."""


def installed(module: str) -> bool:
    """True if a top-level module can be imported; imports nothing."""
    return importlib.util.find_spec(module) is not None


LACKING = tuple(module for module in EXTRAS if not installed(module))
"""Looked up once, at the start: a test may hide an installed module, and its errors are not a reason to skip it."""


def absence(error: BaseException | None) -> str:
    """Return the reason to skip a test that ended in this error: a part of LACKING; "" for any other error."""
    while error is not None:
        for module in LACKING:
            if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == module:
                return f"needs {module}: {command(EXTRAS[module])}"
            if isinstance(error, MissingPart) and str(error) == str(missing_part(module)):
                return str(error)
        error = error.__cause__ or error.__context__
    return ""


def _blender() -> str:
    return str(missing_part("bpy")) if "bpy" in LACKING else ""


@cache
def _gpu() -> str:
    if "torch" in LACKING:
        return str(missing_part("torch"))
    import torch

    return "" if torch.cuda.is_available() else "needs a GPU that PyTorch can use"


def _browser() -> str:
    programs = shutil.which("chromium") and shutil.which("chromedriver")
    return "" if programs else "needs chromium and chromedriver (`make browser` installs them on Debian)"


NEEDS: dict[str, Callable[[], str]] = {"blender": _blender, "gpu": _gpu, "browser": _browser}
"""Mark -> function that returns the reason why its tests cannot run here, or "" """
