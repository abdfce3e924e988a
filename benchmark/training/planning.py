"""A run before it starts: its folder and its configuration, from what the user gives."""

from collections.abc import Sequence
from pathlib import Path

from iebench.manifests.text.plain_text import check_name

from .config import RunConfig, run_name


def planned(
    method: str | None, data: Path | None, start: str, assignments: Sequence[str], name: str | None, out: Path,
    seed: int | None, device: str, subset: int | None, resume: bool,
) -> tuple[Path, RunConfig]:  # fmt: skip
    """Return the folder and the configuration of a run.

    method : None for "sie", or the method of a run's config.json
    start, assignments : see `resolve`; a run's config.json also replaces missing data, seed and subset
    name : of the run, in the folder `out`; None for METHOD-DATASET-sSEED

    Raises
    ------
    UsageError : the name is not allowed; or see `RunConfig.of`.
    """
    if name is not None:
        check_name(name, "--name")
    if start.endswith(".json"):
        again = RunConfig.read(Path(start))
        method, data, subset = method or again.method, data or again.data, subset or again.subset
        seed = again.seed if seed is None else seed
    config = RunConfig.of(method or "sie", start, assignments, data, seed or 0, device, subset)
    if name is None:
        name = run_name(config.method, config.data, config.seed)
        check_name(name, "without --name, the run's name")
    run = out / name
    return run, config.for_resuming(run, assignments) if resume else config
