"""Encoders in files: TorchScript and torch.export."""

import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError

CPU = torch.device("cpu")
DYNAMIC = ({0: torch.export.Dim.DYNAMIC},)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.5)
    )


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "net.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(network()), str(path))  # in train mode: scoring must switch it to eval mode
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "net.pt2"
    program = torch.export.export(network().eval(), (torch.rand(2, 3, 32, 32),), dynamic_shapes=DYNAMIC)
    torch.export.save(program, path)
    return path


def test_a_scripted_module_answers_as_the_module(scripted: Path) -> None:
    encoder = prepare(load(str(scripted), {}, trust=True), 32, CPU)
    images = torch.rand(5, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(encoder.module(images), network().eval()(images))
    assert (encoder.name, encoder.dim, encoder.cost.parameters) == ("net", 16, 3 * 4 * 9 + 4 + 8)


@pytest.mark.slow
def test_an_exported_program_answers_as_the_module(exported: Path) -> None:
    loaded = load(str(exported), {})
    assert loaded.side(64) == 32  # as exported
    with pytest.raises(
        EncoderError, match=r"\.pt2 takes images of 32 pixels and got 48: score with --resolution 32, or"
    ):
        prepare(loaded, 48, torch.device("cpu"))
    encoder = prepare(loaded, 32, CPU)
    images = torch.rand(5, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(encoder.module(images), network().eval()(images))
    assert (encoder.name, encoder.dim, encoder.cost.parameters) == ("net", 16, 3 * 4 * 9 + 4 + 8)


def test_another_suffix_takes_a_scheme(scripted: Path, tmp_path: Path) -> None:
    other = tmp_path / "weights.bin"
    other.write_bytes(scripted.read_bytes())
    assert load(f"torchscript:{other}", {}, trust=True).name == "weights"
    with pytest.raises(EncoderError, match="is neither a folder nor a file that iebench knows"):
        load(str(other), {})


def test_what_cannot_take_any_batch(tmp_path: Path) -> None:
    for name, inputs in (("fixed", torch.rand(2, 3, 32, 32)), ("flat", torch.rand(2, 3))):
        torch.export.save(torch.export.export(nn.Flatten(), (inputs,)), tmp_path / f"{name}.pt2")
    with pytest.raises(EncoderError, match=r"takes batches of 2 images only: export it with dynamic_shapes"):
        load(str(tmp_path / "fixed.pt2"), {})
    with pytest.raises(EncoderError, match=r"inputs of shape \[\(2, 3\)\]: export a module that takes images"):
        load(str(tmp_path / "flat.pt2"), {})


def test_torch_logs_nothing_about_a_damaged_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "junk.pt2").write_bytes(b"no archive")
    with pytest.raises(EncoderError, match="is not an exported program"):
        load(str(tmp_path / "junk.pt2"), {})
    assert not caplog.records and capfd.readouterr() == ("", "")


def test_bare_weights_are_no_module(tmp_path: Path) -> None:
    torch.save(network().state_dict(), tmp_path / "weights.pt")
    with pytest.raises(EncoderError, match=r"it is not a TorchScript module.* or score bare weights through a factory"):
        load(str(tmp_path / "weights.pt"), {})
    (tmp_path / "weights.pt2").write_bytes(b"no archive")
    with pytest.raises(EncoderError, match="is not an exported program"):
        load(str(tmp_path / "weights.pt2"), {})
    for scheme in ("torchscript", "exported"):
        with pytest.raises(EncoderError, match=r"no such file: .*gone"):
            load(f"{scheme}:{tmp_path / 'gone'}", {})
        with pytest.raises(EncoderError, match="takes no --encoder-arg depth"):
            load(f"{scheme}:{tmp_path / 'gone'}", {"depth": 1})
