"""The ResNet has torchvision's parameters, and starts as the identity."""

import pytest
import torch

from iebench.baselines.resnet import BasicBlock, Stem, resnet18


def expected_names() -> set[str]:
    """torchvision's state of a ResNet-18 without its classifier, by the rule that its source follows."""
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    names = {"conv1.weight", *(f"bn1.{n}" for n in norm)}
    for stage in range(1, 5):
        for block in range(2):
            head = f"layer{stage}.{block}"
            names |= {f"{head}.conv{i}.weight" for i in (1, 2)} | {f"{head}.bn{i}.{n}" for i in (1, 2) for n in norm}
        if stage > 1:
            names |= {f"layer{stage}.0.downsample.0.weight", *(f"layer{stage}.0.downsample.1.{n}" for n in norm)}
    return names


def test_parameters_are_torchvisions() -> None:
    net = resnet18()
    assert set(net.state_dict()) == expected_names()
    assert sum(p.numel() for p in net.parameters()) == 11_689_512 - 512 * 1000 - 1000  # published, less the classifier
    assert net.conv1.weight.shape == (64, 3, 7, 7)


@pytest.mark.parametrize(("stem", "side"), [("imagenet", 2), ("small", 4)])
def test_shapes(stem: Stem, side: int) -> None:
    net = resnet18(0.25, stem).eval()
    maps = torch.nn.Sequential(net.conv1, net.maxpool, net.layer1, net.layer2, net.layer3, net.layer4)
    assert maps(torch.randn(2, 3, 64, 64)).shape == (2, 128, side, side)
    assert net(torch.randn(2, 3, 64, 64)).shape == (2, net.dim) == (2, 128)


def test_blocks_start_as_the_identity() -> None:
    net = resnet18(0.25).train()
    x = torch.rand(4, 16, 8, 8)
    torch.testing.assert_close(net.layer1(x), x)
    assert all(not m.bn2.weight.any() for m in net.modules() if isinstance(m, BasicBlock))


def test_every_parameter_gets_a_gradient_after_one_step() -> None:
    torch.manual_seed(0)
    net = resnet18(0.25, "small")
    for _ in range(2):  # at the very first step the zero scale still blocks the inner convolutions
        net.zero_grad()
        net(torch.randn(8, 3, 32, 32)).square().mean().backward()
        with torch.no_grad():
            torch._foreach_add_(list(net.parameters()), 0.01)
    assert all(p.grad is not None and bool(p.grad.any()) for p in net.parameters())
