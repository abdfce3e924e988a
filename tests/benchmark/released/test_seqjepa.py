"""Checkpoints of seq-JEPA, EquiCaps and encoders alone: converted weights reproduce features and predictions."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from checkpoints import CPU, E, equicaps, part, put, quaternions, refused, seen, sen_state, seqjepa, sie_state
from released import normalised, projected_without_bias, random_like, resnet, resnet_shapes, vicreg_resnet18
from torch import Tensor

from iebench.baselines.action import ROTATION
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.released import converted
from iebench.benchmark.released.file import read
from iebench.benchmark.released.names import convert

pytestmark = pytest.mark.slow


def told_by(state: Mapping[str, Tensor], action: Tensor, embedding: Tensor) -> Tensor:
    """Return the predictor's output of SEN or EquiMod, layer by layer."""
    if "action_proj.0.weight" in state:
        action = normalised(action @ state["action_proj.0.weight"].T, state, "action_proj.1")
    return normalised(torch.cat([action, embedding], dim=1) @ state["predictor.0.weight"].T, state, "predictor.1")


@pytest.mark.parametrize(
    ("method", "numbers", "width", "side", "negated"),
    [("sen", 4, 6, 7, False), ("sen", 6, 0, 3, True), ("equimod", 4, 5, 3, True), ("equimod", 6, 9, 7, False)],
)
def test_sen_and_equimod_of_seq_jepa_keep_their_heads(
    method: str, numbers: int, width: int, side: int, negated: bool, tmp_path: Path
) -> None:
    state = sen_state(method, numbers, width, side)
    path = put(tmp_path / "model.pth", state)
    released = convert(read(path).state, path, negated=negated)
    assert (released.method, released.left_out) == (method, {"online_linprobe": 2})
    assert released.stem == ("cifar" if side == 3 else "imagenet")
    converted.write(tmp_path / "out", released, path, negated=negated)
    encoder = prepare(load(str(tmp_path / "out"), {}), 32, CPU)
    images = torch.rand(3, 3, 32, 32)
    features = resnet(seen(images), part(state, "encoder."))
    torch.testing.assert_close(encoder.module(images).double(), features, rtol=1e-4, atol=1e-4)
    network = encoder.predictor
    assert network is not None
    embedding = projected_without_bias(features, part(state, "projector_equi."))
    torch.testing.assert_close(network.embed(features.float()).double(), embedding, rtol=1e-4, atol=1e-4)
    embedding = embedding.repeat(20, 1)
    latents = {name: torch.rand(60, 2, dtype=torch.float64) * 3 - 1.5 for name in (*ROTATION, "floor_hue", "light_hue")}
    hues = torch.stack([latents[name][:, 1] - latents[name][:, 0] for name in ("floor_hue", "light_hue")], 1)
    action = torch.cat([quaternions(latents) * (-1 if negated else 1), hues[:, : numbers - 4]], 1)
    views = [{name: values[:, k] for name, values in latents.items()} for k in range(2)]
    expected = told_by(state, action, embedding)
    torch.testing.assert_close(network.predict(embedding.float(), *views).double(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("predictor.1.running_var"), "lacks predictor.1.running_var: leave the heads out"),
        (lambda s: s.pop("action_proj.1.running_mean"), "lacks action_proj.1.running_mean"),
        (lambda s: s.update({"predictor.0.bias": torch.zeros(E)}), "predictor.0.bias does not belong beside predict"),
        (lambda s: s.update({"predictor.1.running_mean": torch.zeros(E + 1)}), "(11,), which do not fit: leave the he"),
        (lambda s: s.update({"predictor.0.weight": torch.zeros(E, 5)}), "gives 6 numbers, more than predictor.0.wei"),
    ],
)  # fmt: skip
def test_heads_of_seq_jepa_that_do_not_fit_are_named(
    change: Callable[[dict[str, Tensor]], object], message: str, tmp_path: Path
) -> None:
    state = sen_state("sen", 4, 6)
    change(state)
    assert message in refused(tmp_path, state)
    left = convert(state, tmp_path / "model.pth", ("projector_equi",)).left_out
    assert left.keys() == {"projector_equi", "predictor", "action_proj", "online_linprobe"}


@pytest.mark.parametrize(
    ("make", "prefix", "restated", "left_out", "bgr"),
    [
        (lambda: {name: value for name, value in equicaps().items() if not name.startswith("projector.")}, "backbone.",
         vicreg_resnet18, {"evaluator"}, True),
        (seqjepa, "encoder.", resnet,
         {"target_encoder", "action_proj", "predictor", "agg_token", "transformer_encoder", "online_linprobe"}, True),
        (lambda: random_like(resnet_shapes((1, 2, 3, 4))), "", vicreg_resnet18, set(), False),
    ],
    ids=["equicaps", "seq-jepa", "final_weights"],
)  # fmt: skip
def test_encoders_alone_give_their_features(
    make: Callable[[], dict[str, Tensor]], prefix: str, restated: Callable[..., Tensor], left_out: set[str], bgr: bool,
    tmp_path: Path,
) -> None:  # fmt: skip
    state = make()
    path = put(tmp_path / "weights.pth", state, parallel=bool(prefix), top=not prefix)
    released = convert(read(path).state, path, bgr=bgr)
    assert set(released.left_out) == left_out and released.method is None
    converted.write(tmp_path / "out", released, path, negated=False)
    encoder = prepare(load(str(tmp_path / "out"), {}), 64, CPU)
    images = torch.rand(3, 3, 64, 64)
    expected = restated(seen(images, bgr), part(state, prefix))
    torch.testing.assert_close(encoder.module(images).double(), expected, rtol=1e-4, atol=1e-4)
    assert encoder.predictor is None and encoder.parts == {}
    facts = json.loads((tmp_path / "out" / converted.FACTS).read_text())
    assert facts["source"]["file"] == "weights.pth" and facts["resolution"] == (128 if prefix == "encoder." else 256)


def test_sie_as_seq_jepa_trains_it_keeps_its_heads() -> None:
    sie, plain = sie_state(), resnet_shapes((2, 3, 4))
    heads = {name: value for name, value in sie.items() if name.startswith(("projector_", "predictor."))}
    backbone = random_like({f"encoder.{name}": shape for name, shape in plain.items()})
    others = {name: torch.zeros(2) for name in ("online_linprobe.weight", "action_proj.0.weight")}
    released = convert({**backbone, **heads, **others}, Path("model.pth"))
    assert (released.backbone, released.method) == ("resnet18", "sie")
    assert released.left_out == {"online_linprobe": 1, "action_proj": 1}
    contrast = {**backbone, "projector.0.weight": torch.zeros(2, 2), "target_projector.0.weight": torch.zeros(2, 2)}
    assert convert(contrast, Path("model.pth")).left_out == {"projector": 1, "target_projector": 1}
