"""The folders of runs: holding one while it is trained, finding finished ones and loading what they learned."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import nn

from iebench.baselines import method as methods
from iebench.baselines.method import Method
from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.files import PARTIAL
from iebench.manifests.common.lock import locked, named
from iebench.manifests.common.settings import build
from iebench.manifests.errors import InvalidValue

from ..errors import RunError, RunHeld, SettingError
from ..weights import tensor_file
from .checkpoint import check_weights
from .config import RunConfig
from .log import last as last_line

WEIGHTS = "model.safetensors"
REMEDY = "restore it or train again"
LOCK = f".lock{PARTIAL}"  # a folder with nothing else is free

__all__ = ["LOCK", "WEIGHTS", "RunConfig", "begin", "build_method", "held", "load", "newest", "save_weights", "unmade"]


def newest(root: Path = Path("runs")) -> Path:
    """The run under `root` that was finished last.

    Raises
    ------
    RunError : there is none.
    """
    found = sorted(root.glob(f"*/{WEIGHTS}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise RunError(f"no finished run under {root}/: run `iebench train --method sie` first, or name one with --run")
    return found[-1].parent


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Hold a run's folder for this process, making it if need be; the system frees it however this process ends.

    Where a file system knows no locks, nothing is held. A folder that is left empty is removed.

    Raises
    ------
    RunHeld : another process trains this run; names it.
    DiskError : the folder cannot be written.
    """
    try:
        with locked(run / LOCK, lambda holder: _in_use(run, holder)):
            yield
    finally:
        with suppress(OSError):  # it holds something
            run.rmdir()


def _in_use(run: Path, holder: str) -> RunHeld:
    return RunHeld(f"{run} is being trained by {named(holder)}: wait until it ends, stop it, or choose another --name")


def begin(run: Path, config: RunConfig) -> None:
    """Write run/config.json; a run that is given more steps is unfinished again.

    Raises
    ------
    RunError : its log is damaged; nothing is changed.
    DiskError : no space, or the like.
    """
    last_line(run)
    config.save(run)
    (run / WEIGHTS).unlink(missing_ok=True)


def save_weights(run: Path, method: nn.Module) -> None:
    """Write run/model.safetensors, complete or not at all; its presence says that the run is finished.

    Raises
    ------
    Diverged : weights are not finite.
    DiskError : no space, or the like.
    """
    check_weights(run, method)
    tensor_file.write(run / WEIGHTS, method.state_dict())


def build_method(config: RunConfig) -> Method:
    """The method that a run trains, freshly initialised; weights are drawn from torch's global generator."""
    entry = methods.find(config.method)
    own = build(entry.settings, config.method_settings, config.method)
    return methods.build(config.method, own, config.settings.encoder)


def unmade(config: RunConfig) -> list[nn.Parameter]:
    """The parameters of the method that a run trains, with shapes and without numbers; none where that cannot be.

    Raises
    ------
    SettingError : one has more numbers than any memory holds.
    """
    try:
        with torch.device("meta"):
            return list(build_method(config).parameters())
    except (RuntimeError, TypeError, OverflowError) as error:
        if "overflow" not in str(error).lower():
            return []  # code of another package that needs numbers while it is built: it says itself what is wrong
        raise SettingError(
            f"{config.method} with these settings has a layer of more than 2^63 bytes, and no memory holds it: lower "
            "encoder.width or the method's widths"
        ) from error


def load(run: Path) -> tuple[Method, RunConfig]:
    """The trained method of a finished run, on the CPU and in eval mode, and what the run was.

    Raises
    ------
    RunError : no run, one that is not finished, or a damaged file.
    """
    config = RunConfig.load(run)
    if not (run / WEIGHTS).is_file():
        raise RunError(f"{run} is not finished: run the same `iebench train` with --resume")
    what = "it is damaged, or its weights are of another network"
    if sum(one.numel() * one.element_size() for one in unmade(config)) > (run / WEIGHTS).stat().st_size:
        raise RunError(read_failure(run / WEIGHTS, InvalidValue(what), REMEDY))
    method = build_method(config)
    try:
        method.load_state_dict(tensor_file.read(run / WEIGHTS))
    except (SafetensorError, InvalidValue, OSError, RuntimeError) as error:
        raise RunError(read_failure(run / WEIGHTS, error, REMEDY, what)) from error
    return method.eval(), config
