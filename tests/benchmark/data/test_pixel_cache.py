"""Every source of pixels gives the same pixels; the source is chosen by the free memory and disk, and reported."""

import gc
from pathlib import Path

import numpy as np
import pytest
import torch

from iebench.benchmark.data.buffers import Buffers
from iebench.benchmark.data.images import Images
from iebench.benchmark.data.pixel_cache import CPU, Cache, CachedPixels, Decoded, FreeMemory, choose
from iebench.benchmark.errors import SettingError

GPU = torch.device("cuda")  # only the name is used: these tests need no GPU
BYTES = 144 * 16 * 16 * 3  # of the train split at 16 pixels


@pytest.fixture
def images(tiny_dataset: Path) -> Images:
    return Images.open(tiny_dataset, "train")


def test_kept_pixels_are_the_decoded_ones_however_often_they_are_asked_for(
    images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, decoded, read = CachedPixels(images, 16, CPU, pinned=False), Decoded(images, 16, pinned=False), Images.read
    rows_read: list[int] = []

    def count(self: Images, rows: np.ndarray, size: int, out: np.ndarray) -> np.ndarray:
        rows_read.extend(rows.tolist())
        return read(self, rows, size, out)

    for seed in range(4):
        rows = np.random.default_rng(seed).integers(0, len(images), 60)  # with repeats
        with monkeypatch.context() as patch:
            patch.setattr(Images, "read", count)
            pixels = kept.take(rows)
        assert torch.equal(pixels, decoded.take(rows)) and pixels.shape == (60, 16, 16, 3)
    assert len(rows_read) == len(set(rows_read)) > 60, "an image was decoded twice, or none"


def test_a_failed_decoding_is_not_kept(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = CachedPixels(images, 16, CPU, pinned=False)

    def fail(self: Images, rows: np.ndarray, size: int, out: np.ndarray) -> np.ndarray:
        raise OSError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(Images, "read", fail)
        with pytest.raises(OSError, match="gone"):
            kept.take(np.arange(5))
    np.testing.assert_array_equal(kept.take(np.arange(5)), images.read(np.arange(5), 16))


@pytest.mark.parametrize(
    ("cache", "device", "free", "kind", "reason"),
    [
        (
            "auto",
            CPU,
            FreeMemory(2 * BYTES, 0),
            CachedPixels,
            r"kept in memory once decoded: 144 images of 16 pixels take 0\.1 MB",
        ),
        (
            "auto",
            CPU,
            FreeMemory(2 * BYTES - 2, 0),
            Decoded,
            r"decoded for each batch: .* too much for the 0\.2 MB in memory",
        ),
        ("none", CPU, FreeMemory(10**12, 0), Decoded, "decoded for each batch, as requested"),
        ("ram", CPU, FreeMemory(BYTES, 0), CachedPixels, "kept in memory"),
    ],
)
def test_the_choice_says_what_and_why(
    cache: Cache, device: torch.device, free: FreeMemory, kind: type, reason: str, images: Images
) -> None:
    import re

    pixels, why = choose(cache, images, 16, device, free)
    assert isinstance(pixels, kind) and re.search(reason, why), why


def test_auto_prefers_the_gpu_if_a_third_of_it_holds_everything(
    images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[torch.device] = []
    monkeypatch.setattr(
        "iebench.benchmark.data.pixel_cache.CachedPixels", lambda images, size, device, pinned: made.append(device)
    )
    for gpu in (3 * BYTES, 3 * BYTES - 3):
        why = choose("auto", images, 16, GPU, FreeMemory(10**12, gpu))[1]
    assert [device.type for device in made] == ["cuda", "cpu"] and "in memory" in why


@pytest.mark.parametrize(
    ("cache", "device", "free", "reason"),
    [
        ("gpu", CPU, FreeMemory(10**12, 0), "--cache gpu needs a GPU: use --cache ram, or --device cuda"),
        ("gpu", GPU, FreeMemory(10**12, 10), r"--cache gpu: .* and 0\.0 MB are free on the GPU: use --cache none"),
        ("ram", CPU, FreeMemory(10, 0), r"--cache ram: .* are free in memory: use --cache none"),
    ],
)
def test_what_does_not_fit_is_refused(
    cache: Cache, device: torch.device, free: FreeMemory, reason: str, images: Images
) -> None:
    with pytest.raises(SettingError, match=reason):
        choose(cache, images, 16, device, free)


@pytest.mark.slow
def test_a_buffer_is_used_again_only_when_nothing_refers_to_it() -> None:
    buffers = Buffers((4, 4, 3), pinned=False)
    first, second = buffers.take(8), buffers.take(8)
    address = first.data_ptr()
    assert second.data_ptr() != address
    view = first.unflatten(0, (4, 2)).permute(0, 1, 4, 2, 3)
    del first
    gc.collect()
    assert buffers.take(8).data_ptr() != address, "a view still looks at it"
    del view
    gc.collect()
    assert buffers.take(8).data_ptr() == address


@pytest.mark.slow
def test_batches_of_many_sizes_share_few_buffers() -> None:
    buffers = Buffers((4, 4, 3), pinned=False)
    places = set()
    for count in (9, 3, 7, 9, 1):
        taken = buffers.take(count)
        assert taken.shape == (count, 4, 4, 3)
        places.add(taken.data_ptr())
        del taken
        gc.collect()
    assert len(places) == 1 and len(buffers._free) == 1
