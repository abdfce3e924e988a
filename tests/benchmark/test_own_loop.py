"""Loops of one's own: batches with a state, exact in the middle of an epoch; the examples, stopped and continued."""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from paths import ROOT

from iebench.benchmark import Dataset, open_dataset
from iebench.benchmark.errors import UsageError

EXAMPLES = ROOT / "examples" / "own_loop"


@pytest.fixture(scope="module")
def data(tiny_dataset: Path) -> Dataset:
    """The tiny dataset, opened: 24 train objects."""
    return open_dataset(tiny_dataset)


def numbers(batches: Any) -> list[list[int]]:
    """Return the objects and views of the batches of the rest of an epoch."""
    return [[*batch["object"].tolist(), *batch["views"].flatten().tolist()] for batch in batches]


def test_an_epoch_has_every_object_once_and_the_next_one_another_order(data: Dataset) -> None:
    batches = data.torch(views=2, seed=1).batches(6)
    assert len(batches) == 4
    first, second = ([batch["object"] for batch in batches] for _ in range(2))
    for epoch in (first, second):
        assert sorted(torch.cat(epoch).tolist()) == list(range(24))
    assert not torch.equal(torch.cat(first), torch.cat(second)) and batches.state_dict()["epoch"] == 2


def test_the_generator_of_the_users_model_is_left_alone(data: Dataset) -> None:
    batches, before = data.torch(views=2).batches(6), torch.get_rng_state()
    next(iter(batches))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(0, 2), (2, 0)])
def test_a_state_continues_in_the_middle_of_an_epoch_with_other_workers(
    data: Dataset, workers: tuple[int, int]
) -> None:
    whole = data.torch(views=2).batches(6)
    expected = [numbers(whole) for _ in range(2)]
    begun = data.torch(views=2).batches(6, workers[0])
    seen = numbers(begun)
    for batch in begun:
        seen += numbers([batch])
        state = json.loads(json.dumps(begun.state_dict()))
        if state["step"] == 3:
            break
    later = data.torch(views=2).batches(6, workers[1])
    later.load_state_dict(state)
    assert seen + numbers(later) == [*expected[0], *expected[1]] and len(later) == 4


def test_ranks_share_the_batches_of_one_process_and_a_state_serves_another_number(data: Dataset) -> None:
    alone = data.torch(views=2).batches(12)
    next(iter(alone))
    state, rest = alone.state_dict(), [batch["object"] for batch in alone]
    for count in (2, 3):
        ranks = [data.torch(views=2).batches(12, rank=rank, ranks=count) for rank in range(count)]
        for rank in ranks:
            rank.load_state_dict(state)
        shares = [[batch["object"] for batch in rank] for rank in ranks]
        assert [torch.cat(batch).tolist() for batch in zip(*shares, strict=True)] == [batch.tolist() for batch in rest]


def test_the_ranks_are_those_of_torch_distributed(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, answer in (("is_initialized", True), ("get_rank", 1), ("get_world_size", 3)):
        monkeypatch.setattr(torch.distributed, name, lambda answer=answer: answer)
    batches = data.torch(views=2).batches(12)
    assert (batches.rank, batches.ranks) == (1, 3) and len(next(iter(batches))["object"]) == 4
    assert data.torch(views=2).batches(12, rank=0, ranks=1).ranks == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda data: data.torch(views=2).batches(25), "batch is 25, and .* has 24 objects in train"),
        (lambda data: data.torch(views=2).batches(6, ranks=4, rank=0), "does not divide among 4 ranks"),
        (lambda data: data.torch(views=2).batches(6, ranks=2, rank=2), "rank is 2, and there are 2"),
        (
            lambda data: data.torch(views=3).batches(6).load_state_dict(data.torch(views=2).batches(6).state_dict()),
            "the state of the batches is another one's: views: 2 there, 3 here",
        ),
    ],
)
def test_what_does_not_fit_is_refused(data: Dataset, call: Callable[[Dataset], object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call(data)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Return a function that imports a file of the examples."""
    monkeypatch.syspath_prepend(str(EXAMPLES))

    def imported(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield imported
    sys.modules.pop("network", None)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of lightning, about the number of workers and the machine
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    ("name", "package"), [("plain", "torch"), ("accelerated", "accelerate"), ("lightning_loop", "lightning")]
)
def test_an_example_stopped_in_the_middle_of_an_epoch_continues_exactly(
    example: Callable[[str], ModuleType], tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    name: str, package: str,
) -> None:  # fmt: skip
    pytest.importorskip(package)
    module, calls = example(name), 0
    whole = module.train(str(tiny_dataset), str(tmp_path / "whole"), epochs=2, batch=6)
    contrast = module.contrast

    def interrupted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 7:  # of 8, the third batch of the second epoch
            raise RuntimeError("pulled the plug")
        return contrast(*arguments)

    monkeypatch.setattr(module, "contrast", interrupted)
    with pytest.raises(RuntimeError, match="pulled the plug"):
        module.train(str(tiny_dataset), str(tmp_path / "again"), epochs=2, batch=6)
    network = module.train(str(tiny_dataset), str(tmp_path / "again"), epochs=2, batch=6)
    assert calls == 7 + 2
    for key, value in whole.state_dict().items():
        assert torch.equal(value, network.state_dict()[key]), key


@pytest.mark.slow  # webdataset leaves closing its files to the garbage collector
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_gives_views_of_an_object_together(
    example: Callable[[str], ModuleType], data: Dataset, tiny_dataset: Path
) -> None:
    pytest.importorskip("webdataset")
    items = list(example("webdataset_views").objects(str(tiny_dataset), views=3))
    images = data.images("train")
    names = [f"{row['synset']}/{row['object_id']}" for row in images.table.select(["synset", "object_id"]).to_pylist()]
    assert sorted(item["object"] for item in items) == sorted(set(names)) and len(items) == 24
    for item in items[:3]:
        rows = [row for row, name in enumerate(names) if name == item["object"]]
        stored = np.stack([images.latents[name][rows] for name in ("rot_x", "rot_y", "rot_z")], 1)
        chosen = [int(np.flatnonzero((stored == latents).all(1))[0]) for latents in item["latents"].numpy()]
        assert len(set(chosen)) == 3 and item["label"] == images.labels[rows[0]]
        pixels = (item["images"] * 255).round().byte().permute(0, 2, 3, 1).numpy().astype(int)
        assert np.abs(pixels - images.read([rows[k] for k in chosen]).astype(int)).max() <= 3  # two JPEG decoders
