"""`verify --rerender` finds a picture that does not match its row, even if all hashes are valid."""

import io
import re
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from tampering import resealed, rewrite

from iebench.manifests.dataset import DatasetInfo
from iebench.renderer.errors import SourceError
from iebench.renderer.proof.rerender import Origin
from iebench.renderer.proof.verify import verify

pytestmark = pytest.mark.slow

ALL = 8


def with_pictures(change):
    return lambda outcome: replace(outcome, samples=tuple(change(list(outcome.samples))))


def swapped(samples):
    first, second = (sample["jpg"] for sample in samples)
    return [{**samples[0], "jpg": second}, {**samples[1], "jpg": first}]


def encoded_again(samples):
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(samples[0]["jpg"])) as image:
        image.save(buffer, "JPEG", quality=99, subsampling=0)
    return [{**samples[0], "jpg": buffer.getvalue()}, samples[1]]


def with_hashes_of_train(folder, digest):
    """Give the meshes of train, 2 of the 4, this SHA-256 in objects.parquet."""
    objects = folder / "objects.parquet"
    table = pq.read_table(objects)
    sha256 = [r["mesh_sha256"] if r["split"] == "val" else digest for r in table.to_pylist()]
    pq.write_table(table.set_column(table.column_names.index("mesh_sha256"), "mesh_sha256", [sha256]), objects)


def test_samples_rendered_again_are_the_same(mini):
    report = verify(mini, 1, rerender=100)
    assert report.ok, report.lines()
    assert report.checks["rerender"] == f"{ALL} samples rendered again, {ALL} with the same bytes"


@pytest.mark.parametrize(
    ("change", "words", "count"),
    [
        (with_pictures(swapped), r"train/00000\.tar: \w+: differs from a second rendering: .* dB", 4),
        (with_pictures(encoded_again), r"train/00000\.tar: \w+_000: has other bytes .* unlike the other", 2),
        (lambda o: replace(o, mesh_sha256="0" * 64), r"its mesh has changed", 4),
    ],
)
def test_a_wrong_picture_is_detected(copy, change, words, count):
    """Every hash, count and latent is right: only rendering again finds the fault. Train has 2 of the 4 objects."""
    rewrite(copy, change)
    if "mesh" in words:
        with_hashes_of_train(copy, "0" * 64)
    resealed(copy)
    assert verify(copy, 1).ok
    failures = [str(failure) for failure in verify(copy, 1, rerender=ALL).failures]
    assert len(failures) == count and all(re.search(words, line) for line in failures), failures


def test_another_version_need_not_give_the_same_bytes(copy):
    rewrite(copy, with_pictures(encoded_again))
    resealed(copy, renderer={**DatasetInfo.load(copy).renderer, "version": "0"})
    report = verify(copy, 1, rerender=ALL)
    assert report.ok, report.lines()
    assert re.search(
        r"with the same bytes, the others at .* dB PSNR or more \(1 on CPU; made with 0 on CPU\)",
        report.checks["rerender"],
    )


@pytest.mark.parametrize(("noise", "holds"), [(3, True), (30, False)])
def test_without_a_hash_of_the_mesh_the_picture_decides(copy, noise, holds):
    """Imported pictures: about 41 dB, from an older Blender, counts as the same picture; 20 dB does not."""

    def older(samples):
        with Image.open(io.BytesIO(samples[0]["jpg"])) as image:
            pixels = np.asarray(image).astype(int)
        pixels += np.random.default_rng(0).choice([-noise, noise], pixels.shape)
        buffer = io.BytesIO()
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=99, subsampling=0)
        return [{**samples[0], "jpg": buffer.getvalue()}, samples[1]]

    rewrite(copy, lambda outcome: replace(with_pictures(older)(outcome), mesh_sha256=""))
    with_hashes_of_train(copy, "")
    resealed(copy, renderer={**DatasetInfo.load(copy).renderer, "version": "older"})
    report = verify(copy, 1, rerender=ALL)
    failures = [str(failure) for failure in report.failures if failure.check == "rerender"]
    assert "no hash of the mesh was recorded for 4 of them, at least 35 dB are expected" in report.checks["rerender"]
    assert len(failures) == (0 if holds else 2)
    assert all("differs from a second rendering, in picture or mesh" in line for line in failures)


def test_objects_of_a_source_need_its_location(copy, shapenet):
    resealed(copy, source="shapenet")
    with pytest.raises(SourceError, match="give their location with --source PATH"):
        verify(copy, 1, rerender=1)
    with pytest.raises(SourceError, match="has no folder or zip"):
        verify(copy, 1, rerender=ALL, origin=Origin(str(shapenet)))
