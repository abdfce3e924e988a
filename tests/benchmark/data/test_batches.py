"""Batches hold the right pixels and latents; the thread that loads them stops, and passes its errors on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from iebench.benchmark.data.batches import Batch, Batches, _received, _sent, ahead
from iebench.benchmark.data.images import Images
from iebench.benchmark.data.order import Order
from iebench.benchmark.data.pixel_cache import Decoded


@pytest.fixture(scope="module")
def images(tiny_dataset: Path) -> Images:
    return Images.open(tiny_dataset, "train")


CPU = torch.device("cpu")


def make(images: Images, share: slice = slice(None)) -> Batches:
    order, pixels = Order(0, 24, 6, batch=5, count=3, share=share), Decoded(images, 32, pinned=False)
    return Batches(images, order, pixels, ("rot_x", "floor_hue"), CPU)


def test_pixels_and_latents_belong_together(images: Images) -> None:
    batches = make(images)
    batch, rows = batches.make(2), batches.order.rows(2)
    pixels = batch.pixels(torch.device("cpu"))
    assert pixels.shape == (5, 3, 3, 32, 32) and pixels.dtype == torch.float32
    assert pixels.flatten(0, 1).is_contiguous(memory_format=torch.channels_last)
    for b in range(5):
        for k in range(3):
            expected = images.read([rows[b, k]])[0].transpose(2, 0, 1) / 255
            np.testing.assert_allclose(pixels[b, k].numpy(), expected, atol=1e-7)
    np.testing.assert_array_equal(batch.latents["rot_x"].numpy(), images.latents["rot_x"][rows])
    assert list(batch.latents) == ["rot_x", "floor_hue"]


def test_the_shares_of_a_batch_are_the_batch(images: Images) -> None:
    whole = make(images).make(4)
    shares = [make(images, share).make(4) for share in (slice(0, 2), slice(2, 5))]
    assert torch.equal(torch.cat([share.images for share in shares]), whole.images)
    assert torch.equal(torch.cat([share.latents["rot_x"] for share in shares]), whole.latents["rot_x"])


def test_prefetch_gives_the_steps_in_order(images: Images) -> None:
    batches = make(images)
    with batches.prefetch(3, 8) as prefetched:
        for step, batch in enumerate(prefetched, start=3):
            assert torch.equal(batch.images, batches.make(step).images)
    assert step == 7


class Sent:
    """Stand-in for images on a GPU; records each call and the stream it was made in."""

    device = torch.device("cuda")
    current = "main"

    def __init__(self, diary: list[str], number: int) -> None:
        self.diary, self.number = diary, number

    def to(self, device: torch.device, non_blocking: bool) -> "Sent":
        assert non_blocking and device.type == "cuda"
        self.diary.append(f"copy {self.number} in {self.current}")
        return self

    def record_stream(self, stream: "Stream") -> None:
        self.diary.append(f"{self.number} used in {stream.name}")


class Stream:
    """Stand-in for a CUDA stream."""

    def __init__(self, diary: list[str], name: str) -> None:
        self.diary, self.name, self.events = diary, name, 0

    def record_event(self) -> int:
        self.events += 1
        return self.events - 1

    def wait_event(self, event: int) -> None:
        self.diary.append(f"{self.name} waits for {event}")


def test_copies_run_in_a_stream_of_their_own_and_the_step_waits_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks the order of calls without a GPU; speed is not tested."""
    diary: list[str] = []

    @contextmanager
    def inside(stream: Stream) -> Iterator[None]:
        monkeypatch.setattr(Sent, "current", stream.name)
        yield
        monkeypatch.setattr(Sent, "current", "main")

    monkeypatch.setattr(torch.cuda, "Stream", lambda device: Stream(diary, "side"))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: Stream(diary, "main"))
    monkeypatch.setattr(torch.cuda, "stream", inside)
    made = (Batch(Sent(diary, number), {}) for number in range(3))  # type: ignore[arg-type]
    taken = [batch.images.number for batch in _received(_sent(made, Sent.device))]  # type: ignore[attr-defined]
    assert taken == [0, 1, 2]
    assert diary == [f"{n} used in main" if i == 2 else f"main waits for {n}" if i else f"copy {n} in side"
                     for n in range(3) for i in range(3)]  # fmt: skip


def test_an_error_in_the_thread_is_raised_where_items_are_used() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("gone")

    with ahead(items()) as taken:
        assert next(taken) == 1
        with pytest.raises(KeyError, match="gone"):
            next(taken)


def test_leaving_early_ends_the_thread() -> None:
    before = threading.active_count()
    with ahead(iter(range(1000)), depth=2) as items:
        assert next(items) == 0
    assert threading.active_count() == before
