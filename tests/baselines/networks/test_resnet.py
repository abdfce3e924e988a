"""The ResNets have torchvision's parameters, and their residual blocks start as the identity."""

import pytest
import torch
from released import normalised, random_like, resnet_shapes
from released import resnet as restated
from torch import Tensor
from torch.nn import functional

from iebench.baselines.networks.backbone import Stem
from iebench.baselines.networks.resnet import Block, ResNet, resnet18, resnet50
from iebench.baselines.networks.resnet_vicreg import resnet18_vicreg

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def expected_names(blocks: tuple[int, ...], convolutions: int, shortcuts: tuple[int, ...]) -> set[str]:
    """Return the parameter names of torchvision's ResNet without its classifier, by the rule of its source."""
    names = {"conv1.weight", *(f"bn1.{n}" for n in NORM)}
    for stage, count in enumerate(blocks, start=1):
        for block in range(count):
            head = f"layer{stage}.{block}"
            for i in range(1, convolutions + 1):
                names |= {f"{head}.conv{i}.weight", *(f"{head}.bn{i}.{n}" for n in NORM)}
        if stage in shortcuts:
            names |= {f"layer{stage}.0.downsample.0.weight", *(f"layer{stage}.0.downsample.1.{n}" for n in NORM)}
    return names


def parameters(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_the_stem_for_cifar_keeps_all_pixels() -> None:
    net = resnet18(0.125, "cifar")
    assert (net.conv1.kernel_size, net.conv1.stride, net.conv1.padding) == ((3, 3), (1, 1), (1, 1))
    assert net.stem(torch.rand(2, 3, 32, 32)).shape == (2, 8, 32, 32)


def test_parameters_are_torchvisions() -> None:
    with torch.device("meta"):
        small, large = resnet18(), resnet50()
    assert set(small.state_dict()) == expected_names((2, 2, 2, 2), 2, (2, 3, 4))
    assert set(large.state_dict()) == expected_names((3, 4, 6, 3), 3, (1, 2, 3, 4))
    assert parameters(small) == 11_689_512 - 512 * 1000 - 1000  # published, less the classifier
    assert parameters(large) == 25_557_032 - 2048 * 1000 - 1000
    assert small.conv1.weight.shape == (64, 3, 7, 7) and large.layer2[0].conv2.weight.shape == (128, 128, 3, 3)
    assert large.layer2[0].conv2.stride == (2, 2) and large.layer2[0].conv1.stride == (1, 1)


def restated_resnet50(x: Tensor, state: dict[str, Tensor]) -> Tensor:
    """Return features of a ResNet-50 with the stride on the 3x3 convolutions, computed from the state alone."""
    x = functional.conv2d(x, state["conv1.weight"], stride=2, padding=3)
    x = functional.max_pool2d(normalised(x, state, "bn1").clamp(min=0), 3, stride=2, padding=1)
    for stage, blocks in enumerate((3, 4, 6, 3), start=1):
        for block in range(blocks):
            head, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            y = functional.conv2d(x, state[f"{head}.conv1.weight"])
            y = normalised(y, state, f"{head}.bn1").clamp(min=0)
            y = functional.conv2d(y, state[f"{head}.conv2.weight"], stride=stride, padding=1)
            y = normalised(y, state, f"{head}.bn2").clamp(min=0)
            y = normalised(functional.conv2d(y, state[f"{head}.conv3.weight"]), state, f"{head}.bn3")
            if block == 0:
                x = functional.conv2d(x, state[f"{head}.downsample.0.weight"], stride=stride)
                x = normalised(x, state, f"{head}.downsample.1")
            x = (x + y).clamp(min=0)
    return x.mean(dim=(2, 3))


@pytest.mark.slow
@pytest.mark.parametrize("side", [64, 97])
def test_features_are_those_of_the_restatement(side: int) -> None:
    images = torch.randn(2, 3, side, side, dtype=torch.float64)
    small, state = resnet18().double().eval(), random_like(resnet_shapes(shortcuts=(2, 3, 4)))
    small.load_state_dict(state)
    large = resnet50(0.125).double().eval()
    own = random_like({name: tuple(value.shape) for name, value in large.state_dict().items()})
    large.load_state_dict(own)
    with torch.no_grad():
        torch.testing.assert_close(small(images), restated(images, state), rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(large(images), restated_resnet50(images, own), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("build", [resnet18, resnet50, resnet18_vicreg])
def test_convolutions_start_with_a_variance_of_two_over_their_outputs(build: type[ResNet]) -> None:
    torch.manual_seed(0)
    for name, module in build(0.5).named_modules():
        if isinstance(module, torch.nn.Conv2d):
            fan = module.out_channels * module.kernel_size[0] ** 2
            deviation = float(module.weight.detach().std())
            assert deviation == pytest.approx((2 / fan) ** 0.5, rel=6 / module.weight.numel() ** 0.5), name


@pytest.mark.parametrize(("stem", "side"), [("imagenet", 2), ("small", 4)])
@pytest.mark.parametrize(("build", "dim"), [(resnet18, 128), (resnet50, 512)])
def test_shapes(build: type[ResNet], dim: int, stem: Stem, side: int) -> None:
    net = build(0.25, stem).eval()
    maps = torch.nn.Sequential(net.conv1, net.maxpool, net.layer1, net.layer2, net.layer3, net.layer4)
    assert maps(torch.randn(2, 3, 64, 64)).shape == (2, dim, side, side)
    assert net(torch.randn(2, 3, 64, 64)).shape == (2, net.dim) == (2, dim)


def test_blocks_start_as_the_identity() -> None:
    net = resnet18(0.25).train()
    x = torch.rand(4, 16, 8, 8)
    torch.testing.assert_close(net.layer1(x), x)
    for other in (net, resnet50(0.125), resnet18_vicreg(0.25)):
        assert all(not m.last_norm().weight.any() for m in other.modules() if isinstance(m, Block))


@pytest.mark.parametrize("build", [resnet18, resnet50, resnet18_vicreg])
def test_every_parameter_gets_a_gradient_after_one_step(build: type[ResNet]) -> None:
    torch.manual_seed(0)
    net = build(0.125)
    for _ in range(2):  # at the very first step the zero scale still blocks the inner convolutions
        net.zero_grad()
        net(torch.randn(8, 3, 64, 64)).square().mean().backward()
        with torch.no_grad():
            torch._foreach_add_(list(net.parameters()), 0.01)
    assert all(p.grad is not None and bool(p.grad.any()) for p in net.parameters())
