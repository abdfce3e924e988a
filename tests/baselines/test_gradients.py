"""Gradients agree with the loss: no term is detached from its inputs by mistake, and no stop-gradient is misplaced."""

import pytest
import torch
from together import FORMS, TRAINED, batch, method_of

from iebench.baselines.method import Method

CONTINUOUS = {"capsie-like": ["method.stop_gradient=false"]}  # the other form is in the method's own test
STEP = 1e-8  # so short that hardly any ReLU changes its sign


def moved(method: Method, direction: list[torch.Tensor], by: float) -> float:
    """Return the loss of a batch with all trainable weights moved along a direction; then move the weights back."""
    weights = [p for p in method.parameters() if p.requires_grad]
    images, latents = batch(views=3)
    with torch.no_grad():
        torch._foreach_add_(weights, direction, alpha=by)
        loss = float(method.loss(images, latents)["loss"])
        torch._foreach_add_(weights, direction, alpha=-by)
    return loss


@pytest.mark.parametrize("part", ["encoder", "the rest"])
@pytest.mark.parametrize("name", [*TRAINED, "sie-deep", "sie-mlp", *FORMS])
@pytest.mark.slow
def test_the_gradient_along_a_random_direction_is_the_difference_quotient(name: str, part: str) -> None:
    """Central differences in float64; target networks stay fixed, as in BYOL's loss."""
    method, _ = method_of(name.partition(",")[0], *FORMS.get(name, ()), *CONTINUOUS.get(name, ()))
    generator = torch.Generator().manual_seed(0)
    for parameter in method.parameters():  # away from where blocks are the identity and some gradients vanish
        parameter.data.add_(0.05 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype))
    method.loss(*batch(views=3))["loss"].backward()
    learning = {key: p for key, p in method.named_parameters() if p.requires_grad}
    direction = [
        torch.randn(p.shape, generator=generator, dtype=p.dtype) * (key.startswith("encoder.") == (part == "encoder"))
        for key, p in learning.items()
    ]
    slope = sum(
        float((p.grad * d).sum()) for p, d in zip(learning.values(), direction, strict=True) if p.grad is not None
    )
    quotient = (moved(method, direction, STEP) - moved(method, direction, -STEP)) / (2 * STEP)
    assert slope == pytest.approx(quotient, rel=1e-4, abs=1e-6) and abs(slope) > 1e-4
