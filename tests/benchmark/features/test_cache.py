"""The feature cache holds the encoder's output for each image, and is used only while it is valid."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sharing
import torch
from scoring import from_run, untrained_run
from torch import Tensor, nn
from trainings import SERVER, forked_ranks

from iebench.benchmark.commands.launch import launch
from iebench.benchmark.data.images import Images
from iebench.benchmark.encoders.prepared import PreparedEncoder
from iebench.benchmark.errors import DatasetError, EncoderError
from iebench.benchmark.features import cache as module
from iebench.benchmark.features import record as feature_record
from iebench.benchmark.features.cache import encode, key, to_float

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


class Counting(nn.Module):
    """Passes images on to another module and counts them; may set the output of image `spoil` to NaN."""

    def __init__(self, inner: nn.Module, spoil: int | None = None) -> None:
        super().__init__()
        self.inner, self.seen, self.spoil = inner, 0, spoil

    def forward(self, images: Tensor) -> Tensor:
        out: Tensor = self.inner(images)
        if self.spoil is not None and self.seen <= self.spoil < self.seen + len(images):
            out[self.spoil - self.seen] = torch.nan
        self.seen += len(images)
        return out


@pytest.fixture
def encoder(tiny_dataset: Path, tmp_path: Path) -> PreparedEncoder:
    plain = from_run(untrained_run(tmp_path / "run", tiny_dataset), None, CPU)
    return replace(plain, module=Counting(plain.module))


@pytest.fixture
def images(tiny_dataset: Path) -> Images:
    return Images.open(tiny_dataset, "val")


def test_each_row_is_its_images_representation(
    encoder: PreparedEncoder, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.PIXELS, "cpu", 8 * 32**2)  # several batches, the last one short
    rows = np.arange(len(images))[::-1].copy()
    features = encode(encoder, images, rows, tmp_path / "cache", CPU).features
    assert features.shape == (len(images), encoder.dim)
    assert features.dtype == np.float32 and isinstance(features, np.memmap)
    for position in (0, 9, len(rows) - 1):
        pixels = images.read(rows[[position]]).astype(np.float64) / 255
        image = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
        with torch.no_grad():
            np.testing.assert_allclose(features[position], encoder.module(image)[0].numpy(), atol=1e-5)


def test_the_second_time_nothing_is_encoded(encoder: PreparedEncoder, images: Images, tmp_path: Path) -> None:
    rows = np.arange(12)
    first = encode(encoder, images, rows, tmp_path, CPU)
    assert first.images_per_s is not None
    assert first.images_per_s > 0
    assert isinstance(encoder.module, Counting)
    assert encoder.module.seen == 12
    second = encode(encoder, images, rows, tmp_path, CPU)
    assert encoder.module.seen == 12 and (first.features == second.features).all()
    assert second.images_per_s == first.images_per_s  # measured when the features were encoded


def test_whatever_decides_the_features_decides_the_key(
    encoder: PreparedEncoder, images: Images, tiny_dataset: Path
) -> None:
    rows = np.arange(12)
    other_info = replace(images, info=replace(images.info, fingerprint="0" * 64))
    keys = {
        key(encoder, images, rows),
        key(replace(encoder, identity="0" * 64), images, rows),
        key(replace(encoder, resolution=24), images, rows),
        key(replace(encoder, preprocessing="something else"), images, rows),
        key(replace(encoder, precision="bf16"), images, rows),
        key(encoder, other_info, rows),
        key(encoder, Images.open(tiny_dataset, "train"), rows),
        key(encoder, images, rows[::-1]),
    }
    assert len(keys) == 8 and key(encoder, images, rows.copy()) in keys


def test_a_failure_names_the_batch_and_what_was_encoded_is_not_lost(
    encoder: PreparedEncoder, images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.PIXELS, "cpu", 8 * 32**2)
    assert isinstance(encoder.module, Counting)
    inner, rows = encoder.module.inner, np.arange(28)
    whole = encode(encoder, images, rows, tmp_path / "whole", CPU).features
    spoilt = replace(encoder, module=Counting(inner, spoil=18))
    first = images.table["key"][16].as_py()
    with pytest.raises(EncoderError, match=f"not finite.*starts with val image {first}"):
        encode(spoilt, images, rows, tmp_path / "cache", CPU)
    assert not list((tmp_path / "cache").glob("*.npy"))  # 16 rows are kept, but not under the final file's name
    going_on = Counting(inner)
    features = encode(replace(encoder, module=going_on), images, rows, tmp_path / "cache", CPU).features
    assert going_on.seen == 12 and features.tobytes() == whole.tobytes()
    assert [path.suffix for path in sorted((tmp_path / "cache").iterdir())] == [".json", ".npy"]


def test_a_representation_that_changes_its_size_is_refused(
    encoder: PreparedEncoder, images: Images, tmp_path: Path
) -> None:
    with pytest.raises(EncoderError, match="returned 65 columns at first and 64 now"):
        encode(replace(encoder, width=65), images, np.arange(4), tmp_path, CPU)


def test_images_smaller_than_the_encoder_wants(encoder: PreparedEncoder, images: Images, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds images of 32 pixels, 64 were requested"):
        encode(replace(encoder, resolution=64), images, np.arange(4), tmp_path, CPU)


def test_to_float_keeps_every_value() -> None:
    batch = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), np.uint8)
    out = to_float(batch, CPU)
    assert out.shape == (2, 3, 4, 5) and float(out.min()) >= 0 and float(out.max()) <= 1
    np.testing.assert_allclose(out.numpy(), batch.transpose(0, 3, 1, 2) / 255, atol=1e-7)


def test_after_a_kill_two_processes_go_on_to_the_same_bytes(tiny_dataset: Path, tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "run", tiny_dataset)
    with forked_ranks():
        launch(1, sharing.encode, run, tiny_dataset, tmp_path / "whole")
    killed = SERVER.Process(target=sharing.encode, args=(run, tiny_dataset, tmp_path / "shared", 5 * sharing.BATCH))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    (unfinished,) = (tmp_path / "shared").iterdir()
    assert 1 <= len(list(unfinished.glob("*.f32"))) <= 5 and unfinished.suffix == ".blocks"
    with forked_ranks():
        launch(2, sharing.encode, run, tiny_dataset, tmp_path / "shared")
    whole, shared = (np.load(next((tmp_path / name).glob("*.npy"))) for name in ("whole", "shared"))
    assert whole.shape == (144, 64) and shared.tobytes() == whole.tobytes()  # the same batches, the same kind of device
    assert sorted(path.suffix for path in (tmp_path / "shared").iterdir()) == [".json", ".npy"]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "doubled": lambda path: path.write_bytes(2 * path.read_bytes()),
    "narrower": lambda path: np.save(path, np.load(path)[:, :-1]),
    "fewer rows": lambda path: np.save(path, np.load(path)[:-1]),
    "float64": lambda path: np.save(path, np.load(path).astype(np.float64)),
    "pickled": lambda path: np.save(path, np.load(path).astype(object)),
    "other numbers": lambda path: np.save(path, 2 * np.load(path)),
    "no record": lambda path: path.with_suffix(".json").unlink(),
    "an old record": lambda path: path.with_suffix(".json").write_text('{"images_per_s": 900.0}'),
    "a record of another kind": lambda path: path.with_suffix(".json").write_text("[1]"),
    "a record of a wrong speed": lambda path: path.with_suffix(".json").write_text(
        path.with_suffix(".json").read_text().replace('"images_per_s": ', '"images_per_s": -Infinity, "x": ')
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_file_that_is_not_what_was_written_is_made_again(
    encoder: PreparedEncoder, images: Images, tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = np.arange(12)
    right = np.array(encode(encoder, images, rows, tmp_path, CPU).features)
    (path,) = tmp_path.glob("*.npy")
    DAMAGE[case](path)
    capsys.readouterr()
    encoded = encode(encoder, images, rows, tmp_path, CPU)
    assert (encoded.features == right).all() and encoded.images_per_s
    (line,) = [line for line in capsys.readouterr().err.splitlines() if str(path) in line]
    assert line.startswith(f"{path} is not used (") and line.endswith("): its features are computed again")
    assert isinstance(encoder.module, Counting) and encoder.module.seen == 24
    encode(encoder, images, rows, tmp_path, CPU)
    assert encoder.module.seen == 24 and str(path) not in capsys.readouterr().err


def test_a_file_of_another_shape_is_made_again_even_with_its_own_record(
    encoder: PreparedEncoder, images: Images, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encode(encoder, images, np.arange(12), tmp_path, CPU)
    (path,) = tmp_path.glob("*.npy")
    narrow = np.load(path)[:, :-1]
    feature_record.write(path, (12, narrow.shape[1]), 0.0, lambda partial: np.save(partial, narrow))
    assert encode(encoder, images, np.arange(12), tmp_path, CPU).features.shape == (12, encoder.dim)
    assert f"it has float32 (12, {encoder.dim - 1}), not float32 (12, {encoder.dim})" in capsys.readouterr().err
