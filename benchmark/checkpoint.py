"""Checkpoints: everything a run needs to go on as if it had never stopped."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.optim import Optimizer

from iebench.manifests.common.files import atomic

from .errors import RunError

CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    step : steps done
    seconds : spent training so far
    """

    step: int = 0
    seconds: float = 0.0


def save(run: Path, method: nn.Module, optimizer: Optimizer, progress: Progress) -> None:
    """Write run/checkpoint.pt, complete or not at all: weights, optimizer, random generators, progress."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    state = {
        "method": method.state_dict(),
        "optimizer": optimizer.state_dict(),
        "generators": {"cpu": torch.get_rng_state(), "cuda": cuda},
        "progress": vars(progress),
    }
    with atomic(run / CHECKPOINT) as file:
        torch.save(state, file)


def restore(run: Path, method: nn.Module, optimizer: Optimizer) -> Progress:
    """Put the state in run/checkpoint.pt back into a method and its optimizer; without the file, start at step 0.

    Raises
    ------
    RunError : the file is damaged, or not of this method.
    """
    path = run / CHECKPOINT
    if not path.is_file():
        return Progress()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        method.load_state_dict(state["method"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["generators"]["cpu"])
        if torch.cuda.is_available() and state["generators"]["cuda"]:
            torch.cuda.set_rng_state_all(state["generators"]["cuda"])
        return Progress(**state["progress"])
    except Exception as error:  # torch.load has no error type of its own for a damaged file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(f"cannot go on from {path} ({reason}): remove {run} and train again") from error
