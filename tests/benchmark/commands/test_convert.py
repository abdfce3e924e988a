"""Released checkpoints: converted weights reproduce features and predictions; a file that does not fit is refused."""

import json
import re
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from released import (
    normalised,
    projected,
    projected_without_bias,
    random_like,
    resnet18,
    resnet_shapes,
    vicreg_resnet18,
)  # fmt: skip
from safetensors.torch import save_file
from scipy.spatial.transform import Rotation
from torch import Tensor

from iebench.baselines.action import ROTATION, size
from iebench.baselines.methods.sie import SIE
from iebench.baselines.networks.encoder import MEAN, STD
from iebench.baselines.networks.predictor import predictor
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import ConversionError
from iebench.benchmark.released import converted
from iebench.benchmark.released.file import read
from iebench.benchmark.released.heads import ALL_SEEN, Unseen, convert_heads
from iebench.benchmark.released.names import convert
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.slow

Shapes = Mapping[str, tuple[int, ...]]
CPU = torch.device("cpu")
NORM = ("weight", "bias", "running_mean", "running_var")
E = 10  # size of the small embedding


def put(path: Path, state: Mapping[str, Tensor], parallel: bool = True, top: bool = False) -> Path:
    """Write a checkpoint as the released repositories do, in float32."""
    prefix = "module." if parallel else ""
    model = {prefix + name: value.float() if value.is_floating_point() else value for name, value in state.items()}
    torch.save(model if top else {"epoch": 3, "model": model, "optimizer": {"state": {}, "param_groups": []}}, path)
    return path


def projector_shapes(inputs: int, outputs: int = E) -> Shapes:
    shapes: dict[str, tuple[int, ...]] = {
        "0.weight": (12, inputs),
        "0.bias": (12,),
        "3.weight": (11, 12),
        "3.bias": (11,),
    }
    for index, width in (("1", 12), ("4", 11)):
        shapes |= {f"{index}.{part}": (width,) for part in NORM} | {f"{index}.num_batches_tracked": ()}
    return {**shapes, "6.weight": (outputs, 11)}


@cache
def sie_state() -> dict[str, Tensor]:
    """Weights of a whole small SIE; a test that changes them takes a copy."""
    shapes = {f"backbone.{name}": shape for name, shape in resnet_shapes((1, 2, 3, 4)).items()}
    for head in ("projector_inv", "projector_equi"):
        shapes |= {f"{head}.{name}": shape for name, shape in projector_shapes(256).items()}
    shapes |= {"predictor.hypernet.net.0.weight": (E * E, 4)}
    return random_like({**shapes, "evaluator.classifier_repr.weight": (55, 512)})


def part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def seen(images: Tensor, bgr: bool = True) -> Tensor:
    """Return the released network's input for RGB images in [0, 1]: the file's channel order, then normalised."""
    stored = images.double().flip(1) if bgr else images.double()
    return (stored - torch.tensor(MEAN).view(3, 1, 1).double()) / torch.tensor(STD).view(3, 1, 1).double()


def quaternions(latents: Mapping[str, Tensor]) -> Tensor:
    """Return quaternions (B, 4) from the first view to the second as in the released scripts, with either sign of w."""
    poses = [Rotation.from_euler("xyz", np.stack([latents[name][:, k] for name in ROTATION], 1)) for k in range(2)]
    return torch.from_numpy((poses[0].inv() * poses[1]).as_quat())


def hypernetwork(state: Mapping[str, Tensor], action: Tensor, embedding: Tensor, relu: bool = False) -> Tensor:
    """Return W(q) e sample by sample; a linear layer generates W's entries; `relu` stands between two matrices."""
    rows = []
    for code, vector in zip(action, embedding, strict=True):
        z, x = code, vector
        last = 4 if "hypernet.net.4.weight" in state else 0
        for i in range(0, last, 2):
            z = (state[f"hypernet.net.{i}.weight"] @ z).clamp(min=0)
        entries = state[f"hypernet.net.{last}.weight"] @ z
        if len(entries) == E * E:
            x = entries.view(E, E) @ x
        else:
            hidden = len(entries) // (2 * E)
            between = entries[: hidden * E].view(hidden, E) @ x
            x = entries[hidden * E :].view(E, hidden) @ (between.clamp(min=0) if relu else between)
        rows.append(x)
    return torch.stack(rows)


def perceptron(state: Mapping[str, Tensor], action: Tensor, embedding: Tensor) -> Tensor:
    """Return the output of the MLP predictor for [q, e]."""
    x = torch.cat([action, embedding], dim=1) @ state["pred.0.weight"].T + state["pred.0.bias"]
    if "pred.2.weight" in state:
        x = x.clamp(min=0) @ state["pred.2.weight"].T + state["pred.2.bias"]
    return x


PREDICTORS: dict[str, tuple[Shapes, int, Callable[..., Tensor], dict[str, object]]] = {
    "linear": ({"hypernet.net.0.weight": (E * E, 4)}, 4, hypernetwork, {"predictor": "linear"}),
    "colour": ({"hypernet.net.0.weight": (E * E, 6)}, 6, hypernetwork, {"action": "rotation-colour"}),
    "longer": ({"hypernet.net.0.weight": (2 * E * 7, 4)}, 4, hypernetwork, {"predictor_hidden": [7]}),
    "deep": ({"hypernet.net.0.weight": (4, 4), "hypernet.net.2.weight": (4, 4), "hypernet.net.4.weight": (E * E, 4)},
             4, hypernetwork, {"predictor": "deep"}),
    "mlp": ({"pred.0.weight": (E, E + 4), "pred.0.bias": (E,)}, 4, perceptron, {"predictor": "mlp"}),
    "longer mlp": ({"pred.0.weight": (E, E + 4), "pred.0.bias": (E,), "pred.2.weight": (E, E), "pred.2.bias": (E,)},
                   4, perceptron, {"predictor": "mlp", "predictor_hidden": [E]}),
}  # fmt: skip


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize("kind", PREDICTORS)
def test_every_predictor_gives_its_answers(kind: str, negated: bool) -> None:
    shapes, numbers, restated, wanted = PREDICTORS[kind]
    projector = {f"projector_equi.{name}": shape for name, shape in projector_shapes(256).items()}
    state = random_like({**projector, **{f"predictor.{name}": shape for name, shape in shapes.items()}})
    hidden = tuple(wanted.get("predictor_hidden", ())) if restated is hypernetwork else ()  # weights do not tell it
    method, settings, ours = convert_heads(state, 512, negated, Unseen(hidden, False), Path("model.pth"))
    assert method == "sie" and wanted.items() <= settings.items()
    net = predictor(settings["predictor"], size(settings["action"]), E, tuple(settings["predictor_hidden"])).double()
    net.load_state_dict(part(ours, "predictor."))  # strict
    action, embedding = torch.randn(3, numbers, dtype=torch.float64), torch.randn(3, E, dtype=torch.float64)
    told = action.clone()
    told[:, :4] *= -1 if negated else 1
    torch.testing.assert_close(net(action, embedding), restated(part(state, "predictor."), told, embedding))


@pytest.mark.parametrize("relu", [True, False])
def test_a_relu_between_generated_matrices_is_asked_for(relu: bool) -> None:
    projector = {f"projector_equi.{name}": shape for name, shape in projector_shapes(256).items()}
    state = random_like({**projector, "predictor.hypernet.net.0.weight": (2 * E * 7, 4)})
    with pytest.raises(
        ConversionError, match=r"do not tell whether a ReLU .* add --predictor-relu .* --no-predictor-r"
    ):
        convert_heads(state, 512, False, Unseen((7,)), Path("model.pth"))
    _, settings, ours = convert_heads(state, 512, False, Unseen((7,), relu), Path("model.pth"))
    net = predictor("linear", 4, E, (7,), settings.get("predictor_relu", False)).double()
    net.load_state_dict(part(ours, "predictor."))
    action, embedding = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, E, dtype=torch.float64)
    expected = hypernetwork(part(state, "predictor."), action, embedding, relu)
    torch.testing.assert_close(net(action, embedding), expected)


def test_sie_gives_its_features_embeddings_and_predictions(tmp_path: Path) -> None:
    state = sie_state()
    path = put(tmp_path / "model.pth", state)
    released = convert(read(path).state, path)
    assert (released.backbone, released.method, released.left_out) == ("resnet18-vicreg", "sie", {"evaluator": 1})
    converted.write(tmp_path / "out", released, path, bgr=True, negated=False)

    encoder = prepare(load(str(tmp_path / "out"), {}), 64, CPU)
    assert encoder.parts == {"invariant": slice(0, 256, 1), "equivariant": slice(256, 512, 1)} and encoder.dim == 512
    images = torch.rand(3, 3, 64, 64)
    features = vicreg_resnet18(seen(images), part(state, "backbone."))
    torch.testing.assert_close(encoder.module(images).double(), features, rtol=1e-4, atol=1e-4)
    method = encoder.predictor
    assert method is not None
    embedding = projected(features[:, 256:], part(state, "projector_equi."))
    torch.testing.assert_close(method.embed(features.float()).double(), embedding, rtol=1e-4, atol=1e-4)

    embedding = embedding.repeat(40, 1)
    latents = {name: torch.rand(120, 2, dtype=torch.float64) * 3 - 1.5 for name in ROTATION}
    told = quaternions(latents)
    assert 0 < (told[:, 3] < 0).sum() < 20
    views = [{name: values[:, k] for name, values in latents.items()} for k in range(2)]
    expected = hypernetwork(part(state, "predictor."), told, embedding)
    torch.testing.assert_close(method.predict(embedding.float(), *views).double(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("split", "method", "share"), [((384, 128), "sie", 0.25), ((0, 512), "sie", 1.0), ((512, 512), "equimod", None)]
)
def test_other_splits_are_other_settings(split: tuple[int, int], method: str, share: float | None) -> None:
    shapes = {f"predictor.{name}": shape for name, shape in PREDICTORS["linear"][0].items()}
    for head, inputs in zip(("projector_inv", "projector_equi"), split, strict=True):
        shapes |= {f"{head}.{name}": shape for name, shape in projector_shapes(inputs).items()} if inputs else {}
    found, settings, _ = convert_heads(random_like(shapes), 512, False, ALL_SEEN, Path("model.pth"))
    assert found == method and settings.get("equivariant") == share and settings["projector"] == [12, 11, E]
    assert not settings.get("invariant_projector")


def test_widths_that_follow_the_split_are_scored(tmp_path: Path) -> None:
    """A quarter of the features is equivariant, and the invariant projector is three times as wide: SIE's ablation."""
    shapes = {f"backbone.{name}": shape for name, shape in resnet_shapes((1, 2, 3, 4)).items()}
    for head, inputs, outputs in (("projector_inv", 384, 3 * E), ("projector_equi", 128, E)):
        shapes |= {f"{head}.{name}": shape for name, shape in projector_shapes(inputs, outputs).items()}
    state = random_like({**shapes, "predictor.hypernet.net.0.weight": (E * E, 4)})
    path = put(tmp_path / "model.pth", state)
    converted.write(tmp_path / "out", convert(read(path).state, path), path, bgr=True, negated=False)
    encoder = prepare(load(str(tmp_path / "out"), {}), 64, CPU)
    assert encoder.parts == {"invariant": slice(0, 384, 1), "equivariant": slice(384, 512, 1)}
    features = torch.randn(3, 512)
    assert isinstance(encoder.predictor, SIE) and encoder.predictor.settings.invariant_projector == (12, 11, 3 * E)
    embedding = projected(features[:, 384:].double(), part(state, "projector_equi."))
    torch.testing.assert_close(encoder.predictor.embed(features).double(), embedding, rtol=1e-4, atol=1e-4)
    inside = projected(features[:, :384].double(), part(state, "projector_inv."))
    found = encoder.predictor.invariant_projector(features[:, :384]).double()
    torch.testing.assert_close(found, inside, rtol=1e-4, atol=1e-4)


# --- seq-JEPA's own SEN and EquiMod -------------------------------------------------------------------------


def norm_shapes(name: str, size: int, scaled: bool = True) -> Shapes:
    parts = NORM if scaled else NORM[2:]
    return {**{f"{name}.{part}": (size,) for part in parts}, f"{name}.num_batches_tracked": ()}


def sen_state(method: str, numbers: int, told: int, side: int = 7) -> dict[str, Tensor]:
    """Weights of SEN or EquiMod with small heads; told : width of the action's projection, or 0 for no projection."""
    shapes = {f"encoder.{name}": shape for name, shape in resnet_shapes((2, 3, 4)).items()}
    shapes["encoder.conv1.weight"] = (64, 3, side, side)
    for head in ("projector_equi", "projector_inv")[: 2 if method == "equimod" else 1]:
        for layer, (outputs, inputs) in {"0": (12, 512), "3": (11, 12), "6": (E, 11)}.items():
            shapes[f"{head}.{layer}.weight"] = (outputs, inputs)
            shapes |= norm_shapes(f"{head}.{int(layer) + 1}", outputs, scaled=layer != "6")
    if told:
        shapes |= {"action_proj.0.weight": (told, numbers), **norm_shapes("action_proj.1", told, scaled=False)}
    shapes |= {"predictor.0.weight": (E, (told or numbers) + E), **norm_shapes("predictor.1", E, scaled=False)}
    return random_like({**shapes, "online_linprobe.0.weight": (55, 512), "online_linprobe.0.bias": (55,)})


def told_by(state: Mapping[str, Tensor], action: Tensor, embedding: Tensor) -> Tensor:
    """Return the predictor's output of SEN or EquiMod, layer by layer."""
    if "action_proj.0.weight" in state:
        action = normalised(action @ state["action_proj.0.weight"].T, state, "action_proj.1")
    return normalised(torch.cat([action, embedding], dim=1) @ state["predictor.0.weight"].T, state, "predictor.1")


@pytest.mark.parametrize(
    ("method", "numbers", "told", "side", "negated"),
    [("sen", 4, 6, 7, False), ("sen", 6, 0, 3, True), ("equimod", 4, 5, 3, True), ("equimod", 6, 9, 7, False)],
)
def test_sen_and_equimod_of_seq_jepa_keep_their_heads(
    method: str, numbers: int, told: int, side: int, negated: bool, tmp_path: Path
) -> None:
    state = sen_state(method, numbers, told, side)
    path = put(tmp_path / "model.pth", state)
    released = convert(read(path).state, path, negated=negated)
    assert (released.method, released.left_out) == (method, {"online_linprobe": 2})
    assert released.stem == ("cifar" if side == 3 else "imagenet")
    converted.write(tmp_path / "out", released, path, bgr=True, negated=negated)
    encoder = prepare(load(str(tmp_path / "out"), {}), 32, CPU)
    images = torch.rand(3, 3, 32, 32)
    features = resnet18(seen(images), part(state, "encoder."))
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
        (lambda s: s.update({"predictor.0.bias": torch.zeros(E)}), "predictor.0.bias has no place beside predict"),
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


@cache
def equicaps() -> dict[str, Tensor]:
    shapes = {f"backbone.{name}": shape for name, shape in resnet_shapes((1, 2, 3, 4)).items()}
    return random_like({**shapes, "projector.conv_a.weight": (32, 512, 3, 3), "evaluator.classifier_repr.bias": (55,)})


def seqjepa() -> dict[str, Tensor]:
    encoder = resnet_shapes((2, 3, 4))
    shapes = {f"{net}.{name}": shape for net in ("encoder", "target_encoder") for name, shape in encoder.items()}
    rest = {"action_proj.0.weight": (128, 4), "predictor.0.weight": (1024, 768), "agg_token": (1, 1, 640),
            "transformer_encoder.norm.weight": (640,), "online_linprobe.0.bias": (55,)}  # fmt: skip
    return random_like({**shapes, **rest})


@pytest.mark.parametrize(
    ("make", "prefix", "restated", "left_out", "bgr"),
    [
        (equicaps, "backbone.", vicreg_resnet18, {"projector", "evaluator"}, True),
        (seqjepa, "encoder.", resnet18,
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
    converted.write(tmp_path / "out", released, path, bgr, negated=False)
    encoder = prepare(load(str(tmp_path / "out"), {}), 64, CPU)
    images = torch.rand(3, 3, 64, 64)
    expected = restated(seen(images, bgr), part(state, prefix))
    torch.testing.assert_close(encoder.module(images).double(), expected, rtol=1e-4, atol=1e-4)
    assert encoder.predictor is None and encoder.parts == {}
    facts = json.loads((tmp_path / "out" / converted.FACTS).read_text())
    assert facts["source"]["file"] == "weights.pth" and facts["resolution"] == (128 if prefix == "encoder." else 256)


def test_the_restatements_batch_norm_is_torchs() -> None:
    norm = torch.nn.BatchNorm1d(3).double().eval()
    state = random_like({**dict.fromkeys(NORM, (3,)), "num_batches_tracked": ()}, seed=2)
    norm.load_state_dict(state)
    x = torch.rand(4, 3, dtype=torch.float64)
    found = normalised(x, {f"n.{name}": value for name, value in state.items()}, "n")
    np.testing.assert_allclose(found.numpy(), norm(x).detach().numpy())


def test_widths_that_no_weight_shows_are_asked_for_and_checked() -> None:
    state = {**sie_state(), "predictor.hypernet.net.0.weight": torch.zeros(3 * E * E, 4)}
    with pytest.raises(ConversionError, match=r"300 entries and matrices of 10-10 have 100: give the widths .* --pred"):
        convert(state, Path("model.pth"))
    with pytest.raises(ConversionError, match="300 entries and matrices of 10-15-5-10 have 275"):
        convert(state, Path("model.pth"), unseen=Unseen((15, 5), False))
    for hidden in ((E, E), (15,)):  # both have 300
        assert convert(state, Path("model.pth"), unseen=Unseen(hidden, False)).settings["predictor_hidden"] == list(
            hidden
        )
    with pytest.raises(ConversionError, match=r"model\.pth has no hypernetwork whose widths --predictor could give"):
        convert(equicaps(), Path("model.pth"), unseen=Unseen((E,), False))


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


def test_widths_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = {**sie_state(), "predictor.hypernet.net.0.weight": torch.zeros(3 * E * E, 4)}
    path, out = put(tmp_path / "model.pth", state), tmp_path / "out"
    relu = ["--no-predictor-relu"]
    for given, more, code in (("10-10", [], 1), ("10-10", relu, 0), ("10-x", relu, 2), ("", relu, 2), ("", [], 1)):
        with pytest.raises(SystemExit) as left:
            main(["convert", str(path), str(out), *(["--predictor", given] if given else []), *more])
        assert (left.value.code or 0) == code, given
    assert "'10-x' is no list of widths: write 1024 or 1024-1024" in capsys.readouterr().err


# --- refused ------------------------------------------------------------------------------------------------


def refused(tmp_path: Path, state: dict[str, Tensor]) -> str:
    path = tmp_path / "model.pth"
    with pytest.raises(ConversionError) as error:
        converted.write(tmp_path / "out", convert(state, path), path, bgr=True, negated=False)
    assert not (tmp_path / "out").exists()
    return str(error.value)


def test_a_tensor_with_no_place_is_named_and_may_be_dropped(tmp_path: Path) -> None:
    state = {**equicaps(), "strange_head.weight": torch.zeros(2)}
    assert "has strange_head.weight, which has no place" in refused(tmp_path, state)
    assert convert(state, tmp_path / "model.pth", drop=("strange_head",)).left_out["strange_head"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.update({"backbone.layer5.weight": torch.zeros(2)}), "no place in its network for"),
        (lambda s: s.pop("backbone.layer3.1.bn1.bias"), "lacks encoder.backbone.layer3.1.bn1.bias"),
        (lambda s: s.update({"backbone.conv1.weight": torch.zeros(64, 3, 3, 3)}), "should be (64, 3, 7, 7)"),
        (lambda s: s.update({"predictor.hypernet.net.0.bias": torch.zeros(100)}), "net.0.bias does not fit"),
        (lambda s: s.update({"predictor.hypernet.net.0.weight": torch.zeros(101, 4)}),
         "generates 101 entries and matrices of 10-10 have 100: give the widths between them with --predictor"),
        (lambda s: s.update({"predictor.hypernet.net.0.weight": torch.zeros(100, 5)}), "told 5 numbers"),
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
        (lambda s: s.update({"projector_inv.8.weight": torch.zeros(2)}), "for invariant_projector.8"),
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
        ConversionError, match=r"none of backbone\.conv1\.weight, encoder\.conv1\.weight, conv1\.weight"
    ):
        convert(read(path).state, path)


# --- names in names, tables in tables ------------------------------------------------------------------------


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
    found = read(tmp_path / "model.pth")
    assert found.name == name and found.beside == ({"criterion": 1} if wrapping == "Lightning" else {})
    bare = name == "target_encoder"
    expected = convert({n.removeprefix("encoder.") if bare else n: v for n, v in plain.items()}, Path("model.pth"))
    drop = ("n_averaged",) if wrapping == "AveragedModel" else ()
    torch.testing.assert_close(convert(found.state, Path("model.pth"), drop).state, expected.state, rtol=0, atol=0)


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


# --- the command --------------------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["convert", *arguments])
    return int(stop.value.code or 0)


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
    assert "is there already" in capsys.readouterr().err


def test_a_damaged_folder_is_named(tmp_path: Path) -> None:
    path = put(tmp_path / "model.pth", equicaps())
    converted.write(tmp_path / "out", convert(read(path).state, path), path, bgr=True, negated=False)
    for damage, words in (
        ("", "convert it again"), ("{}", "convert it again"), ('{"format": 0}', "convert the checkpoint again"),
        ('{"format": 9}', "is a converted encoder of format 9, and this iebench reads 1: update iebench"),
    ):  # fmt: skip
        (tmp_path / "out" / converted.FACTS).write_text(damage)
        with pytest.raises(ConversionError, match=words):
            converted.load(tmp_path / "out")
