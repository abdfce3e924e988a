"""Blocks cover every row exactly once, in whole batches, for any sizes; the file consists of the blocks alone."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from iebench.benchmark.features.blocks import LEAST, ROWS, Blocks
from iebench.manifests.common import space
from iebench.manifests.errors import DiskError


@pytest.mark.parametrize("batch", [1, 8, 256, 10_000])
@pytest.mark.parametrize("rows", [1, 7, 256, 9_000, 2_622_650])
def test_every_row_is_in_one_block_and_no_batch_is_split(rows: int, batch: int) -> None:
    blocks = Blocks(Path("unused"), rows, 512, batch)
    spans = [blocks.span(number) for number in range(blocks.count)]
    assert spans[0].start == 0 and spans[-1].stop == rows
    assert all(span.stop == other.start for span, other in itertools.pairwise(spans))
    assert all(len(span) % batch == 0 for span in spans[:-1]) and all(len(span) > 0 for span in spans)
    assert blocks.size <= max(ROWS, batch) and (blocks.count >= LEAST or blocks.size == batch)


def test_the_file_is_the_blocks_in_order(tmp_path: Path) -> None:
    features = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    blocks = Blocks(tmp_path / "a.blocks", 50, 3, 8)
    for number in np.random.default_rng(1).permutation(blocks.count):
        assert not blocks.has(number)
        span = blocks.span(number)
        blocks.put(number, features[span.start : span.stop])
        assert blocks.has(number)
    blocks.join(tmp_path / "a.npy")
    blocks.remove()
    assert (np.load(tmp_path / "a.npy") == features).all() and [p.name for p in tmp_path.iterdir()] == ["a.npy"]


@pytest.mark.parametrize("size", [0, 7, 8 * 3 * 4, 2 * (8 * 3 * 4 + 32)], ids=["empty", "cut", "bare", "doubled"])
def test_a_block_of_another_size_is_not_there(tmp_path: Path, size: int) -> None:
    blocks = Blocks(tmp_path, 16, 3, 8)
    blocks.put(0, np.zeros((8, 3), np.float32))
    block = tmp_path / "000000.f32"
    block.write_bytes((2 * block.read_bytes())[:size])
    assert not blocks.has(0)


def test_a_block_of_other_numbers_is_not_there(tmp_path: Path) -> None:
    blocks = Blocks(tmp_path, 8, 3, 8)
    blocks.put(0, np.zeros((8, 3), np.float32))
    block = tmp_path / "000000.f32"
    block.write_bytes(b"\1" + block.read_bytes()[1:])
    assert not blocks.has(0)
    with pytest.raises(DiskError, match=r"000000\.f32 was removed or changed: run the same command again"):
        blocks.join(tmp_path / "a.npy")


def test_blocks_stop_before_the_disk_is_full_and_the_rest_fits_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 rows of 3 columns are 288 bytes in three blocks of 96; the joined file is written beside them."""
    blocks, features = Blocks(tmp_path / "a.blocks", 24, 3, 8), np.ones((8, 3), np.float32)
    monkeypatch.setattr(space, "free_bytes", lambda folder: space.SPARE + 575)
    with pytest.raises(DiskError, match=r"a\.blocks: encoding 24 views needs about 0\.6 kB"):
        blocks.check_disk()
    blocks.put(0, features)
    blocks.check_disk()  # 192 bytes are left to write, and 288 to join
    monkeypatch.setattr(space, "free_bytes", lambda folder: space.SPARE + 95)
    with pytest.raises(DiskError, match=r"the next block of features needs about 0\.1 kB.*run the same command again"):
        blocks.put(1, features)
    assert [path.name for path in blocks.folder.iterdir()] == ["000000.f32"]
    monkeypatch.undo()
    for number in (1, 2):
        blocks.put(number, features)
    blocks.join(tmp_path / "a.npy")
    assert (np.load(tmp_path / "a.npy") == 1).all()
