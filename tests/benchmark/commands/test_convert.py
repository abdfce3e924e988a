"""`iebench convert`: what it prints, its exit codes, and options of widths and networks."""

import json
from pathlib import Path

import pytest
import torch
from checkpoints import E, put, sie_state
from released import random_like, resnet_shapes

from iebench.benchmark.errors import ConversionError
from iebench.benchmark.released.file import read
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.slow


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["convert", *arguments])
    return int(stop.value.code or 0)


def test_widths_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = {**sie_state(), "predictor.hypernet.net.0.weight": torch.zeros(3 * E * E, 4)}
    path, out = put(tmp_path / "model.pth", state), tmp_path / "out"
    relu = ["--no-predictor-relu"]
    for widths, more, code in (("10-10", [], 1), ("10-10", relu, 0), ("10-x", relu, 2), ("", relu, 2), ("", [], 1)):
        with pytest.raises(SystemExit) as left:
            main(["convert", str(path), str(out), *(["--predictor", widths] if widths else []), *more])
        assert (left.value.code or 0) == code, widths
    assert "'10-x' is not a list of widths: write 1024 or 1024-1024" in capsys.readouterr().err


def test_of_several_networks_one_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = {name: value.float() for name, value in random_like(resnet_shapes((2, 3, 4))).items()}
    average = {name: value + 1 for name, value in net.items()}
    path = tmp_path / "model.pth"
    torch.save({"model": net, "model_ema": {"module": average}}, path)
    with pytest.raises(
        ConversionError, match=r"several networks: choose one of model \(120 .*, model_ema/module \(120 "
    ):
        read(path)
    with pytest.raises(ConversionError, match=r"no network ema: choose from model .* with --network"):
        read(path, "ema")
    assert torch.equal(read(path, "model_ema/module").state["bn1.bias"], average["bn1.bias"])
    assert run(str(path), str(tmp_path / "out"), "--network", "model") == 0
    assert "(final_weights.pth), under model\n" in capsys.readouterr().out


def test_the_command_says_what_it_did_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = put(tmp_path / "model.pth", sie_state()), tmp_path / "sie"
    assert run(str(path), str(out)) == 0
    text = capsys.readouterr().out
    assert "resnet18-vicreg of facebookresearch/SIE" in text and "with the heads of sie" in text
    assert "left out: evaluator (1 tensors)" in text and f"iebench score --encoder {out}" in text
    assert {file.name for file in out.iterdir()} == {"encoder.json", "encoder.safetensors"}
    assert run(str(path), str(out)) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_dry_run_checks_every_tensor_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = put(tmp_path / "model.pth", sie_state()), tmp_path / "out"
    assert run(str(path), str(out), "--dry-run", "--json") == 0
    forecast = json.loads(capsys.readouterr().out)
    assert forecast["writes"] == [str(out)] and not out.exists()
    assert run(str(path), str(out)) == 0
    size = (out / "encoder.safetensors").stat().st_size
    assert forecast["disk"] == pytest.approx(size, rel=0.05)
    damaged = {name: value for name, value in sie_state().items() if name != "predictor.hypernet.net.0.weight"}
    assert run(str(put(tmp_path / "other.pth", damaged)), str(tmp_path / "again"), "--dry-run") == 1
