"""The regularisation that the tuning objects chose for a probe, as a score keeps it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Regularisation:
    """The strength that a probe was given.

    penalty : on squared weights, or an MLP's weight decay; None for an infinite one, which leaves a constant answer
    edge : which end of the grid that is, if any; a penalty of 0 is none, since there is nothing weaker
    steps : iterations of the solver, or epochs of the training; 0 for a closed form
    converged : whether the solver reached its gradient norm, or the tuning loss stopped falling before the last epoch
    """

    penalty: float | None
    edge: Literal["", "weakest", "strongest"] = ""
    steps: int = 0
    converged: bool = True

    @staticmethod
    def of(grid: Sequence[float], chosen: float, steps: int = 0, converged: bool = True) -> "Regularisation":
        """For one of the strengths that were tried.

        >>> Regularisation.of([0.1, 1.0, 10.0], 0.1)
        Regularisation(penalty=0.1, edge='weakest', steps=0, converged=True)
        """
        edge: Literal["", "weakest", "strongest"] = ""
        if len(set(grid)) > 1 and chosen > 0 and chosen in (min(grid), max(grid)):
            edge = "weakest" if chosen == min(grid) else "strongest"
        return Regularisation(None if math.isinf(chosen) else chosen, edge, steps, converged)

    def __str__(self) -> str:
        """As reports show it.

        >>> print(Regularisation.of([0.1, 1.0], 0.1, steps=7))
        0.1 (weakest tried), 7 steps
        """
        strength = "constant answer" if self.penalty is None else f"{self.penalty:g}"
        end = f" ({self.edge} tried)" if self.edge and self.penalty is not None else ""
        steps = f", {self.steps} steps" if self.steps else ""
        return f"{strength}{end}{steps}{'' if self.converged else ', NOT CONVERGED'}"
