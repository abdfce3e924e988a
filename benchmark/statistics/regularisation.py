"""Regularisation of a probe, selected on the tuning objects, as a score stores it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Regularisation:
    """Regularisation strength of a probe.

    penalty : on squared weights, or an MLP's weight decay; None for an infinite one, which gives a constant prediction
    edge : end of the grid that was selected, "" for none; a penalty of 0 is not an end, since nothing is weaker
    steps : iterations of the solver, or epochs of training; 0 for a closed form
    converged : whether the solver reached its gradient norm, or the tuning loss stopped falling before the last epoch
    """

    penalty: float | None
    edge: Literal["", "weakest", "strongest"] = ""
    steps: int = 0
    converged: bool = True

    @staticmethod
    def of(grid: Sequence[float], chosen: float, steps: int = 0, converged: bool = True) -> "Regularisation":
        """Make the record of a strength that was selected from a grid.

        >>> Regularisation.of([0.1, 1.0, 10.0], 0.1)
        Regularisation(penalty=0.1, edge='weakest', steps=0, converged=True)
        """
        edge: Literal["", "weakest", "strongest"] = ""
        if len(set(grid)) > 1 and chosen > 0 and chosen in (min(grid), max(grid)):
            edge = "weakest" if chosen == min(grid) else "strongest"
        return Regularisation(None if math.isinf(chosen) else chosen, edge, steps, converged)

    def __str__(self) -> str:
        """Format the strength for reports.

        >>> print(Regularisation.of([0.1, 1.0], 0.1, steps=7))
        0.1 (weakest tried), 7 steps
        """
        strength = "constant prediction" if self.penalty is None else f"{self.penalty:g}"
        end = f" ({self.edge} tried)" if self.edge and self.penalty is not None else ""
        steps = f", {self.steps} steps" if self.steps else ""
        return f"{strength}{end}{steps}{'' if self.converged else ', NOT CONVERGED'}"
