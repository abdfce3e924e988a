"""Two ranks with half a batch each give the result of one process with the whole batch."""

from pathlib import Path

import pytest
import torch
from together import RANKED, compare_methods, end_with_open_connections, run_ranks
from trainings import forked_ranks

from iebench.benchmark.data.order import Order
from iebench.benchmark.distributed.ranks import ALONE, Ranks, joined
from iebench.benchmark.distributed.synced_norm import SyncedBatchNorm, synchronise
from iebench.benchmark.errors import SettingError
from iebench.benchmark.training.checks import check_shares
from iebench.benchmark.training.config import TrainSettings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def differences(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float]]:
    """Differences between two ranks and one process, by method: loss terms, gradients, buffers."""
    with forked_ranks():
        return run_ranks(2, compare_methods, tmp_path_factory.mktemp("ranks"))


@pytest.mark.parametrize("method", RANKED)
def test_two_ranks_with_half_a_batch_are_one_with_all_of_it(method: str, differences: dict[str, list[float]]) -> None:
    terms, gradients, buffers = differences[method]
    assert terms < 1e-10 and gradients < 1e-7 and buffers < 1e-10


@pytest.mark.parametrize(("batch", "ranks", "accumulate", "near"), [(8, 3, 1, 6), (2, 4, 1, 4), (8, 2, 8, 16)])
def test_a_batch_that_does_not_divide_evenly_is_refused(batch: int, ranks: int, accumulate: int, near: int) -> None:
    settings = TrainSettings(batch=batch, accumulate=accumulate)
    with pytest.raises(SettingError, match=f"batch={batch} objects cannot be split evenly .* --set batch={near}$"):
        check_shares(settings, Ranks(0, ranks))
    check_shares(TrainSettings(batch=near, accumulate=accumulate), Ranks(0, ranks))


def test_pieces_of_one_image_have_no_batch_statistics() -> None:
    with pytest.raises(SettingError, match=r"accumulate=4 leaves one image in a piece.*or --set passes=together$"):
        check_shares(TrainSettings(batch=4, accumulate=4), Ranks(0, 1))
    check_shares(TrainSettings(batch=4, accumulate=4, passes="together"), Ranks(0, 1))
    check_shares(TrainSettings(batch=4, accumulate=2), Ranks(0, 2))  # whose norms see a piece of each rank


def test_shares_make_up_the_batch() -> None:
    whole = Order(0, 20, 6, 8, 2)
    parts = [Order(0, 20, 6, 8, 2, Ranks(rank, 4).share(8)) for rank in range(4)]
    for step in (0, 2, 3):  # one of them reaches into the next epoch
        assert [list(row) for part in parts for row in part.rows(step)] == [list(row) for row in whole.rows(step)]


def test_without_ranks_in_the_environment_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("auto") as ranks:
        assert ranks is ALONE and ranks.first and ranks.share(8) == slice(0, 8)
        assert ranks.collect("a") == ["a"] and ranks.largest(3) == 3


def test_ranks_have_generators_of_their_own_and_the_first_keeps_its() -> None:
    drawn = []
    for rank in range(3):
        torch.manual_seed(5)
        Ranks(rank, 3).seed(5)
        drawn.append(float(torch.rand(1)))
    torch.manual_seed(5)
    assert drawn[0] == float(torch.rand(1)) and len(set(drawn)) == 3


def test_a_synchronised_norm_alone_is_the_norm_in_whose_place_it_stands() -> None:
    torch.manual_seed(0)
    plain = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4), torch.nn.Sequential())
    synced = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4), torch.nn.Sequential())
    synced.load_state_dict(plain.state_dict())
    synchronise(synced, on_gpu=False)
    assert isinstance(synced[1], SyncedBatchNorm)
    images = torch.randn(5, 3, 4, 4)
    for training in (True, True, False):
        torch.testing.assert_close(synced.train(training)(images), plain.train(training)(images))
    torch.testing.assert_close(synced.state_dict(), plain.state_dict())


class Activated(torch.nn.BatchNorm2d):
    """Batch norm as in timm, which ends in a dropout and an activation."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.drop, self.act = torch.nn.Identity(), torch.nn.PReLU()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.act(self.drop(super().forward(values)))
        return out


@pytest.mark.parametrize("on_gpu", [False, True])
def test_a_norm_that_ends_in_an_activation_keeps_it(on_gpu: bool) -> None:
    torch.manual_seed(0)
    plain, synced = (torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), Activated(4)) for _ in range(2))
    synced.load_state_dict(plain.state_dict())
    synchronise(synced, on_gpu)
    assert isinstance(synced[1], torch.nn.SyncBatchNorm if on_gpu else SyncedBatchNorm)
    images = torch.randn(5, 3, 4, 4)
    for training in (False,) if on_gpu else (True, False):  # PyTorch's trains on GPUs only
        torch.testing.assert_close(synced.train(training)(images), plain.train(training)(images))
    torch.testing.assert_close(synced.state_dict(), plain.state_dict())


def test_a_norm_that_does_something_unknown_is_refused() -> None:
    odd = type("Odd", (torch.nn.BatchNorm2d,), {})
    with pytest.raises(SettingError, match=r"backbone's Odd is a batch norm of its own kind.*train with one"):
        synchronise(torch.nn.Sequential(torch.nn.Sequential(odd(4))), on_gpu=False)


def test_connections_that_do_not_close_keep_no_rank_from_ending(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """In PyTorch 2.4, destroy_process_group never returned in one of three trainings, after all work was done."""
    # not forked: a server may have started with another standard error than this test's
    assert run_ranks(2, end_with_open_connections, tmp_path) == [0, 1]  # `launch` raises unless all exit with 0
    printed = capfd.readouterr().err
    for rank in (0, 1):
        assert printed.count(f"rank {rank}: the connections to the other ranks have not closed within") == 1
