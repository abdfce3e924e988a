"""The target network, which follows another network as an exponential moving average."""

import pytest
import torch
from torch import nn

from iebench.baselines.networks.target import Target, check_momentum, momentum


def test_it_starts_as_a_copy_that_takes_no_gradients() -> None:
    online = nn.Linear(3, 2)
    target = Target(online, nn.ReLU())
    x = torch.rand(4, 3, requires_grad=True)
    assert torch.equal(target(x), torch.relu(online(x))) and not target(x).requires_grad
    assert not any(parameter.requires_grad for parameter in target.parameters())


def test_it_moves_by_the_exponential_average_and_the_other_one_does_not() -> None:
    online, second = nn.Linear(3, 2).double(), nn.Linear(2, 2).double()
    target = Target(online, second)
    before = [parameter.clone() for parameter in target.parameters()]
    with torch.no_grad():
        for parameter in (*online.parameters(), *second.parameters()):
            parameter.add_(torch.rand_like(parameter))
    kept = [parameter.clone() for parameter in online.parameters()]
    target.follow(online, second, momentum=0.9)
    for old, new, goal in zip(before, target.parameters(), (*online.parameters(), *second.parameters()), strict=True):
        torch.testing.assert_close(new, 0.9 * old + 0.1 * goal.detach())
    assert all(torch.equal(a, b) for a, b in zip(kept, online.parameters(), strict=True))


def test_batch_norm_statistics_are_its_own() -> None:
    online = nn.BatchNorm1d(3)
    target = Target(online)
    target(torch.rand(8, 3) + 5)
    seen = target.network[0].running_mean.clone()
    target.follow(online, momentum=0.0)
    assert float(seen.min()) > 0.4 and torch.equal(target.network[0].running_mean, seen)


def test_momentum_rises_by_a_cosine_to_one() -> None:
    values = [momentum(0.996, step, 100) for step in range(1, 102)]
    assert values[0] == pytest.approx(0.996) and values[50] == pytest.approx(0.998) and values[100] == 1
    assert values == sorted(values)
    assert values[25] == pytest.approx(1 - 0.004 * (1 + 0.5**0.5) / 2)  # where the cosine is that of 45 degrees


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_a_momentum_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="momentum must be between 0 and 1"):
        check_momentum(value)
