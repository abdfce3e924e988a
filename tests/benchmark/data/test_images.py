"""Random access to images, and one clear sentence for each kind of damage to a dataset."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from iebench.benchmark.data.images import Images
from iebench.benchmark.errors import DatasetError
from iebench.manifests.dataset import DatasetInfo
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.plan import Plan
from iebench.renderer.rendering.render import render_dataset


def reference(folder: Path, split: str) -> tuple[list[str], list[np.ndarray]]:
    """Return keys and decoded images, read with plain tarfile and Pillow."""
    keys, pixels = [], []
    for path in sorted((folder / split).glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                if member.name.endswith(".jpg"):
                    file = tar.extractfile(member)
                    assert file is not None
                    keys.append(member.name[:-4])
                    pixels.append(np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB")))
    return keys, pixels


@pytest.fixture
def copy(tiny_dataset: Path, tmp_path: Path) -> Path:
    """Copy of the tiny dataset that a test may damage."""
    return Path(shutil.copytree(tiny_dataset, tmp_path / "tiny"))


def edit_info(folder: Path, change: Callable[[DatasetInfo], DatasetInfo]) -> None:
    change(DatasetInfo.load(folder)).save(folder)


@pytest.mark.parametrize("split", ["train", "val"])
def test_images_are_those_in_the_tars_in_their_order(tiny_dataset: Path, split: str) -> None:
    images = Images.open(tiny_dataset, split)
    keys, pixels = reference(tiny_dataset, split)
    assert images.table["key"].to_pylist() == keys and len(images) == len(keys)
    order = np.random.default_rng(0).permutation(len(keys))
    order = np.concatenate([order, order[:3]])  # any order, with repeats
    read = images.read(order)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, np.stack([pixels[i] for i in order]))


def test_columns_describe_the_rows(tiny_dataset: Path) -> None:
    images = Images.open(tiny_dataset, "train")
    assert images.views_per_object == 6 and len(images) == 6 * 24
    np.testing.assert_array_equal(images.objects, np.repeat(np.arange(24), 6))
    assert images.labels.dtype == np.int64 and len(set(images.labels.tolist())) == 6
    assert list(images.latents) == images.info.recipe.factor_names
    first = json.loads(_member(tiny_dataset / "train" / "00000.tar", images.table["key"][7].as_py() + ".json"))
    assert {name: column[7] for name, column in images.latents.items()} == {
        name: first[name] for name in images.latents
    }


def _member(path: Path, name: str) -> bytes:
    with tarfile.open(path) as tar:
        file = tar.extractfile(name)
        assert file is not None
        return file.read()


@pytest.mark.parametrize("size", [16, 8, 24, 20, 10])
def test_smaller_sizes_show_the_same_picture(tiny_dataset: Path, size: int) -> None:
    images = Images.open(tiny_dataset, "train")
    rows = np.arange(0, len(images), 5)
    small, full = images.read(rows, size), images.read(rows)
    assert small.shape == (len(rows), size, size, 3)
    box = [np.asarray(Image.fromarray(f).resize((size, size), Image.Resampling.BOX)).astype(float) for f in full]
    error, other = (np.abs(small - picture).mean() for picture in (np.stack(box), np.roll(box, 1, axis=0)))
    assert error < 0.15 * other


def test_a_subset_is_some_objects_of_every_class(tiny_dataset: Path) -> None:
    whole, part = Images.open(tiny_dataset, "train"), Images.open(tiny_dataset, "train", subset=6)
    assert len(part) == 6 * 6 and sorted(part.labels[::6].tolist()) == sorted(set(whole.labels.tolist()))
    np.testing.assert_array_equal(part.objects, np.repeat(np.arange(6), 6))
    rows = [whole.table["key"].to_pylist().index(key) for key in part.table["key"].to_pylist()]
    np.testing.assert_array_equal(part.read(np.arange(36)), whole.read(rows))
    for name, values in part.latents.items():
        np.testing.assert_array_equal(values, whole.latents[name][rows])
    assert len(Images.open(tiny_dataset, "train", subset=1000)) == len(whole)


def test_the_number_of_threads_changes_nothing(tiny_dataset: Path) -> None:
    single_thread, four_threads = (Images.open(tiny_dataset, "train", threads=threads) for threads in (1, 4))
    np.testing.assert_array_equal(single_thread.read(np.arange(100)), four_threads.read(np.arange(100)))


def test_nothing_read_is_an_empty_array(tiny_dataset: Path) -> None:
    assert Images.open(tiny_dataset, "val").read([], 16).shape == (0, 16, 16, 3)


def test_a_larger_size_than_stored_is_refused(tiny_dataset: Path) -> None:
    with pytest.raises(DatasetError, match="holds images of 32 pixels, 64 were requested"):
        Images.open(tiny_dataset, "val").read([0], 64)


def test_swapped_channels_come_out_as_rgb(copy: Path) -> None:
    plain = Images.open(copy, "val").read([0, 1])
    edit_info(copy, lambda info: replace(info, recipe=replace(info.recipe, channel_order="bgr")))
    np.testing.assert_array_equal(Images.open(copy, "val").read([0, 1]), plain[..., ::-1])


# --- damage -------------------------------------------------------------------------------------------------


def test_a_missing_tar(copy: Path) -> None:
    (copy / "train" / "00000.tar").unlink()
    with pytest.raises(DatasetError, match=r"train/00000\.tar \(no such file\): restore it"):
        Images.open(copy, "train")


@pytest.mark.parametrize("cut", [1, 512, 20_000])
def test_a_truncated_tar(copy: Path, cut: int) -> None:
    path = copy / "train" / "00000.tar"
    content = path.read_bytes().rstrip(b"\0")
    whole = content + bytes(-len(content) % 512)
    path.write_bytes(whole[: len(whole) - cut])
    with pytest.raises(DatasetError, match=r"train/00000\.tar is truncated or damaged"):
        Images.open(copy, "train")


def test_a_tar_shorter_than_its_parquet_says(copy: Path) -> None:
    shutil.copy(copy / "val" / "00000.tar", copy / "train" / "00000.tar")
    with pytest.raises(DatasetError, match=r"train/00000\.parquet points outside 00000\.tar"):
        Images.open(copy, "train")


@pytest.mark.parametrize(("column", "value"), [("offset", -1), ("offset", 1 << 40), ("size", 0)])
def test_offsets_and_sizes_that_cannot_be(copy: Path, column: str, value: int) -> None:
    _set(copy / "val" / "00000.parquet", column, 3, value)
    with pytest.raises(DatasetError, match=r"val/00000\.parquet points outside"):
        Images.open(copy, "val")


def _set(path: Path, column: str, row: int, value: object) -> None:
    table = pq.read_table(path, partitioning=None)
    rows = table.to_pylist()
    rows[row][column] = value
    pq.write_table(type(table).from_pylist(rows, table.schema), path)


def test_bytes_that_are_not_those_written(copy: Path) -> None:
    path, row = copy / "val" / "00000.tar", Images.open(copy, "val").table.slice(2, 1).to_pylist()[0]
    content = bytearray(path.read_bytes())
    content[row["offset"] + row["size"] // 2] ^= 1
    path.write_bytes(content)
    images = Images.open(copy, "val")
    images.read([0, 1, 3])
    with pytest.raises(DatasetError, match=rf"val/00000\.tar is damaged: the image at byte {row['offset']} .*SHA-256"):
        images.read([0, 1, 2, 3])


def test_an_offset_that_disagrees(copy: Path) -> None:
    _set(copy / "val" / "00000.parquet", "offset", 2, 1024)
    with pytest.raises(DatasetError, match=r"image at byte 1024 does not have the SHA-256"):
        Images.open(copy, "val").read([2])


def test_bytes_that_are_no_jpeg(copy: Path) -> None:
    """Also when Parquet and tar agree on these bytes."""
    path, row = copy / "val" / "00000.tar", Images.open(copy, "val").table.slice(2, 1).to_pylist()[0]
    content = bytearray(path.read_bytes())
    content[row["offset"] : row["offset"] + row["size"]] = b"x" * row["size"]
    path.write_bytes(content)
    _set(copy / "val" / "00000.parquet", "sha256", 2, hashlib.sha256(b"x" * row["size"]).hexdigest())
    with pytest.raises(DatasetError, match=r"val/00000\.tar is damaged: the image at byte \d+ does not decode"):
        Images.open(copy, "val").read([2])


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("rot_x", float("nan"), "rot_x of image {key} is nan"),
        ("light_hue", float("inf"), "light_hue of image {key} is inf"),
        ("rot_y", None, "rot_y of image {key} is None"),
        ("label", None, "label of image {key} is None"),
        ("sha256", "abc", "sha256 of image {key} is abc"),
    ],
)
def test_values_that_cannot_be(column: str, value: object, fault: str, copy: Path) -> None:
    path = copy / "val" / "00000.parquet"
    key = pq.read_table(path, partitioning=None)["key"][3].as_py()
    _set(path, column, 3, value)
    with pytest.raises(DatasetError, match=rf"val/00000\.parquet: {fault.format(key=key)}: restore it"):
        Images.open(copy, "val")


def test_an_image_is_checked_once_when_it_is_first_read(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    sha256, images = hashlib.sha256, Images.open(copy, "val")

    def count(content: bytes) -> object:
        hashed.append(len(content))
        return sha256(content)

    monkeypatch.setattr("hashlib.sha256", count)
    for _ in range(2):
        images.read([4, 1])
    assert len(hashed) == 2
    images.read([1, 2])
    assert len(hashed) == 3


def test_other_columns(copy: Path) -> None:
    path = copy / "val" / "00000.parquet"
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["floor_hue"]), path)
    with pytest.raises(DatasetError, match=r"val/00000\.parquet has other columns"):
        Images.open(copy, "val")


def test_a_damaged_parquet(copy: Path) -> None:
    (copy / "val" / "00000.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DatasetError, match=r"cannot read .*val/00000\.parquet"):
        Images.open(copy, "val")


def test_a_missing_shard(copy: Path) -> None:
    (copy / "train" / "00000.parquet").unlink()
    with pytest.raises(DatasetError, match=r"train/00000\.parquet is missing"):
        Images.open(copy, "train")


def test_a_shard_too_many(copy: Path) -> None:
    for suffix in ("tar", "parquet"):
        shutil.copy(copy / "val" / f"00000.{suffix}", copy / "val" / f"00001.{suffix}")
    with pytest.raises(DatasetError, match=r"val/00001\.parquet is not one of the 1 shards"):
        Images.open(copy, "val")


def test_fewer_images_than_counted(copy: Path) -> None:
    path = copy / "val" / "00000.parquet"
    pq.write_table(pq.read_table(path, partitioning=None).slice(6), path)
    with pytest.raises(DatasetError, match=r"val holds 30 images and dataset\.json counts 36"):
        Images.open(copy, "val")


def test_views_out_of_order(copy: Path) -> None:
    path = copy / "val" / "00000.parquet"
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.take(list(range(36))[::-1]), path)
    with pytest.raises(DatasetError, match="do not list 6 views of each object in order"):
        Images.open(copy, "val")


@pytest.mark.parametrize("count", [0, None])
def test_a_split_without_images(copy: Path, count: int | None) -> None:
    def change(info: DatasetInfo) -> DatasetInfo:
        counts = {name: value for name, value in info.counts.items() if name != "val"}
        return replace(
            info,
            counts=counts if count is None else {**counts, "val": dict.fromkeys(["objects", "images", "shards"], 0)},
        )

    edit_info(copy, change)
    for path in (copy / "val").iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match=r"has no images in its val split|counts: setting 'val' is missing"):
        Images.open(copy, "val")


def test_no_dataset_at_all(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no dataset"):
        Images.open(tmp_path, "train")


MANY = """
import json, os, resource, sys
from pathlib import Path
from iebench.benchmark.data.images import Images

folder, taken = Path(sys.argv[1]), len(os.listdir("/proc/self/fd"))
resource.setrlimit(resource.RLIMIT_NOFILE, (taken + 12, taken + 12))
images = [Images.open(folder, split) for split in ("train", "val", "train")]
print(json.dumps([int(split.read(range(len(split))).sum()) for split in images]))
"""


@pytest.mark.slow
def test_more_shards_than_files_may_be_open(
    tiny_plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on open files that cannot be raised: 24 tars, room for 12 files, several threads that read them all."""
    monkeypatch.setattr("iebench.renderer.plan.IMAGES_PER_SHARD", (1, 1))
    render_dataset(tiny_plan(views=2), tmp_path / "d", workers=1, backend=FAKE)
    assert len(list((tmp_path / "d").rglob("*.tar"))) == 30
    done = subprocess.run([sys.executable, "-c", MANY, str(tmp_path / "d")], check=True, capture_output=True, text=True)
    printed = json.loads(done.stdout)
    train, val = (Images.open(tmp_path / "d", split) for split in ("train", "val"))
    sums = [int(split.read(range(len(split))).sum()) for split in (train, val)]
    assert printed == [*sums, sums[0]]
