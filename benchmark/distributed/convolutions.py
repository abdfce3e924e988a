"""Convolutions of small maps, changed in place: weights keep their names, and outputs change by rounding alone."""

from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

PRODUCT = {"kernel_size": (3, 3), "stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
"""The convolutions of which every output pixel of a map of 2x2 sees every input pixel."""


def multiply_small_maps(module: nn.Module) -> None:
    """Let 3x3 convolutions compute maps of at most 2x2 pixels as one matrix product.

    Padded, such a map is mostly zeros, which a convolution multiplies too: a ninth to four ninths of its work counts.
    Sums are in another order, so that the last bits of outputs and gradients change.
    """
    for convolution in module.modules():
        if isinstance(convolution, nn.Conv2d) and convolution.bias is None and _fits(convolution):
            convolution.forward = partial(_multiplied, convolution)  # type: ignore[method-assign]


def _fits(convolution: nn.Conv2d) -> bool:
    return all(getattr(convolution, name) == value for name, value in PRODUCT.items())


def _multiplied(convolution: nn.Conv2d, images: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, O, H, W), channels last in memory where a product is taken."""
    height, width = images.shape[2:]
    if max(height, width) > 2:
        return nn.Conv2d.forward(convolution, images)
    kernel = convolution.weight.permute(0, 2, 3, 1)  # (O, 3, 3, C)
    seen = [kernel[:, 1 - y : 1 - y + height, 1 - x : 1 - x + width] for y in range(height) for x in range(width)]
    matrix = torch.cat(seen).flatten(1)  # (H * W * O, H * W * C)
    product = nn.functional.linear(images.permute(0, 2, 3, 1).flatten(1), matrix)
    return product.view(len(images), height, width, -1).permute(0, 3, 1, 2)


def widen_narrow_maps(module: nn.Module) -> None:
    """Let convolutions in bf16 on a CPU pad a map that is narrower than their stride with columns of zeros.

    The outputs stay the same. Without the columns, the gradient of such a convolution's weights is not computed but
    whatever the memory held (PyTorch 2.13 with oneDNN, on a CPU with AMX).
    """
    for convolution in module.modules():
        if isinstance(convolution, nn.Conv2d) and convolution.kernel_size[1] > 1 and convolution.stride[1] > 1:
            convolution.register_forward_pre_hook(_widened)


def _widened(convolution: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    missing = cast(nn.Conv2d, convolution).stride[1] - inputs[0].shape[-1]
    return (nn.functional.pad(inputs[0], (0, missing)),) if missing > 0 else inputs
