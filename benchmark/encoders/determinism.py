"""Determinism of an encoder: features must be the same in a second pass and in a smaller batch, column by column.

One limit for all columns would miss errors beside a large column: random numbers around 0 next to a constant 1000 would
pass as rounding.
"""

import torch
from torch import Tensor, nn

SHARE = 0.02  # of a column's spread over the trial; too small to change a score
ROUNDING = 1e-4  # of a column's size, in float32; another order of summation gives 1e-6
TF32 = 1e-3  # the same on a GPU, where convolutions may keep ten bits
COARSE = 5e-2  # bf16 keeps seven bits, and errs in every layer of a network


def rounding(module: nn.Module, outputs: Tensor, bf16: bool = False) -> tuple[float, float]:
    """Largest relative differences that rounding can cause: in a second pass, and in another batch.

    On a GPU another batch may use other kernels; an autocast inside the module cannot be detected.

    outputs : (B, D) float32, output of the module
    bf16 : True if the module runs under autocast
    """
    weights = any(weight.is_floating_point() and weight.element_size() < 4 for weight in module.parameters())
    rounded = any(bool((outputs.to(kind).float() == outputs).all()) for kind in (torch.bfloat16, torch.float16))
    if bf16 or weights or rounded:
        return COARSE, COARSE
    return (ROUNDING, ROUNDING) if outputs.device.type == "cpu" else (TF32, COARSE)


def unsteady(first: Tensor, again: Tensor, rounding: float) -> str:
    """Describe the largest difference between features (B, D) beyond rounding; "" if there is none.

    A small column may be the difference of large numbers, so its rounding error is at least that of a typical column.
    """
    size = first.abs().amax(0)  # (D,)
    typical = size[size > 0].median() if bool((size > 0).any()) else size.new_zeros(())  # without columns of zeros
    limit = SHARE * (first.amax(0) - first.amin(0)) + rounding * torch.maximum(size, typical)
    gap = (first - again).abs().amax(0)
    if bool((gap <= limit).all()):
        return ""
    worst = int((gap - limit).argmax())
    return f"by up to {float(gap[worst]):.2g} in column {worst}, which is at most {float(size[worst]):.2g}"
