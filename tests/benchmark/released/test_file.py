"""Files of checkpoints: no code in them runs, and a network is found inside other tables and names."""

from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from checkpoints import put
from released import random_like, resnet_shapes
from safetensors.torch import save_file
from torch import Tensor

from iebench.benchmark.errors import ConversionError
from iebench.benchmark.released.file import read
from iebench.benchmark.released.names import convert

pytestmark = pytest.mark.slow


class Code:
    """Object that runs code when it is unpickled, as an unsafe checkpoint may hold."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("code ran",))


def test_pickled_code_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pth"
    torch.save({"model": {"conv1.weight": torch.zeros(1)}, "args": Code()}, path)
    with pytest.raises(ConversionError, match="cannot be read without running code in it") as error:
        read(path)
    assert "weights_only" not in str(error.value)
    assert "code ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no such file"), (b"x" * 50, "damaged"), ({"model": 3}, "no tensors by name"),
     ({"model": {1: torch.zeros(2)}}, "no tensors by name"), ({1: torch.zeros(2)}, "no tensors by name")],
)  # fmt: skip
def test_files_that_are_no_checkpoints(content: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(ConversionError, match=message):
        read(path)


def test_an_unknown_layout_says_what_it_looked_for(tmp_path: Path) -> None:
    path = put(tmp_path / "model.pth", {"stem.weight": torch.zeros(3)})
    with pytest.raises(
        ConversionError,
        match=r"none of backbone\.conv1\.weight, encoder\.conv1\.weight, enc\.conv1\.weight, conv1\.weight",
    ):
        convert(read(path).state, path)


def wrapped(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in state.items()}


WRAPPINGS: dict[str, tuple[Callable[[dict[str, Tensor]], object], str]] = {
    "torch.compile": (lambda s: {"model": wrapped(s, "_orig_mod.")}, "model"),
    "compiled, then parallel": (lambda s: {"model": wrapped(s, "module._orig_mod.")}, "model"),
    "parallel twice": (lambda s: {"model": wrapped(s, "module.module.")}, "model"),
    "compiled inside": (lambda s: {n.replace("encoder.", "encoder._orig_mod."): v for n, v in s.items()}, ""),
    "Lightning": (lambda s: {"state_dict": {**wrapped(s, "model."), "criterion.w": torch.zeros(2)}, "epoch": 3,
                             "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(2)}}}]}, "state_dict/model"),
    "Lightning, compiled": (lambda s: {"state_dict": wrapped(s, "net._orig_mod.")}, "state_dict/net"),
    "an average alone": (lambda s: {"ema": {"module": s}, "decay": 0.999}, "ema/module"),
    "AveragedModel": (lambda s: {"n_averaged": torch.tensor(9), **wrapped(s, "module.")}, ""),
    "its target alone": (lambda s: {n.replace("encoder.", "target_encoder."): v for n, v in s.items()},
                         "target_encoder"),
    "numbers beside it": (lambda s: {**s, "epoch": 7, "min_loss": np.float64(0.1), "args": Namespace(x=1)}, ""),
}  # fmt: skip


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_network_is_found_in_its_wrappings(wrapping: str, tmp_path: Path) -> None:
    plain = {f"encoder.{name}": value.float() if value.is_floating_point() else value
             for name, value in random_like(resnet_shapes((2, 3, 4))).items()}  # fmt: skip
    make, name = WRAPPINGS[wrapping]
    torch.save(make(plain), tmp_path / "model.pth")
    network = read(tmp_path / "model.pth")
    assert network.name == name and network.beside == ({"criterion": 1} if wrapping == "Lightning" else {})
    bare = name == "target_encoder"
    expected = convert({n.removeprefix("encoder.") if bare else n: v for n, v in plain.items()}, Path("model.pth"))
    drop = ("n_averaged",) if wrapping == "AveragedModel" else ()
    torch.testing.assert_close(convert(network.state, Path("model.pth"), drop).state, expected.state, rtol=0, atol=0)


def test_two_wrappings_of_one_name_are_refused(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(1), "module.conv1.weight": torch.ones(1)}, tmp_path / "model.pth")
    with pytest.raises(
        ConversionError, match=r"holds conv1\.weight twice, as module\.conv1\.weight and in another wrap"
    ):
        read(tmp_path / "model.pth")


def test_safetensors_are_read(tmp_path: Path) -> None:
    net = {name: value.float() for name, value in random_like(resnet_shapes((2, 3, 4))).items()}
    save_file(net, tmp_path / "model.safetensors")
    torch.testing.assert_close(read(tmp_path / "model.safetensors").state, net)
    (tmp_path / "model.safetensors").write_bytes(b"x" * 30)
    with pytest.raises(ConversionError, match=r"safetensors \(it is damaged, or no safetensors\): copy or "):
        read(tmp_path / "model.safetensors")
