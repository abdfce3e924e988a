"""Convolutions of small maps: products that equal them, and gradients in bf16."""

import copy

import pytest
import torch

from iebench.benchmark.distributed.convolutions import multiply_small_maps, widen_narrow_maps


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (4, 4)])
def test_products_are_the_convolution_and_so_are_their_gradients(height: int, width: int) -> None:
    torch.manual_seed(0)
    plain = torch.nn.Conv2d(5, 7, 3, padding=1, bias=False).double()
    fast = copy.deepcopy(plain)
    multiply_small_maps(fast)
    maps = torch.randn(4, 5, height, width, dtype=torch.float64, requires_grad=True)
    results = []
    for convolution in (plain, fast):
        outputs = convolution(maps)
        results.append((outputs, *torch.autograd.grad(outputs.sin().sum(), (maps, convolution.weight))))
    torch.testing.assert_close(results[1], results[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "other",
    [{"stride": 2}, {"padding": 0}, {"dilation": 2, "padding": 2}, {"groups": 2}, {"bias": True}, {"kernel_size": 1}],
)
def test_other_convolutions_stay(other: dict[str, int]) -> None:
    convolution = torch.nn.Conv2d(
        **{"in_channels": 4, "out_channels": 4, "kernel_size": 3, "padding": 1, "bias": False} | other
    )  # type: ignore[arg-type]
    multiply_small_maps(convolution)
    assert "forward" not in vars(convolution)


@pytest.mark.parametrize(("kernel", "stride", "width"), [(3, 2, 1), (7, 2, 1), (3, 3, 2), (7, 4, 3)])
def test_gradients_in_bf16_of_a_map_narrower_than_the_stride_are_right(kernel: int, stride: int, width: int) -> None:
    """Without `widen_narrow_maps` the gradient of the weights is what the memory held: 1e20 or not a number here."""
    torch.manual_seed(0)
    convolution = torch.nn.Conv2d(16, 24, kernel, stride, kernel // 2, bias=False)
    exact = copy.deepcopy(convolution).double()
    widen_narrow_maps(convolution)
    for _ in range(4):
        junk = [torch.full((4096,), 1e20) for _ in range(50)]
        del junk
        maps = torch.randn(4, 16, width, width)
        with torch.autocast("cpu", torch.bfloat16):
            outputs = convolution(maps)
        sums = exact(maps.double())
        torch.testing.assert_close(outputs.double(), sums, rtol=0.02, atol=0.02)
        (gradient,) = torch.autograd.grad(outputs.float().sin().sum(), convolution.weight)
        (expected,) = torch.autograd.grad(sums.sin().sum(), exact.weight)
        torch.testing.assert_close(gradient.double(), expected, rtol=0, atol=0.02 * float(expected.abs().max()))
