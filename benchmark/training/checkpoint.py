"""Checkpoints: the complete state of a run, so that a resumed run continues exactly."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import torch
from torch import Tensor

from iebench.manifests.brief import few
from iebench.manifests.common.causes import read_failure, reason
from iebench.manifests.common.files import own_folder, write_atomic
from iebench.manifests.common.placeholders import placeholder
from iebench.manifests.common.settings import differences
from iebench.manifests.common.space import require
from iebench.manifests.errors import InvalidValue

from ..distributed.ranks import Ranks
from ..errors import Diverged, RunError
from ..weights.archive import damage

CHECKPOINT = "checkpoint.pt"
IDENTITY = "identity"  # key of the run's identity in a checkpoint
KEPT = "checkpoints"  # folder of checkpoints that later ones do not replace
REMEDY = "and run the same command with --resume: it continues from the last checkpoint"


class Stateful(Protocol):
    """A part of a run with a state that changes from step to step: the method, the optimizer, the gradient scaler."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


class AnotherRun(InvalidValue):
    """A checkpoint of a run with other settings, data or seed."""


class Identity:
    """Identity of a run, stored in its checkpoints; a checkpoint of another run is refused.

    of : name -> setting, as JSON holds it
    """

    def __init__(self, of: Mapping[str, Any]) -> None:
        self._of = dict(of)

    def state_dict(self) -> dict[str, Any]:
        """Return the identity."""
        return self._of

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Check that a checkpoint belongs to this run.

        Raises
        ------
        AnotherRun : it does not; names the differences.
        """
        stored = {name: value for name, value in state_dict.items() if name in self._of}
        wrong = differences(stored, {name: self._of[name] for name in stored})
        if wrong:
            raise AnotherRun(f"it is of another run: {few(wrong, between='; ')}")


@dataclass(frozen=True)
class Progress:
    """Progress of a run.

    step : steps done; with the seed, it determines the position in the order of views and in every schedule
    seconds : time spent training so far; core_seconds : processor time of this rank's process, all its threads
    """

    step: int = 0
    seconds: float = 0.0
    core_seconds: float = 0.0

    def times(self) -> dict[str, float]:
        """Return both times in milliseconds' precision, as the log has them."""
        return {"seconds": round(self.seconds, 3), "core_seconds": round(self.core_seconds, 3)}


def save(run: Path, parts: Mapping[str, Stateful], progress: Progress, ranks: Ranks, keep: bool = False) -> None:
    """Write run/checkpoint.pt atomically: parts, random generators of all ranks, progress.

    All ranks call this function together; the first rank writes.

    keep : True to write run/checkpoints/step-NUMBER.pt too, which later checkpoints do not replace

    Raises
    ------
    Diverged : weights of the method are not finite; the previous checkpoint stays.
    DiskError : too little space, or a write error; the previous checkpoint stays.
    """
    generators = ranks.collect(_generators())
    with ranks.agreed():
        if not ranks.first:
            return
        check_weights(run, parts["method"], f" after step {progress.step}")
        state = {name: part.state_dict() for name, part in parts.items()}
        content = io.BytesIO()  # a full disk is then an OSError, which torch.save to a file would hide
        torch.save({**state, "generators": generators, "progress": vars(progress)}, content)
        require(run, (1 + keep) * len(content.getbuffer()), f"a checkpoint after step {progress.step}", REMEDY)
        if keep:
            own_folder(run / KEPT)
            write_atomic(kept_path(run, progress.step), content.getvalue())
        write_atomic(run / CHECKPOINT, content.getvalue())


def check_weights(run: Path, method: Stateful, when: str = "") -> None:
    """Check that weights are finite, and small enough for the sum of their squares to be finite.

    Raises
    ------
    Diverged : some are not; names the first.
    """
    weights = {name: value for name, value in method.state_dict().items() if value.is_floating_point()}
    finite = _finite(list(weights.values()))
    faulty = [name for name, fine in zip(weights, finite, strict=True) if not fine]
    if faulty:
        raise Diverged(
            f"{run}: {len(faulty)} of {len(weights)} tensors of weights are not finite{when}, or too large to compute "
            f"with, such as {faulty[0]}: lower learning_rate with --set"
        )


def _finite(values: list[Tensor]) -> list[bool]:
    if not values:
        return []
    sizes = torch.stack([value.detach().float().square().sum() for value in values])  # one wait for the GPU
    return [bool(fine) for fine in sizes.isfinite().tolist()]


def kept_path(run: Path, step: int) -> Path:
    """Return the path of the checkpoint that is kept for a step."""
    return run / KEPT / f"step-{step:07d}.pt"


def restore(run: Path, parts: Mapping[str, Stateful], ranks: Ranks) -> Progress:
    """Load run/checkpoint.pt into the parts of a run; without the file, the run starts at step 0.

    If there are more ranks than before, the additional ones keep their generators.

    Raises
    ------
    RunError : the file is damaged, belongs to another run, or is not visible to all ranks.
    """
    path = run / CHECKPOINT
    presence = ranks.collect(path.is_file())
    if any(presence) and not all(presence):
        lacking = f"rank {presence.index(False)} finds no {path} and others do"
        raise ranks.common(RunError(f"{lacking}: give --out a folder that all ranks see"))
    if not any(presence):
        return Progress()
    with ranks.agreed():
        return _load(path, parts, ranks)


def _load(path: Path, parts: Mapping[str, Stateful], ranks: Ranks) -> Progress:
    try:
        if words := damage(path):
            raise InvalidValue(words)
        state = torch.load(path, map_location="cpu", weights_only=True)
        for name, part in parts.items():
            if name == IDENTITY and name not in state:  # a checkpoint that is older than this part
                continue
            if state[name]:  # the state of an unused scaler is empty
                part.load_state_dict(state[name])
        if ranks.rank < len(state["generators"]):
            _set_generators(state["generators"][ranks.rank])
        return Progress(**state["progress"])
    except Exception as error:  # torch.load has no error type of its own for a damaged file
        older = sorted((path.parent / KEPT).glob("step-*.pt"))
        copy = f"copy {older[-1]} over it, or " if older else ""
        foreign = isinstance(error, AnotherRun)
        remedy = f"{copy}{'choose another --name' if foreign else f'remove {path.parent} and train again'}"
        if isinstance(error, OSError) or placeholder(path):
            raise RunError(read_failure(path, error, remedy)) from error
        raise RunError(f"cannot continue from {path} ({unreadable(error)}): {remedy}") from error


def unreadable(error: Exception) -> str:
    """Describe in a few words the failure of torch.load, or of loading the state."""
    if isinstance(error, UnpicklingError):
        return "it is not a file of torch.save, or holds more than numbers and tensors"
    if "PytorchStreamReader" in str(error) or isinstance(error, EOFError):
        return "it is damaged or cut off"
    if "Error(s) in loading state_dict" in str(error):
        return "its weights are of another network"
    return reason(error, "it does not hold what a checkpoint of this run holds")


def _generators() -> dict[str, Any]:
    return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state() if _on_gpu() else None}


def _set_generators(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    if _on_gpu() and state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"])


def _on_gpu() -> bool:
    """True if this rank trains on a GPU; a GPU that is present but not used stays untouched."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
