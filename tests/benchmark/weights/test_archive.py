"""Damaged bytes inside weight files are detected wherever such a file is read."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from released import random_like, resnet_shapes
from safetensors.torch import save_file
from torch import nn

from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import ConversionError, EncoderError
from iebench.benchmark.released.file import read
from iebench.benchmark.weights import tensor_file
from iebench.benchmark.weights.archive import damage
from iebench.manifests.errors import InvalidValue

ROT = 64  # bytes that turn to zeros


def rot(path: Path) -> str:
    """Overwrite the middle of the archive's largest member with zeros; return the member's name."""
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda member: member.file_size)
        middle = archive.getinfo(largest.filename).header_offset + largest.file_size // 2
    with path.open("r+b") as file:
        file.seek(middle)
        assert any(file.read(ROT))
        file.seek(middle)
        file.write(bytes(ROT))
    return largest.filename


class Small(nn.Module):
    """Module from images to two numbers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3 * 8 * 8, 64)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layer(images.flatten(1))
        return out


def scripted(path: Path) -> None:
    torch.jit.script(Small()).save(str(path))


def exported(path: Path) -> None:
    images = torch.rand(2, 3, 8, 8)
    torch.export.save(torch.export.export(Small(), (images,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)), path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("write", "name"), [(scripted, "model.pt"), (exported, "model.pt2")])
@pytest.mark.slow
def test_a_rotten_encoder_is_refused(write: Callable[[Path], None], name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    write(path)
    assert damage(path) == ""
    load(str(path), {}, trust=True)
    member = rot(path)
    with pytest.raises(EncoderError, match=rf"{name} is damaged \(its {member} contradicts its checksum\): copy"):
        load(str(path), {}, trust=True)


@pytest.mark.slow
def test_a_rotten_checkpoint_is_not_converted(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save({name: value.float() for name, value in random_like(resnet_shapes((2, 3, 4))).items()}, path)
    read(path)
    rot(path)
    with pytest.raises(
        ConversionError, match=r"model\.pth is damaged \(its .* contradicts its checksum\): copy or download it"
    ):
        read(path)


def test_files_without_sums_are_no_damage(tmp_path: Path) -> None:
    path, legacy, text = tmp_path / "none.pt", tmp_path / "legacy.pt", tmp_path / "text"
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"a": torch.arange(9.0)}, path)
    finally:
        torch.serialization.set_crc32_options(True)
    torch.save({"a": torch.arange(9.0)}, legacy, _use_new_zipfile_serialization=False)
    text.write_text("no archive")
    assert [damage(file) for file in (path, legacy, text)] == ["", "", ""]


def test_a_rotten_list_of_members_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"a": torch.arange(9.0)}, path)
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02")] = 0
    path.write_bytes(content)
    assert damage(path) == "its list of members is damaged"


def test_our_own_weights_are_those_that_were_written(tmp_path: Path) -> None:
    path, old = tmp_path / "a.safetensors", tmp_path / "old.safetensors"
    tensors = {"b": torch.arange(40.0), "a": torch.ones(2, 3, dtype=torch.float64), "n": torch.tensor(7)}
    tensor_file.write(path, tensors)
    stored = tensor_file.read(path)
    assert all(torch.equal(stored[name], value) for name, value in tensors.items()) and stored.keys() == tensors.keys()
    shutil.copy(path, old)
    tensor_file.write(path, dict(reversed(tensors.items())))
    assert path.read_bytes() == old.read_bytes()  # a digest adds nothing that could differ
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    with pytest.raises(InvalidValue, match="its weights are not those that were written"):
        tensor_file.read(path)
    save_file(tensors, old)  # from before there were digests
    assert tensor_file.read(old).keys() == tensors.keys()
