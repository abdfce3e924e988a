"""Alarms that stop a run whose loss or embeddings are useless, with the first cause."""

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ...errors import Collapsed, Diverged
from .statistics import spread

PATIENCE = 3  # consecutive checks with collapsed embeddings


class Alarms:
    """Stores the loss terms since the last check on their device, because each check waits for the GPU.

    run : folder, for messages; collapse : see `OnlineSettings`
    """

    def __init__(self, run: Path, collapse: float) -> None:
        self._run, self._collapse = run, collapse
        self._recent: list[tuple[int, dict[str, Tensor]]] = []
        self._before: dict[str, float] = {}  # terms of the last step of the previous check
        self._flat: dict[str, tuple[int, int]] = {}  # name -> consecutive checks, and the step of the first
        self.spreads: dict[str, float] = {}  # name -> spread at the last check

    def remember(self, step: int, terms: Mapping[str, Tensor]) -> None:
        """Store the terms of a step."""
        self._recent.append((step, {name: term.detach() for name, term in terms.items()}))

    def look(self, step: int, embeddings: Mapping[str, Tensor]) -> None:
        """Check loss and embeddings after a step.

        embeddings : name -> (N, d) of this step

        Raises
        ------
        Diverged : the loss of this step is not finite; names the first term that was not finite.
        Collapsed : embeddings hardly differed at several consecutive checks.
        """
        history = self._history()
        last = history[-1][1]["loss"] if history else 0.0
        if not math.isfinite(last):
            raise Diverged(
                f"{self._run}: the loss is {last} at step {step}; {_first(history)}: lower learning_rate with --set"
            )
        self.spreads = {name: float(spread(values)) for name, values in embeddings.items()}
        before, self._flat = self._flat, {}
        for name, value in self.spreads.items():
            if value >= self._collapse or math.isnan(value):
                continue
            looks, since = before.get(name, (0, step))
            self._flat[name] = (looks + 1, since)
            if looks + 1 == PATIENCE:
                now = ", ".join(f"{term} {number:.3g}" for term, number in history[-1][1].items())
                raise Collapsed(
                    f"{self._run}: the output of {name} has been the same for all images since step {since} "
                    f"(relative deviation {value:.1e}; {now}): raise the weight of the term that keeps embeddings "
                    "apart, lower learning_rate, or continue with --set online.collapse=0"
                )

    def _history(self) -> list[tuple[int, dict[str, float]]]:
        """Return the terms of the previous check's last step and of all steps since, as numbers."""
        steps, self._recent = self._recent, []
        if not steps:
            return []
        names = list(steps[0][1])
        table = torch.stack([torch.stack([terms[name].double() for name in names]) for _, terms in steps]).tolist()
        history = [(step, dict(zip(names, row, strict=True))) for (step, _), row in zip(steps, table, strict=True)]
        before = [(history[0][0] - 1, self._before)] if self._before else []
        self._before = history[-1][1]
        return [*before, *history]


def _first(history: list[tuple[int, dict[str, float]]]) -> str:
    """Describe the first terms that were not finite, and their values one step before."""
    for number, (step, terms) in enumerate(history):
        parts = {name: value for name, value in terms.items() if name != "loss"} or terms
        faulty = {name: value for name, value in parts.items() if not math.isfinite(value)}
        if not faulty and math.isfinite(terms["loss"]):
            continue
        before = history[number - 1][1] if number else {}
        if not faulty:
            return f"the sum of its terms became non-finite first, at step {step}"
        listed = " and ".join(f"{name} ({_was(before, name)}{value})" for name, value in faulty.items())
        if len(faulty) < len(parts):
            return f"{listed} became non-finite first, at step {step}"
        if len(parts) == 1:
            return (
                f"it became non-finite at step {step} ({_was(before, next(iter(parts)))}{next(iter(parts.values()))})"
            )
        return f"all terms became non-finite at step {step}, so weights or images were so before: {listed}"
    return "on this rank it was finite"


def _was(before: Mapping[str, float], name: str) -> str:
    return f"{before[name]:.3g}, then " if name in before else ""
