"""A checkpoint that does not fit is refused; the message names the tensor and the remedy."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from checkpoints import equicaps, put, refused, sie_state
from released import random_like, resnet_shapes
from torch import Tensor

from iebench.benchmark.errors import ConversionError
from iebench.benchmark.released import converted
from iebench.benchmark.released.file import read
from iebench.benchmark.released.names import convert

pytestmark = pytest.mark.slow


def test_a_tensor_with_no_place_is_named_and_may_be_dropped(tmp_path: Path) -> None:
    state = {**equicaps(), "strange_head.weight": torch.zeros(2)}
    assert "has strange_head.weight, which is not in the layout" in refused(tmp_path, state)
    assert convert(state, tmp_path / "model.pth", drop=("strange_head",)).left_out["strange_head"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.update({"backbone.layer5.weight": torch.zeros(2)}), "has a tensor that its network lacks:"),
        (lambda s: s.pop("backbone.layer3.1.bn1.bias"), "lacks encoder.backbone.layer3.1.bn1.bias"),
        (lambda s: s.update({"backbone.conv1.weight": torch.zeros(64, 3, 3, 3)}), "should be (64, 3, 7, 7)"),
        (lambda s: s.update({"predictor.hypernet.net.0.bias": torch.zeros(100)}), "net.0.bias does not fit"),
        (lambda s: s.update({"predictor.hypernet.net.0.weight": torch.zeros(101, 4)}),
         "generates 101 entries and matrices of 10-10 have 100: give the widths between them with --predictor"),
        (lambda s: s.update({"predictor.hypernet.net.0.weight": torch.zeros(100, 5)}), "takes actions of 5 numbers"),
        (lambda s: s.pop("projector_equi.3.bias"), "lacks equivariant_projector.3.bias"),
        (lambda s: s.pop("backbone.bn1.weight"), "lacks encoder.backbone.bn1.weight"),
        (lambda s: s.update({"backbone.bn1.weight": torch.tensor(1.0)}), "bn1.weight is () and should be (64,)"),
        (lambda s: s.update({"backbone.conv1.weight": torch.tensor(1.0)}), "conv1.weight is () and should be (64, 3,"),
        (lambda s: s.update({"backbone.conv1.weight": torch.ones(64, 3, 7, 7, dtype=torch.int32)}),
         "model.pth: backbone.conv1.weight is of torch.int32 and weights are floating-point"),
        (lambda s: s.update({"backbone.bn1.bias": torch.full((64,), torch.nan)}),
         "model.pth: backbone.bn1.bias holds numbers that are not finite"),
        (lambda s: s.update({"predictor.hypernet.net.0.weight": torch.full((100, 4), 1e300, dtype=torch.float64)}),
         "predictor.hypernet.net.0.weight holds numbers that are not finite"),
        (lambda s: s.update({"predictor.hypernet.net.0.weight": torch.zeros(100)}),
         "predictor.hypernet.net.0.weight is (100,) and should be (outputs, inputs): leave the heads out with --drop"),
        (lambda s: s.pop("predictor.hypernet.net.0.weight"), "lacks predictor.hypernet.net.0.weight: leave the heads"),
        (lambda s: s.pop("projector_equi.0.weight"), "lacks projector_equi.0.weight: leave the heads out with --drop"),
        (lambda s: s.pop("projector_equi.3.weight"), "lacks projector_equi.3.weight"),
        (lambda s: s.update({"projector_equi.0.weight": torch.zeros(12)}), "projector_equi.0.weight is (12,) and sho"),
        (lambda s: s.update({"projector_equi.0.weight": torch.zeros(12, 0)}), "projector_equi.0.weight is (12, 0) and"),
        (lambda s: s.update({"projector_equi.0.weight": torch.zeros(12, 600)}), "takes 600 numbers and a represen"),
        (lambda s: s.update({"projector_inv.8.weight": torch.zeros(2)}), "lacks: invariant_projector.8"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    change: Callable[[dict[str, Tensor]], object], message: str, tmp_path: Path
) -> None:
    state = dict(sie_state())
    change(state)
    assert message in refused(tmp_path, state)


@pytest.mark.parametrize(
    ("drop", "message"),
    [
        (
            "nosuch",
            "model.pth has no tensor whose name starts with 'nosuch' of --drop: choose from evaluator, predictor",
        ),
        ("backbone", "--drop 'backbone' leaves out backbone.conv1.weight of model.pth, a part of the encoder: choose"),
        ("", "--drop '' leaves out backbone.conv1.weight of model.pth"),
    ],
)
def test_what_cannot_be_dropped(drop: str, message: str) -> None:
    with pytest.raises(ConversionError, match=re.escape(message)):
        convert(sie_state(), Path("model.pth"), (drop,))
    with pytest.raises(ConversionError, match="it has nothing but the encoder"):
        convert(random_like(resnet_shapes((1, 2, 3, 4))), Path("model.pth"), ("nosuch",))


@pytest.mark.parametrize("head", ["projector_equi", "predictor", "projector_inv."])
def test_a_head_that_is_dropped_takes_the_others_along(head: str) -> None:
    released = convert(sie_state(), Path("model.pth"), (head,))
    assert released.method is None and released.left_out == {
        "evaluator": 1, "predictor": 1, "projector_equi": 15, "projector_inv": 15,
    }  # fmt: skip
    one_more = {**sie_state(), "projector_equi.note": torch.zeros(2)}
    assert convert(one_more, Path("model.pth"), ("projector_equi.note",)).method == "sie"


def test_a_damaged_folder_is_named(tmp_path: Path) -> None:
    path = put(tmp_path / "model.pth", equicaps())
    converted.write(tmp_path / "out", convert(read(path).state, path), path, negated=False)
    for damage, words in (
        ("", "convert it again"), ("{}", "convert it again"), ('{"format": 0}', "convert the checkpoint again"),
        ('{"format": 9}', "is a converted encoder of format 9, and this iebench reads 1: update iebench"),
    ):  # fmt: skip
        (tmp_path / "out" / converted.FACTS).write_text(damage)
        with pytest.raises(ConversionError, match=words):
            converted.load(tmp_path / "out")
