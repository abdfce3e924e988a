"""`verify` accepts an intact dataset; it finds any changed byte, also if all hashes were changed with it."""

import io
import re
import shutil
import tarfile
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from tampering import resealed, rewrite

from iebench.manifests.errors import DatasetError
from iebench.manifests.folder.checksums import INFO, SUMS
from iebench.renderer.proof.findings import SHOWN
from iebench.renderer.proof.verify import verify

pytestmark = pytest.mark.slow

RANDOM_FLIPS = 25  # in each file
TAR_BLOCK = 512


def owners(tar_path):
    """Return (end, key) of the sample that owns each range of a tar's bytes, in order; key "" after the last sample."""
    with tarfile.open(tar_path) as tar:
        ends = [(m.offset_data + -(-m.size // TAR_BLOCK) * TAR_BLOCK, m.name.partition(".")[0]) for m in tar]
    return [*ends, (tar_path.stat().st_size, "")]


def places(path, random):
    """Return positions to flip: random ones, both ends, and in a tar the parts of every member."""
    size = path.stat().st_size
    positions = {0, 1, size - 1, size // 2, *random.integers(0, size, RANDOM_FLIPS).tolist()}
    if path.match("train/*.tar"):
        with tarfile.open(path) as tar:
            for member in tar:
                fields = (0, 99, 100, 108, 116, 124, 136, 148, 156, 157, 257, 263, 265, 297, 329, 345, 500, 511)
                positions |= {member.offset + field for field in fields}  # name, mode, owner, size, time, sum, ...
                positions |= {member.offset_data, member.offset_data + member.size - 1}
                positions |= {member.offset_data + -(-member.size // TAR_BLOCK) * TAR_BLOCK - 1}  # last byte of padding
        end = owners(path)[-2][0]
        positions |= {end, end + TAR_BLOCK, end + 2 * TAR_BLOCK}  # the end mark, the rest of the record
    return sorted(positions)


def complaints(folder):
    """Return the failures that verify reports, or its error if it cannot go on."""
    try:
        return [str(failure) for failure in verify(folder, jobs=1).failures]
    except DatasetError as error:
        return [str(error)]


def test_an_intact_rendered_dataset_passes(mini, tiny_dataset):
    for folder in (mini, tiny_dataset):
        assert complaints(folder) == []


FILES = [
    INFO, SUMS, ".plan.json", "README.md", "croissant.json", "objects.parquet", "failures.parquet",
    "train/00000.parquet", "val/00000.parquet", "train/00000.tar", "val/00000.tar",
]  # fmt: skip


def test_an_intact_imported_dataset_passes(imported):
    report = verify(imported, jobs=1)
    assert report.ok, report.lines()
    assert report.checks["latents"].startswith("published, within their laws' range; farthest from its law is ")


@pytest.mark.parametrize("name", FILES)
def test_no_byte_can_change_unseen(copy, name):
    path = copy / name
    content, random = path.read_bytes(), np.random.default_rng(0)
    known = owners(path) if path.suffix == ".tar" else []
    for position in places(path, random):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(random.integers(8))
        path.write_bytes(damaged)
        faults = complaints(copy)
        assert any(name in line for line in faults), f"byte {position}"
        key = next((key for end, key in known if position < end), "")
        assert any(key in line for line in faults), f"byte {position} of {key}"
        assert all(other in ("", key) or other not in line for line in faults for _, other in known), f"byte {position}"
    path.write_bytes(content)
    assert complaints(copy) == []


def test_every_file_was_tried(mini):
    assert {str(path.relative_to(mini)) for path in mini.rglob("*") if path.is_file()} == set(FILES)


def swap_tars(folder):
    (folder / "train/00000.tar").rename(folder / "kept")
    (folder / "val/00000.tar").rename(folder / "train/00000.tar")
    (folder / "kept").rename(folder / "val/00000.tar")


def swap_shards(folder):
    swap_tars(folder)
    (folder / "train/00000.parquet").rename(folder / "kept")
    (folder / "val/00000.parquet").rename(folder / "train/00000.parquet")
    (folder / "kept").rename(folder / "val/00000.parquet")


def lose_a_shard(folder):
    (folder / "val/00000.tar").unlink()
    (folder / "val/00000.parquet").unlink()


def truncate(folder):
    with (folder / "train/00000.tar").open("rb+") as file:
        file.truncate(3 * TAR_BLOCK)


def reorder(folder):
    path = folder / "train/00000.parquet"
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.take([1, 0, *range(2, table.num_rows)]), path)


def another_latent(outcome):
    rot_x = (np.nextafter(outcome.views.latents["rot_x"][0], 9), *outcome.views.latents["rot_x"][1:])
    return replace(outcome, views=replace(outcome.views, latents={**outcome.views.latents, "rot_x": rot_x}))


def another_size(outcome):
    buffer = io.BytesIO()
    Image.new("RGB", (17, 16)).save(buffer, "JPEG")
    return replace(outcome, samples=tuple({**sample, "jpg": buffer.getvalue()} for sample in outcome.samples))


def no_picture(outcome):
    return replace(outcome, samples=tuple({**s, "jpg": s["jpg"][: len(s["jpg"]) // 2]} for s in outcome.samples))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (swap_tars, r"train/00000\.tar: \w+: .*header"),
        (swap_shards, r"objects\.parquet: .*its shard says"),
        (lose_a_shard, r"val/00000\.tar: is missing"),
        (lambda d: (d / "notes.txt").write_text("hello"), r"notes\.txt: does not belong"),
        (
            lambda d: shutil.copy(d / "val/00000.tar", d / "val/00001.tar"),
            r"val/00001\.tar: is not one of the 1 shards",
        ),
        (truncate, r"train/00000\.tar: \w+: lies outside the tar"),
        (reorder, r"train/00000\.parquet: \w+: is view 0 of .* not in order"),
        (lambda d: rewrite(d, another_latent), r"train/00000\.parquet: \w+_000: rot_x is .*, the seed gives"),
        (
            lambda d: rewrite(d, another_size),
            r"train/00000\.tar: \w+: .*jpg is 17 x 16 pixels, the recipe says 16 x 16",
        ),
        (lambda d: rewrite(d, no_picture), r"train/00000\.tar: \w+: .*jpg does not decode"),
    ],
)
def test_a_changed_dataset_with_new_hashes_is_detected(copy, change, words):
    change(copy)
    assert complaints(copy)
    if words.startswith("notes"):  # what SHA256SUMS lists belongs to the dataset
        assert any(re.search(words, line) for line in complaints(copy))
        return
    resealed(copy)
    faults = complaints(copy)
    assert any(re.search(words, line) for line in faults), faults


@pytest.mark.parametrize(
    ("name", "damage", "words"),
    [
        ("train/00000.parquet", "lost", ": is missing; all samples of shard train/00000 are in doubt"),
        (
            "train/00000.parquet", "lost",
            "train/00000.parquet: cannot be read (no such file); all samples of shard train/00000 are in doubt",
        ),
        ("train/00000.parquet", "flipped", "; all samples of shard train/00000 are in doubt"),
        ("train/00000.parquet", "cut", "; all samples of shard train/00000 are in doubt"),
        ("val/00000.tar", "lost", "val/00000.tar: is missing; all samples of shard val/00000 are in doubt"),
        ("objects.parquet", "lost", "objects.parquet: cannot be read (no such file)"),
        ("failures.parquet", "lost", "failures.parquet: cannot be read (no such file)"),
    ],
)  # fmt: skip
def test_a_fault_of_a_whole_file_names_the_affected_samples(copy, name, damage, words):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "lost":
        (copy / name).unlink()
    else:
        (copy / name).write_bytes(content if damage == "flipped" else content[:-20])
    faults = complaints(copy)
    assert any(line.endswith(words) for line in faults), faults
    assert damage != "lost" or not any(str(copy) in line for line in faults)


def test_a_rewritten_shard_is_the_same(copy):
    """Shows that the tests above change exactly what they intend to change."""
    rewrite(copy, lambda outcome: outcome)
    assert complaints(copy) == []


def test_the_report_is_bounded_and_counts_the_rest(copy):
    for path in copy.glob("*/*.tar"):
        path.write_bytes(bytes(path.stat().st_size))
    report = verify(copy, jobs=1)
    assert len(report.failures) > SHOWN
    lines = report.lines()
    assert lines[-1] == f"... and {len(report.failures) - SHOWN} more failures"
    assert [line.split()[:2] for line in lines[:3]] == [["FAILED", "files"], ["ok", "tables"], ["FAILED", "tars"]]
