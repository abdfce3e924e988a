"""The projector's layers."""

import torch

from iebench.baselines.projector import projector


def test_layers_and_shapes() -> None:
    net = projector((6, 8, 10, 12))
    kinds = ["Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d", "ReLU", "Linear"]
    assert [type(layer).__name__ for layer in net] == kinds
    last = net[-1]
    assert isinstance(last, torch.nn.Linear) and last.bias is None
    assert net(torch.randn(3, 6)).shape == (3, 12)


def test_one_width_is_a_linear_map() -> None:
    net, x = projector((4, 5)), torch.randn(3, 4)
    torch.testing.assert_close(net(2 * x), 2 * net(x))
