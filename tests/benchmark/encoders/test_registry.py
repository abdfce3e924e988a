"""Choice of the encoder by the specification, loaders of other packages, and arguments from the command line."""

from pathlib import Path

import pytest
import torch
from plugins import install

from iebench.benchmark.encoders import registry
from iebench.benchmark.errors import EncoderError, SettingError, UsageError

THEIRS = """
from torch import nn
from iebench.benchmark.encoders.registry import LoadedEncoder, loader

@loader("tflite", claims=lambda spec: spec.endswith(".tflite"))
def load(spec, arguments):
    return LoadedEncoder(f"tflite.{spec}", nn.Linear(arguments.get("width", 2), 1))
"""


def install_loader(site: Path, monkeypatch: pytest.MonkeyPatch, code: str = THEIRS) -> None:
    """Install a package with a loader."""
    install(site, monkeypatch, registry.SCHEMES, {"tflite": "their_loader"}, their_loader=code)


def test_a_loader_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_loader(tmp_path, monkeypatch)
    assert registry.load("tflite:a/b", {}).name == "tflite.a-b"  # by its scheme; one folder under runs/
    with pytest.raises(UsageError, match=r"^the encoder's name tflite\.\\x1b holds a control character"):
        registry.load("tflite:\x1b", {})
    assert registry.load("net.tflite", {"width": 3}).module.get_parameter("weight").shape == (1, 3)  # by its claim


@pytest.mark.parametrize(("code", "message"), [
    ("1 / 0", r"their_loader, of the encoder 'tflite', cannot be imported \(ZeroDivisionError"),
    ("", "their_loader does not register the encoder 'tflite'"),
    (THEIRS.replace('"tflite",', '"run",'), "the encoder 'run' belongs to iebench: choose another"),
])  # fmt: skip
def test_a_broken_one_is_named_and_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str, message: str
) -> None:
    install_loader(tmp_path, monkeypatch, code)
    with pytest.raises(EncoderError, match=message):
        registry.load("tflite:a", {})
    usable = registry.SCHEMES.usable()
    assert "tflite" not in usable and "python" in usable
    assert capsys.readouterr().err.count("iebench: their_loader") == 1
    with pytest.raises(EncoderError, match="neither a folder nor a file"):
        registry.load(str(tmp_path), {})


def test_random_weights_are_the_same_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_loader(tmp_path, monkeypatch)
    first = registry.load("net.tflite", {}).module.get_parameter("weight")
    state = torch.get_rng_state()
    assert (registry.load("net.tflite", {}).module.get_parameter("weight") == first).all()
    assert (torch.get_rng_state() == state).all()


def test_arguments_are_toml_and_bare_words() -> None:
    arguments = registry.arguments(
        ["depth=50", "rate = 1e-3", "pretrained=false", "pool=cls", 'name="a b"', "sizes=[1, 2]"]
    )
    assert arguments == {"depth": 50, "rate": 1e-3, "pretrained": False, "pool": "cls", "name": "a b", "sizes": [1, 2]}


@pytest.mark.parametrize(("arguments", "message"), [
    (["depth"], "'depth': write name=value"), (["2=3"], "write name=value"), (["a=1", "a=2"], "a is given twice"),
])  # fmt: skip
def test_arguments_that_cannot_be_used(arguments: list[str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        registry.arguments(arguments)


def test_names_make_folders() -> None:
    assert registry.named("hf.org/model", {"pool": "cls", "a": [1, 2]}) == "hf.org-model-a=-1,-2--pool=cls"
