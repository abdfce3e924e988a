"""Self-routing equals loops over positions, capsules and votes; activations are a distribution; sizes are released."""

import numpy as np
import pytest
import torch
from torch import nn

from iebench.baselines.networks.capsules import Capsules


def test_the_head_equals_its_restatement() -> None:
    torch.manual_seed(0)
    head = Capsules(channels=5, capsules=3, numbers=4, side=2).double().eval()
    with torch.no_grad():
        head.routes.normal_()
        head.bias.normal_()
    maps = torch.randn(2, 5, 2, 2, dtype=torch.float64)
    with torch.no_grad():
        ours = head(maps).numpy()
        active = head.activation(maps).sigmoid().numpy()
        pose = head.pose(maps).numpy()
    votes, routes, bias = (p.detach().numpy() for p in (head.votes, head.routes, head.bias))
    for b in range(2):
        weight, voted = np.zeros((12, 3)), np.zeros((12, 3, 4))
        inputs = np.zeros(12)
        for position in range(4):
            for k in range(3):
                i, row, column = position * 3 + k, position // 2, position % 2
                u = pose[b, 4 * k : 4 * k + 4, row, column]
                inputs[i] = active[b, k, row, column]
                logits = routes[i] @ u + bias[i]
                weight[i] = inputs[i] * np.exp(logits) / np.exp(logits).sum()
                voted[i] = (votes[i] @ u).reshape(3, 4)
        expected = [weight.sum(0) / inputs.sum(), *((weight[:, j, None] * voted[:, j]).sum(0) for j in range(3))]
        poses = [part / weight[:, j].sum() for j, part in enumerate(expected[1:])]
        np.testing.assert_allclose(ours[b], np.concatenate([expected[0], *poses]), rtol=1e-10)


def test_activations_sum_to_one_also_where_hardly_any_capsule_is_active() -> None:
    torch.manual_seed(0)
    head = Capsules(5, 4, 9, 2).eval()
    maps = torch.randn(3, 5, 2, 2)
    torch.testing.assert_close(head(maps)[:, :4].sum(1), torch.ones(3))
    head.activation[1].bias.data.fill_(-200.0)  # sigmoid(-200) is 0 in float32
    out = head(maps.requires_grad_())
    out.sum().backward()
    assert bool(torch.isfinite(out).all()) and bool(torch.isfinite(maps.grad).all())


@pytest.mark.parametrize("resolution", [1, 3, 8])
def test_any_map_has_the_same_outputs(resolution: int) -> None:
    assert Capsules(5, 4, 9, 2).eval()(torch.randn(2, 5, resolution, resolution)).shape == (2, 40)


@pytest.mark.parametrize(
    ("capsules", "numbers", "side", "parameters"),
    [
        (16, 9, 8, 2_228_544), (32, 9, 8, 7_438_976), (64, 9, 8, 26_805_504), (16, 16, 8, 5_726_752),
        (32, 16, 8, 20_399_168), (64, 16, 8, 76_580_992), (32, 9, 4, 2_966_144), (32, 16, 4, 6_980_672),
    ],
)  # fmt: skip
def test_sizes_are_those_of_the_released_projector(capsules: int, numbers: int, side: int, parameters: int) -> None:
    with torch.device("meta"):
        head = Capsules(512, capsules, numbers, side)
    assert sum(p.numel() for p in head.parameters()) == parameters


def test_routing_does_not_overflow_in_fp16() -> None:
    """Poses of thousands, whose products are beyond 65,504, give the activations and poses of float32."""
    torch.manual_seed(0)
    head = Capsules(16, 4, 9, 2)
    nn.init.constant_(head.pose[1].weight, 5e3)
    nn.init.normal_(head.routes)
    nn.init.normal_(head.votes, std=10)
    maps = torch.rand(6, 16, 2, 2)
    with torch.no_grad():
        expected = head(maps)
        with torch.autocast("cpu", torch.float16):
            output = head(maps)
    assert expected[:, 4:].abs().max() > 65_504
    assert output.dtype == torch.float32 and output.isfinite().all()
    torch.testing.assert_close(output, expected, rtol=0.05, atol=0.05 * float(expected[:, 4:].abs().max()))
