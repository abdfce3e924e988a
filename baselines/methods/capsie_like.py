"""CapsIE-like: SIE on capsules, whose poses follow a hypernetwork; a stand-in for CapsIE (Everett et al. 2024).

Neither CapsIE's model nor its formula is public; its launch scripts and logged terms are. Two parts are guesses, and
settings: no gradient flows into the sharpened target (`stop_gradient`), and the mean activations are pushed apart with
a weight of 1 (`spread`). So results of this row are not CapsIE's.

iebench train --method capsie-like
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from .. import action as actions
from ..action import Latents
from ..capsule_method import CapsuleMethod, check_capsules, spread
from ..equivariant import PredictorSettings, predictor_of
from ..losses import check_temperature, covariance, distance, total, variance, weighted
from ..method import method
from ..networks.capsules import SMALLEST
from ..networks.encoder import Encoder

POSE = 16  # numbers of a capsule's pose, 4 x 4


@dataclass(frozen=True)
class CapsIELikeSettings(PredictorSettings):
    """Defaults of the launch scripts of AberdeenML/CapsIE for 3DIEBench at 256 pixels, but for the two guesses.

    capsules : number K of capsules
    side : positions a side of the map that the head reads; a map of another size is averaged to it
    temperature : tau of the sharpening p^(1 / tau) of a view's activations
    target_temperatures : tau of the next view's activations at the start and at the end of the run, linear between
    stop_gradient : true for a target without gradients; a guess
    invariance, equivariance, variance, prediction_variance, covariance : the loss weights s, f * s, v, v and c of SIE
    spread : weight of log K minus the entropy of the mean sharpened activations; a guess
    """

    capsules: int = 16
    side: int = 8
    temperature: float = 0.1
    target_temperatures: tuple[float, float] = (0.025, 0.1)
    stop_gradient: bool = True
    invariance: float = 10.0
    equivariance: float = 4.5
    variance: float = 10.0
    prediction_variance: float = 10.0
    covariance: float = 1.0
    spread: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_capsules(self.capsules, self.side)
        check_temperature(self.temperature)
        if not min(self.target_temperatures) > 0:
            raise InvalidValue(f"target_temperatures must be above 0, not {self.target_temperatures}")


@method("capsie-like", CapsIELikeSettings)
class CapsIELike(CapsuleMethod):
    """A capsule head on the last map of the backbone, and a predictor of its poses.

    progress : share of the run that is done, for the target's temperature
    """

    scheduled = True
    progress: Tensor

    def __init__(self, encoder: Encoder, settings: CapsIELikeSettings) -> None:
        super().__init__(encoder, settings.capsules, POSE, settings.side)
        self.settings = settings
        self.latents = actions.columns(settings.action)
        self.predictor = predictor_of(settings, settings.capsules * POSE)
        self.register_buffer("progress", torch.zeros((), dtype=torch.float64))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = s H(sg[sharp A^y], sharp A^x) + f s MSE(W(q) P^x, P^y) + v V + v V_pred + c C + sum(log K - H(mean)).

        Over consecutive views; V and C are of activations and poses, the mean is that of the sharpened activations.
        """
        activation, pose = self.activations_and_poses(images)  # K of (B, capsules) and of (B, capsules * 16)
        steps = [actions.onto(step, images.device) for step in actions.steps(self.settings.action, latents)]
        predicted = [self.predictor(step, start) for step, start in zip(steps, pose, strict=False)]
        capsules = [torch.cat(parts, dim=1) for parts in zip(activation, pose, strict=True)]
        sharp = [sharpened(view, self.settings.temperature) for view in activation]  # logarithms
        targets = [sharpened(view, self.target_temperature()).exp() for view in activation[1:]]
        if self.settings.stop_gradient:
            targets = [target.detach() for target in targets]
        terms = {
            "invariance": total(-(t * x).sum(dim=1).mean() for x, t in zip(sharp, targets, strict=False)),
            "equivariance": total(distance(p, y) for p, y in zip(predicted, pose[1:], strict=True)),
            "variance": total(variance(view) for view in capsules),
            "prediction_variance": total(variance(view) for view in predicted),
            "covariance": total(covariance(view) for view in capsules),
            "spread": spread([view.exp() for view in sharp]),
        }
        return weighted(terms, self.settings)

    def target_temperature(self) -> Tensor:
        """Return the target's temperature at this point of the run: scalar float64."""
        start, end = self.settings.target_temperatures
        return start + (end - start) * self.progress

    def after_step(self, step: int, steps: int) -> None:
        """Count the step, which moves the target's temperature."""
        self.progress.fill_(step / steps)


def sharpened(activation: Tensor, temperature: float | Tensor) -> Tensor:
    """Return the logarithm of p_k^(1 / tau) / sum_j p_j^(1 / tau): (B, K) -> (B, K)."""
    return nn.functional.log_softmax(activation.clamp(min=SMALLEST).log() / temperature, dim=1)
