"""Files of one object: valid ones are kept unchanged, broken ones are recognised."""

import io

import numpy as np
import pytest
from PIL import Image

from iebench.renderer.errors import AssetError
from iebench.renderer.importing.unpack import check_jpeg, read_latents


def jpeg(size=(32, 32), mode="RGB", **options):
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), np.uint8)
    Image.fromarray(noise).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("options", [{}, {"quality": 95}, {"progressive": True}, {"subsampling": 0}])
def test_valid_jpegs_pass_and_truncated_jpegs_are_recognised(options):
    content = jpeg(**options)
    check_jpeg(content, 32)
    for length in range(0, len(content) - 2, 97):
        with pytest.raises(AssetError, match="does not decode"):
            check_jpeg(content[:length], 32)


@pytest.mark.parametrize(("content", "words"), [
    (jpeg((16, 32)), "has 16 x 32 pixels, not 32 x 32"),
    (b"", "does not decode"),
    (b"\x89PNG\r\n\x1a\n", "does not decode"),
])  # fmt: skip
def test_unusable_pictures_are_reported(content, words):
    with pytest.raises(AssetError, match=words):
        check_jpeg(content, 32)


def test_latents_are_read_to_the_last_bit():
    values = np.random.default_rng(0).normal(size=10)
    assert read_latents(npy(values), 10) == values.tolist()


@pytest.mark.parametrize(("content", "words"), [
    (npy(np.zeros(7, ">f8")), "holds >f8"),
    (npy(np.zeros((7, 1))), r"holds float64 \(7, 1\)"),
    (npy(np.array([None] * 7)), "holds object"),
    (npy(np.zeros(7))[:-1], "has 183 bytes, not 184"),
    (npy(np.full(7, np.inf)), "not finite"),
    (b"", "is not a NumPy file"),
    (b"\x93NUMPY\x02\x00" + b"x" * 200, "is not a NumPy file"),
])  # fmt: skip
def test_unusable_latents_are_reported(content, words):
    with pytest.raises(AssetError, match=words):
        read_latents(content, 7)
