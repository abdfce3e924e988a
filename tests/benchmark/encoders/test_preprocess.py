"""Resize and normalisation of pretrained models, and the messages for packages that are not installed."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from iebench.benchmark.encoders.preprocess import Preprocessed, package
from iebench.benchmark.errors import MissingPart

MEAN, STD = (0.4, 0.5, 0.6), (0.1, 0.2, 0.3)


def test_normalisation_is_by_channel() -> None:
    images = torch.rand(2, 3, 8, 8)
    output = Preprocessed(nn.Flatten(), 8, MEAN, STD)(images).view(2, 3, 8, 8)
    expected = (images.numpy() - np.array(MEAN)[:, None, None]) / np.array(STD)[:, None, None]
    np.testing.assert_allclose(output.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(("name", "filter_"), [("bilinear", Image.Resampling.BILINEAR),
                                               ("bicubic", Image.Resampling.BICUBIC)])  # fmt: skip
@pytest.mark.parametrize("size", [11, 40])
def test_resizing_is_pillows(name: str, filter_: Image.Resampling, size: int) -> None:
    pixels = np.random.default_rng(0).integers(80, 176, (24, 24, 3), np.uint8)  # bicubic stays in 0 .. 255
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    output = Preprocessed(nn.Identity(), size, (0, 0, 0), (1, 1, 1), name)(images)[0].permute(1, 2, 0) * 255
    expected = np.asarray(Image.fromarray(pixels).resize((size, size), filter_), np.float64)
    assert output.shape == (size, size, 3) and np.abs(output.numpy() - expected).max() < 1.5  # Pillow rounds twice


def test_it_says_what_it_does() -> None:
    words = Preprocessed(nn.Flatten(), 224, MEAN, STD, "lanczos").preprocessing
    assert words == "resized to 224 (bicubic, antialiased), minus mean [0.4, 0.5, 0.6], over deviation [0.1, 0.2, 0.3]"


def test_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingPart, match=r"timm:vit needs timm: pip install 'iebench\[timm\]'"):
        package("timm", "timm:vit")


def test_a_package_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    with pytest.raises(MissingPart, match=r"cannot be imported beside this torch: install builds"):
        package("torchvision", "torchvision:resnet18")
