"""The backbone of group convolutions: a turned picture has the same features in another order, exactly."""

import pytest
import torch

from iebench.baselines.networks.backbone import build
from iebench.baselines.networks.groups.resnet_c4 import TURNS, TurnedConvolution, halved


@pytest.mark.parametrize(("stem", "side"), [("cifar", 16), ("small", 20), ("imagenet", 32), ("small", 15)])
def test_a_quarter_turn_moves_maps_and_channels(stem: str, side: int) -> None:
    torch.manual_seed(0)
    network = build("resnet18-c4", 0.25, stem).double().train()  # type: ignore[arg-type]
    for name, weight in network.named_parameters():
        if name.endswith("norm2.norm.weight"):
            torch.nn.init.ones_(weight)  # blocks start as their shortcuts
    images = torch.randn(3, 3, side, side, dtype=torch.float64)
    stages = (1, 2, 3, 4)
    before, *maps = network(images, stages)
    for count in (1, 2, 3):
        after, *turned = network(torch.rot90(images, count, (2, 3)), stages)
        torch.testing.assert_close(after, before.view(3, -1, TURNS).roll(count, 2).flatten(1))
        for own, other in zip(maps, turned, strict=True):
            moved = torch.rot90(own.unflatten(1, (-1, TURNS)).roll(count, 2), count, (3, 4)).flatten(1, 2)
            torch.testing.assert_close(other, moved)
    assert before.shape == (3, network.dim) and network.channels == (16, 32, 64, 128)
    assert (before.view(3, -1, TURNS).std(2) > 1e-4).any()  # the turn can be read


def test_a_layer_equals_convolutions_of_turned_pictures() -> None:
    """Filter c in turn r sees what the filter itself sees in the picture turned back."""
    torch.manual_seed(0)
    layer = TurnedConvolution(2, 3, 3, turns=1).double()
    images = torch.randn(1, 2, 6, 6, dtype=torch.float64)
    output = layer(images).unflatten(1, (3, TURNS))
    for turn in range(TURNS):
        back = torch.nn.functional.conv2d(torch.rot90(images, -turn, (2, 3)), layer.weight, padding=1)
        torch.testing.assert_close(output[:, :, turn], torch.rot90(back, turn, (2, 3)))


def test_sizes_are_those_of_a_resnet_and_weights_a_quarter() -> None:
    network, usual = build("resnet18-c4", 1.0, "imagenet"), build("resnet18", 1.0, "imagenet")
    assert (network.dim, network.channels) == (512, (64, 128, 256, 512)) == (usual.dim, usual.channels)
    parameters = [sum(p.numel() for p in each.parameters()) for each in (network, usual)]
    assert parameters[0] / parameters[1] == pytest.approx(0.25, abs=0.01) and round(parameters[0] / 1e6, 1) == 2.8
    assert halved(torch.randn(1, 4, 7, 7)).shape == (1, 4, 4, 4)
