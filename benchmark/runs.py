"""Finished runs: finding them and loading what they learned."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from iebench.baselines import method as methods
from iebench.baselines.method import Method
from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.settings import build

from .config import RunConfig
from .errors import RunError

WEIGHTS = "model.safetensors"

__all__ = ["WEIGHTS", "RunConfig", "begin", "build_method", "load", "newest", "save_weights"]


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


def begin(run: Path, config: RunConfig) -> None:
    """Write run/config.json; a run that is given more steps is unfinished again."""
    config.save(run)
    (run / WEIGHTS).unlink(missing_ok=True)


def save_weights(run: Path, method: nn.Module) -> None:
    """Write run/model.safetensors, complete or not at all; its presence says that the run is finished."""
    weights = {name: value.detach().cpu().contiguous() for name, value in method.state_dict().items()}
    write_atomic(run / WEIGHTS, save(weights))


def build_method(config: RunConfig) -> Method:
    """The method that a run trains, freshly initialised; weights are drawn from torch's global generator."""
    entry = methods.find(config.method)
    own = build(entry.settings, config.method_settings, config.method)
    return methods.build(config.method, own, config.settings.encoder)


def load(run: Path) -> tuple[Method, RunConfig]:
    """The trained method of a finished run, on the CPU and in eval mode, and what the run was.

    Raises
    ------
    RunError : no run, one that is not finished, or a damaged file.
    """
    config = RunConfig.load(run)
    if not (run / WEIGHTS).is_file():
        raise RunError(f"{run} is not finished: run the same `iebench train` with --resume")
    method = build_method(config)
    try:
        method.load_state_dict(load_file(run / WEIGHTS))
    except (SafetensorError, OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"cannot load {run / WEIGHTS} ({reason}): restore it or train again") from error
    return method.eval(), config
