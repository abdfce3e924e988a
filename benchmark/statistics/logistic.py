"""Multinomial logistic regression, solved to its optimum by L-BFGS (scipy), in float64 unless float32 is enough.

For inputs x (p,) and classes k of n rows, the weights W (p, c) and the intercept b (c,) minimise

    mean cross-entropy of softmax(b + x W) + penalty / 2 * |W|^2

scikit-learn's `LogisticRegression(C=...)` has C = 1 / (penalty * n). The search uses the inputs' principal directions,
each scaled by the curvature of the loss along it, which takes a fraction of the iterations.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor
from torch.nn import functional as F

from .spectrum import LinearFit, Spectrum

MOST = 2_000  # largest number of iterations
MEMORY = 20  # number of steps that L-BFGS stores


@dataclass(frozen=True)
class Optimum:
    """Result of a search.

    fit : the fitted regression; iterations : iterations of L-BFGS
    gradient : largest absolute entry of the gradient of the loss by the scaled parameters
    """

    fit: LinearFit
    iterations: int
    gradient: float


class Logistic:
    """Regression on some rows. inputs : (n, p) float64; labels : (n,) int64 in [0, classes)."""

    def __init__(self, spectrum: Spectrum, inputs: Tensor, labels: Tensor, classes: int) -> None:
        self.spectrum, self.labels, self.classes = spectrum, labels, classes
        self._coordinates = spectrum.coordinates(inputs)
        counts = torch.bincount(labels, minlength=classes).to(inputs)
        # a class without rows would get a logit of minus infinity; half a row keeps it finite and last
        self._start = counts.clamp_min(0.5).log() - float(np.log(len(labels)))

    def constant(self) -> Optimum:
        """Return the optimum at an infinite penalty: the classes' fractions of the rows."""
        weights = torch.zeros(len(self.spectrum.mean), self.classes).to(self._coordinates)
        return Optimum(LinearFit(self.spectrum.mean, weights, self._start), 0, 0.0)

    def path(
        self, penalties: Sequence[float], gradient: float, start: LinearFit | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> Iterator[Optimum]:  # fmt: skip
        """Yield the optima at penalties, the strongest first; each search starts from the previous optimum.

        gradient : the search stops when no entry of the gradient is larger
        start : start of the first search, by default the constant prediction; the optima do not depend on it
        dtype : of the loss and its gradient; float32 reaches a gradient of 1e-3 in half the time
        """
        before = start or self.constant().fit
        weights, bias = self.spectrum.axes.T @ before.weights, before(self.spectrum.mean[None])[0]
        for penalty in penalties:
            scales = (self.spectrum.variances / self.classes + penalty).sqrt()[:, None]
            inputs, narrow = (self._coordinates / scales.T).to(dtype), scales.to(dtype)
            first = torch.cat([weights * scales, bias[None]]).cpu().numpy().ravel()

            def loss(flat: NDArray[np.float64], inputs: Tensor = inputs, scales: Tensor = narrow,
                     penalty: float = penalty) -> tuple[float, NDArray[np.float64]]:  # fmt: skip
                both = torch.from_numpy(flat.reshape(-1, self.classes)).to(inputs)
                scaled, intercept = both[:-1], both[-1]
                logits = F.log_softmax(inputs @ scaled + intercept, dim=1)
                own = scaled / scales
                value = F.nll_loss(logits, self.labels) + penalty / 2 * own.square().sum()
                wrong = logits.exp()
                wrong[torch.arange(len(wrong), device=wrong.device), self.labels] -= 1
                wrong /= len(wrong)
                slope = torch.cat([inputs.T @ wrong + penalty * own / scales, wrong.sum(0, keepdim=True)])
                return float(value), slope.double().cpu().numpy().ravel()

            ended = minimize(
                loss, first, jac=True, method="L-BFGS-B",
                options={"gtol": gradient, "ftol": 0.0, "maxiter": MOST, "maxfun": 2 * MOST, "maxcor": MEMORY},
            )  # fmt: skip
            solution = torch.from_numpy(ended.x.reshape(-1, self.classes)).to(self._coordinates)
            weights, bias = solution[:-1] / scales, solution[-1]
            fit = LinearFit(self.spectrum.mean, self.spectrum.axes @ weights, bias)
            yield Optimum(fit, int(ended.nit), float(np.abs(ended.jac).max()))
