"""Folders of runs: locks during training, the newest finished run, and the weights of a run."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
from ..weights.unallocated import unallocated
from .checkpoint import check_weights
from .config import RunConfig
from .log import last as last_line

WEIGHTS = "model.safetensors"
REMEDY = "restore it or train again"
LOCK = f".lock{PARTIAL}"  # a folder that holds nothing else is free

__all__ = [
    "LOCK",
    "WEIGHTS",
    "RunConfig",
    "begin",
    "build_method",
    "held",
    "load",
    "newest",
    "save_weights",
    "unallocated_parameters",
]


def newest(root: Path = Path("runs")) -> Path:
    """Return the run under `root` that was finished last.

    Raises
    ------
    RunError : there is no finished run.
    """
    files = sorted(root.glob(f"*/{WEIGHTS}"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise RunError(f"no finished run under {root}/: run `iebench train --method sie` first, or name one with --run")
    return files[-1].parent


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Lock a run's folder for this process, creating it if necessary; the system unlocks it when the process ends.

    On a file system without locks, nothing is locked. A folder that is left empty is removed.

    Raises
    ------
    RunHeld : another process trains this run; names that process.
    DiskError : the folder cannot be written.
    """
    try:
        with locked(run / LOCK, lambda holder: _in_use(run, holder)):
            yield
    finally:
        with suppress(OSError):  # the folder is not empty
            run.rmdir()


def _in_use(run: Path, holder: str) -> RunHeld:
    return RunHeld(f"{run} is being trained by {named(holder)}: wait until it ends, stop it, or choose another --name")


def begin(run: Path, config: RunConfig) -> None:
    """Write run/config.json; a run that gets more steps counts as unfinished again.

    Raises
    ------
    RunError : its log is damaged; nothing is changed.
    DiskError : no space, or another write error.
    """
    last_line(run)
    config.save(run)
    (run / WEIGHTS).unlink(missing_ok=True)


def save_weights(run: Path, method: nn.Module) -> None:
    """Write run/model.safetensors atomically; its presence marks the run as finished.

    Raises
    ------
    Diverged : weights are not finite.
    DiskError : no space, or another write error.
    """
    check_weights(run, method)
    tensor_file.write(run / WEIGHTS, method.state_dict())


def build_method(config: RunConfig) -> Method:
    """Build the method of a run, freshly initialised; weights are drawn from torch's global generator."""
    entry = methods.find(config.method)
    own = build(entry.settings, config.method_settings, config.method)
    return methods.build(config.method, own, config.settings.encoder)


def unallocated_parameters(config: RunConfig) -> list[nn.Parameter]:
    """Return the parameters of a run's method, with shapes and without memory; [] if the method cannot be built so.

    Raises
    ------
    SettingError : a parameter is larger than any memory.
    """
    try:
        with unallocated():
            return list(build_method(config).parameters())
    except (RuntimeError, TypeError, OverflowError) as error:
        if "overflow" not in str(error).lower():
            return []  # code of another package that needs values while it is built; it reports its own errors
        raise SettingError(
            f"{config.method} with these settings has a layer of more than 2^63 bytes, and no memory holds it: lower "
            "encoder.width or the method's widths"
        ) from error


def load(run: Path) -> tuple[Method, RunConfig]:
    """Load the method of a finished run, on the CPU and in eval mode; returns it with the run's configuration.

    Raises
    ------
    RunError : no run, an unfinished one, or a damaged file.
    """
    config = RunConfig.load(run)
    if not (run / WEIGHTS).is_file():
        raise RunError(f"{run} is not finished: run the same `iebench train` with --resume")
    clause = "it is damaged, or its weights are of another network"
    if (
        sum(weight.numel() * weight.element_size() for weight in unallocated_parameters(config))
        > (run / WEIGHTS).stat().st_size
    ):
        raise RunError(read_failure(run / WEIGHTS, InvalidValue(clause), REMEDY))
    method = build_method(config)
    try:
        method.load_state_dict(tensor_file.read(run / WEIGHTS))
    except (SafetensorError, InvalidValue, OSError, RuntimeError) as error:
        raise RunError(read_failure(run / WEIGHTS, error, REMEDY, clause)) from error
    return method.eval(), config
