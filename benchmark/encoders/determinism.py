"""Whether answers come again when they are asked again, or of fewer images at once: judged column by column.

One limit for all columns would be blind beside a large one: what draws random numbers around 0 next to a constant
1000 passes for rounding.
"""

import torch
from torch import Tensor, nn

SHARE = 0.02  # of a column's own spread over the trial, which no score would notice
ROUNDING = 1e-4  # of a column's size, in float32: sums in another order take 1e-6
TF32 = 1e-3  # the same on a GPU, where convolutions may keep ten bits
COARSE = 5e-2  # bf16 keeps seven bits, and errs in every layer of a network


def rounding(module: nn.Module, answers: Tensor, bf16: bool = False) -> tuple[float, float]:
    """What rounding alone may change, as a share of an answer's size: when asked again, and in another batch.

    On a GPU another batch may go to other kernels, and an autocast of the module's own shows nowhere.

    answers : (B, D) float32, the module's
    bf16 : it runs under autocast
    """
    weights = any(weight.is_floating_point() and weight.element_size() < 4 for weight in module.parameters())
    rounded = any(bool((answers.to(kind).float() == answers).all()) for kind in (torch.bfloat16, torch.float16))
    if bf16 or weights or rounded:
        return COARSE, COARSE
    return (ROUNDING, ROUNDING) if answers.device.type == "cpu" else (TF32, COARSE)


def unsteady(first: Tensor, again: Tensor, rounding: float) -> str:
    """Where answers (B, D) differ most from the first ones by more than rounding, in words; "" where they agree.

    A small column may be the difference of large numbers, so its rounding is that of its typical neighbour at least.
    """
    size = first.abs().amax(0)  # (D,)
    typical = size[size > 0].median() if bool((size > 0).any()) else size.new_zeros(())  # dead columns say nothing
    limit = SHARE * (first.amax(0) - first.amin(0)) + rounding * torch.maximum(size, typical)
    gap = (first - again).abs().amax(0)
    if bool((gap <= limit).all()):
        return ""
    worst = int((gap - limit).argmax())
    return f"by up to {float(gap[worst]):.2g} in column {worst}, which is at most {float(size[worst]):.2g}"
