"""Checkpoints restore the whole training state."""

import errno
import io
from pathlib import Path

import pytest
import torch
from torch import nn

from iebench.benchmark.distributed.ranks import ALONE
from iebench.benchmark.errors import Diverged, RunError
from iebench.benchmark.training.checkpoint import CHECKPOINT, Progress, Stateful, kept_path, restore, save
from iebench.manifests.common import files
from iebench.manifests.errors import DiskError


def trained(seed: int) -> dict[str, Stateful]:
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(net.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**seed)
    scaler.scale(net(torch.randn(5, 3)).square().mean()).backward()
    scaler.step(optimizer)
    scaler.update()
    return {"method": net, "optimizer": optimizer, "scaler": scaler}


def test_every_part_the_generator_and_progress_come_back(tmp_path: Path) -> None:
    parts = trained(1)
    save(tmp_path, parts, Progress(7, 2.5), ALONE)
    expected = torch.rand(3)
    others = trained(2)
    assert restore(tmp_path, others, ALONE) == Progress(7, 2.5)
    assert torch.equal(torch.rand(3), expected)
    for name, part in parts.items():
        torch.testing.assert_close(others[name].state_dict(), part.state_dict(), rtol=0, atol=0)
    assert others["scaler"].state_dict()["scale"] == 2.0
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_a_kept_checkpoint_stays_and_can_take_the_place_of_the_last(tmp_path: Path) -> None:
    save(tmp_path, trained(1), Progress(4), ALONE, keep=True)
    save(tmp_path, trained(2), Progress(5), ALONE)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-0000004.pt"]
    assert restore(tmp_path, trained(3), ALONE).step == 5
    kept_path(tmp_path, 4).replace(tmp_path / CHECKPOINT)
    assert restore(tmp_path, trained(3), ALONE).step == 4


def test_without_a_checkpoint_a_run_starts_at_zero(tmp_path: Path) -> None:
    assert restore(tmp_path, trained(1), ALONE) == Progress(0, 0.0)


def test_it_loads_without_running_code(tmp_path: Path) -> None:
    save(tmp_path, trained(1), Progress(), ALONE)
    progress = torch.load(tmp_path / CHECKPOINT, weights_only=True)["progress"]
    assert progress == {"step": 0, "seconds": 0.0, "core_seconds": 0.0}


def test_a_scaler_that_had_nothing_to_do_is_no_hindrance(tmp_path: Path) -> None:
    idle = {**trained(1), "scaler": torch.amp.GradScaler("cpu", enabled=False)}
    save(tmp_path, idle, Progress(3), ALONE)
    assert restore(tmp_path, trained(2), ALONE).step == 3


def test_a_damaged_checkpoint_and_one_of_another_network_are_named(tmp_path: Path) -> None:
    save(tmp_path, trained(1), Progress(), ALONE, keep=True)
    wider = nn.Linear(3, 5)
    with pytest.raises(RunError, match=r"cannot continue from .*checkpoint\.pt"):
        restore(tmp_path, {"method": wider, "optimizer": torch.optim.Adam(wider.parameters())}, ALONE)
    fewer = {**trained(1), "method": nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5))}
    with pytest.raises(RunError, match=r"\(its weights are of another network"):
        restore(tmp_path, fewer, ALONE)
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(
        RunError, match=r"cannot continue from .*checkpoint\.pt .*copy .*checkpoints/step-0000000\.pt over it, or rem"
    ):
        restore(tmp_path, trained(1), ALONE)


def test_one_flipped_bit_of_a_weight_is_noticed(tmp_path: Path) -> None:
    parts = trained(1)
    save(tmp_path, parts, Progress(), ALONE)
    path = tmp_path / CHECKPOINT
    content = bytearray(path.read_bytes())
    weights = next(iter(parts["method"].state_dict().values())).numpy().tobytes()
    content[content.index(weights) + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"cannot continue from .*checkpoint\.pt \(its .*data/\d+ contradicts its check"):
        restore(tmp_path, trained(2), ALONE)


@pytest.mark.parametrize("content", [b"", b"x" * 50, None])
def test_what_pytorch_says_of_a_damaged_checkpoint_is_cut_short(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / CHECKPOINT
    if content is None:
        torch.save({"method": Path("code")}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(
        RunError, match=rf"^cannot continue from {path} \([^)]*\): remove {tmp_path} and train again$"
    ) as e:
        restore(tmp_path, trained(1), ALONE)
    assert "weights_only" not in str(e.value) and len(str(e.value)) < 200 + 2 * len(str(path))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])  # the last value is finite, but its square is not
@pytest.mark.parametrize("name", ["0.bias", "1.running_var"])
def test_weights_that_are_not_finite_are_not_saved(name: str, value: float, tmp_path: Path) -> None:
    save(tmp_path, trained(1), Progress(4), ALONE)
    parts = trained(2)
    parts["method"].state_dict()[name][1] = value
    with pytest.raises(
        Diverged, match=rf"1 of 6 tensors of weights are not finite after step 5, .*such as {name}: low"
    ):
        save(tmp_path, parts, Progress(5), ALONE, keep=True)
    assert restore(tmp_path, trained(3), ALONE).step == 4
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_without_space_the_checkpoint_before_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, trained(1), Progress(4), ALONE)

    class Full(io.FileIO):
        def write(self, content: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.Path, "open", lambda path, mode: Full(path, "w"))
        with pytest.raises(DiskError, match=r"no space left to write .*checkpoint\.pt: free some and run the same"):
            save(tmp_path, trained(2), Progress(5), ALONE)
    assert restore(tmp_path, trained(3), ALONE).step == 4
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
