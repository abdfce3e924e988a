"""Released SIE: converted weights reproduce features, embeddings and predictions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from checkpoints import (
    CPU,
    NORM,
    E,
    Shapes,
    equicaps,
    hypernetwork,
    part,
    perceptron,
    projector_shapes,
    put,
    quaternions,
    seen,
    sie_state,
)
from released import normalised, projected, random_like, resnet_shapes, vicreg_resnet18
from torch import Tensor

from iebench.baselines.action import ROTATION, size
from iebench.baselines.methods.sie import SIE
from iebench.baselines.networks.predictor import predictor
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import ConversionError
from iebench.benchmark.released import converted
from iebench.benchmark.released.file import read
from iebench.benchmark.released.heads import ALL_SEEN, Unseen, convert_heads
from iebench.benchmark.released.names import convert

pytestmark = pytest.mark.slow


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
    shapes, numbers, restated, expected = PREDICTORS[kind]
    projector = {f"projector_equi.{name}": shape for name, shape in projector_shapes(256).items()}
    state = random_like({**projector, **{f"predictor.{name}": shape for name, shape in shapes.items()}})
    hidden = tuple(expected.get("predictor_hidden", ())) if restated is hypernetwork else ()  # weights do not tell it
    method, settings, ours = convert_heads(state, 512, negated, Unseen(hidden, False), Path("model.pth"))
    assert method == "sie" and expected.items() <= settings.items()
    net = predictor(settings["predictor"], size(settings["action"]), E, tuple(settings["predictor_hidden"])).double()
    net.load_state_dict(part(ours, "predictor."))  # strict
    action, embedding = torch.randn(3, numbers, dtype=torch.float64), torch.randn(3, E, dtype=torch.float64)
    signed = action.clone()
    signed[:, :4] *= -1 if negated else 1
    torch.testing.assert_close(net(action, embedding), restated(part(state, "predictor."), signed, embedding))


@pytest.mark.parametrize("relu", [True, False])
def test_a_relu_between_generated_matrices_is_asked_for(relu: bool) -> None:
    projector = {f"projector_equi.{name}": shape for name, shape in projector_shapes(256).items()}
    state = random_like({**projector, "predictor.hypernet.net.0.weight": (2 * E * 7, 4)})
    with pytest.raises(
        ConversionError, match=r"do not show whether a ReLU .* add --predictor-relu .* --no-predictor-r"
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
    converted.write(tmp_path / "out", released, path, negated=False)

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
    actions = quaternions(latents)
    assert 0 < (actions[:, 3] < 0).sum() < 20
    views = [{name: values[:, k] for name, values in latents.items()} for k in range(2)]
    expected = hypernetwork(part(state, "predictor."), actions, embedding)
    torch.testing.assert_close(method.predict(embedding.float(), *views).double(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("split", "method", "share"), [((384, 128), "sie", 0.25), ((0, 512), "sie", 1.0), ((512, 512), "equimod", None)]
)
def test_other_splits_are_other_settings(split: tuple[int, int], method: str, share: float | None) -> None:
    shapes = {f"predictor.{name}": shape for name, shape in PREDICTORS["linear"][0].items()}
    for head, inputs in zip(("projector_inv", "projector_equi"), split, strict=True):
        shapes |= {f"{head}.{name}": shape for name, shape in projector_shapes(inputs).items()} if inputs else {}
    kind, settings, _ = convert_heads(random_like(shapes), 512, False, ALL_SEEN, Path("model.pth"))
    assert kind == method and settings.get("equivariant") == share and settings["projector"] == [12, 11, E]
    assert not settings.get("invariant_projector")


def test_widths_that_follow_the_split_are_scored(tmp_path: Path) -> None:
    """A quarter of the features is equivariant, and the invariant projector is three times as wide: SIE's ablation."""
    shapes = {f"backbone.{name}": shape for name, shape in resnet_shapes((1, 2, 3, 4)).items()}
    for head, inputs, outputs in (("projector_inv", 384, 3 * E), ("projector_equi", 128, E)):
        shapes |= {f"{head}.{name}": shape for name, shape in projector_shapes(inputs, outputs).items()}
    state = random_like({**shapes, "predictor.hypernet.net.0.weight": (E * E, 4)})
    path = put(tmp_path / "model.pth", state)
    converted.write(tmp_path / "out", convert(read(path).state, path), path, negated=False)
    encoder = prepare(load(str(tmp_path / "out"), {}), 64, CPU)
    assert encoder.parts == {"invariant": slice(0, 384, 1), "equivariant": slice(384, 512, 1)}
    features = torch.randn(3, 512)
    assert isinstance(encoder.predictor, SIE) and encoder.predictor.settings.invariant_projector == (12, 11, 3 * E)
    embedding = projected(features[:, 384:].double(), part(state, "projector_equi."))
    torch.testing.assert_close(encoder.predictor.embed(features).double(), embedding, rtol=1e-4, atol=1e-4)
    inside = projected(features[:, :384].double(), part(state, "projector_inv."))
    output = encoder.predictor.invariant_projector(features[:, :384]).double()
    torch.testing.assert_close(output, inside, rtol=1e-4, atol=1e-4)


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


def test_the_restatements_batch_norm_is_torchs() -> None:
    norm = torch.nn.BatchNorm1d(3).double().eval()
    state = random_like({**dict.fromkeys(NORM, (3,)), "num_batches_tracked": ()}, seed=2)
    norm.load_state_dict(state)
    x = torch.rand(4, 3, dtype=torch.float64)
    output = normalised(x, {f"n.{name}": value for name, value in state.items()}, "n")
    np.testing.assert_allclose(output.numpy(), norm(x).detach().numpy())
