"""Checkpoints bring everything back."""

from pathlib import Path

import pytest
import torch
from torch import nn

from iebench.benchmark.checkpoint import CHECKPOINT, Progress, restore, save
from iebench.benchmark.errors import RunError


def trained(seed: int) -> tuple[nn.Module, torch.optim.Adam]:
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.randn(5, 3)).square().mean().backward()
    optimizer.step()
    return net, optimizer


def test_weights_optimizer_generator_and_progress_come_back(tmp_path: Path) -> None:
    net, optimizer = trained(1)
    save(tmp_path, net, optimizer, Progress(7, 2.5))
    expected = torch.rand(3)
    other, its = trained(2)
    assert restore(tmp_path, other, its) == Progress(7, 2.5)
    assert torch.equal(torch.rand(3), expected)
    for ours, theirs in ((net.state_dict(), other.state_dict()), (optimizer.state_dict(), its.state_dict())):
        torch.testing.assert_close(theirs, ours, rtol=0, atol=0)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_without_a_checkpoint_a_run_starts_at_zero(tmp_path: Path) -> None:
    assert restore(tmp_path, *trained(1)) == Progress(0, 0.0)


def test_it_loads_without_running_code(tmp_path: Path) -> None:
    save(tmp_path, *trained(1), Progress())
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["progress"] == {"step": 0, "seconds": 0.0}


def test_a_damaged_checkpoint_and_one_of_another_network_are_named(tmp_path: Path) -> None:
    save(tmp_path, *trained(1), Progress())
    wider = nn.Linear(3, 5)
    with pytest.raises(RunError, match=r"cannot go on from .*checkpoint\.pt"):
        restore(tmp_path, wider, torch.optim.Adam(wider.parameters()))
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RunError, match=r"cannot go on from .*checkpoint\.pt .*remove"):
        restore(tmp_path, *trained(1))
