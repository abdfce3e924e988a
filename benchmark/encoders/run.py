"""Runs of `iebench train`: --encoder runs/sie, the same as --run runs/sie."""

from pathlib import Path

from iebench.baselines.method import scored
from iebench.manifests.dataset import DatasetInfo

from ..errors import RunError
from ..training import runs
from ..training.config import RunConfig
from ..training.pace import cost_of_run
from .maps.reader import NetworkMaps
from .registry import Arguments, LoadedEncoder, loader, no_arguments


def is_run(spec: str) -> bool:
    """True if the folder holds a run; other folders may have a config.json of another kind."""
    if not Path(spec).is_dir():
        return False
    try:
        RunConfig.load(Path(spec))
    except RunError:
        return False
    return True


@loader("run", claims=is_run)
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load the encoder of a finished run, with its parts, its predictor and the resolution it was trained on.

    Raises
    ------
    RunError : no run, or an unfinished one.
    """
    no_arguments(spec, arguments)
    folder = Path(spec)
    method, config = runs.load(folder)
    return LoadedEncoder(
        name=folder.resolve().name,
        module=scored(method),
        resolution=config.resolution,
        preprocessing=method.encoder.preprocessing,
        parts=method.parts,
        beside=method.beside,
        predictor=method if method.has_predictor else None,
        method=method,
        maps=NetworkMaps(method.encoder.backbone, method.encoder),
        run=config,
        home=folder,
        cost=cost_of_run(folder, config),
    )


def data_of(folder: Path) -> Path:
    """Return the folder of the dataset that a run was trained on, if the dataset is still there.

    Raises
    ------
    RunError : it is gone or was replaced by another dataset; or there is no run.
    """
    config = RunConfig.load(folder)
    remedy = f"say where it is with `iebench score --run {folder} --data FOLDER`"
    if not config.data.is_dir():
        raise RunError(f"{folder} was trained on {config.data}, which is not there: {remedy}")
    fingerprint = DatasetInfo.load(config.data).fingerprint
    if fingerprint != config.fingerprint:
        raise RunError(
            f"{folder} was trained on a dataset with fingerprint {config.fingerprint[:12]}, and {config.data} has "
            f"{fingerprint[:12]} now: {remedy}"
        )
    return config.data
