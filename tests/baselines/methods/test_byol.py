"""The losses of BYOL and of its conditional variant equal numpy implementations in float64."""

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_actions
from torch import Tensor

from iebench.baselines.action import ROTATION, columns
from iebench.baselines.methods.byol import BYOL, BYOLSettings
from iebench.baselines.methods.conditional_byol import ConditionalBYOL, ConditionalBYOLSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SMALL = EncoderSettings(0.125, "small")


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    names = columns("rotation-colour")
    values = torch.rand(len(names), batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 32, 32, dtype=torch.float64), dict(zip(names, values, strict=True))


def apart(left: np.ndarray, right: np.ndarray) -> float:
    cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(left, right, strict=True)]
    return float(np.mean([2 - 2 * cosine for cosine in cosines]))


def shake(target: torch.nn.Module) -> None:
    """Change the target network's weights, as some training steps would."""
    with torch.no_grad():
        for parameter in target.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1)


@pytest.mark.parametrize(("views", "batch"), [(2, 6), (3, 6), (2, 3)])
def test_byol_predicts_both_ways(views: int, batch: int) -> None:
    torch.manual_seed(0)
    byol = BYOL(Encoder(SMALL), BYOLSettings((12, 10), hidden=7)).double()
    shake(byol.target)
    images, _ = data(views, batch)
    ours = float(byol.loss(images, {})["loss"].detach())
    with torch.no_grad():
        predicted = one_by_one(images, byol.encoder, byol.projector, byol.predictor).numpy()
        goal = one_by_one(images, *byol.target.network).numpy()
    pairs = [(k, k + 1) for k in range(views - 1)]
    expected = sum(apart(predicted[:, a], goal[:, b]) + apart(predicted[:, b], goal[:, a]) for a, b in pairs)
    assert ours == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("action", ["rotation", "rotation-colour"])
@pytest.mark.parametrize(("views", "batch"), [(2, 6), (3, 6), (2, 3)])
def test_conditional_byol_predicts_the_next_view_from_the_action(views: int, batch: int, action: str) -> None:
    torch.manual_seed(0)
    settings = ConditionalBYOLSettings((12, 10), hidden=7, action_size=5, action=action)
    method = ConditionalBYOL(Encoder(SMALL), settings).double()
    shake(method.target)
    images, latents = data(views, batch)
    ours = float(method.loss(images, latents)["loss"].detach())
    with torch.no_grad():
        e = one_by_one(images, method.encoder, method.equivariant_projector).numpy()
        goal = one_by_one(images, method.target).numpy()
        projection = method.predictor.action_projector[0].weight.numpy()
        expected = 0.0
        for k in range(views - 1):
            a = restated_actions(latents, k, colour=action == "rotation-colour") @ projection.T
            a = (a - a.mean(0)) / np.sqrt(a.var(0) + 1e-5)  # batch norm without scale, on the batch's own statistics
            side_by_side = torch.from_numpy(np.concatenate([a, e[:, k]], axis=1))
            expected += apart(method.predictor.layers(side_by_side).numpy(), goal[:, k + 1])
    assert ours == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("kind", [BYOL, ConditionalBYOL])
def test_only_the_online_network_learns_and_the_target_follows(kind: type) -> None:
    settings = {BYOL: BYOLSettings, ConditionalBYOL: ConditionalBYOLSettings}[kind]((12, 10), hidden=7)
    method = kind(Encoder(SMALL), settings).double()
    images, latents = data(2)
    method.loss(images, latents)["loss"].backward()
    for name, parameter in method.named_parameters():
        assert (parameter.grad is None) == name.startswith("target."), name
    torch.optim.SGD(method.parameters(), 0.1).step()
    head = method.projector if kind is BYOL else method.equivariant_projector
    online = [parameter.detach() for parameter in (*method.encoder.parameters(), *head.parameters())]
    before = [parameter.clone() for parameter in method.target.parameters()]
    method.after_step(6, 20)  # a quarter of the way
    share = 0.004 * (1 + 0.5**0.5) / 2
    for mine, old, weight in zip(method.target.parameters(), before, online, strict=True):
        torch.testing.assert_close(mine, (1 - share) * old + share * weight)
    assert any(not torch.equal(old, weight) for old, weight in zip(before[-1:], online[-1:], strict=True))


def test_perfect_agreement_costs_nothing_and_opposition_eight() -> None:
    byol = BYOL(Encoder(SMALL), BYOLSettings((4,), hidden=4)).double()
    images = torch.rand(4, 1, 3, 32, 32, dtype=torch.float64).expand(-1, 2, -1, -1, -1)
    byol.predictor = torch.nn.Identity()
    assert float(byol.loss(images, {})["loss"].detach()) == pytest.approx(0, abs=1e-12)
    byol.predictor = torch.nn.Linear(4, 4, bias=False).double()
    with torch.no_grad():
        byol.predictor.weight.copy_(-torch.eye(4))
    assert float(byol.loss(images, {})["loss"].detach()) == pytest.approx(8)  # two directions of at most 4


def test_the_action_s_layer_has_neither_bias_nor_scale() -> None:
    method = ConditionalBYOL(Encoder(SMALL), ConditionalBYOLSettings((12, 10), hidden=7, action_size=5))
    names = [name for name, _ in method.predictor.action_projector.named_parameters()]
    assert names == ["0.weight"] and method.predictor.action_projector[0].weight.shape == (5, 4)


def test_what_they_promise() -> None:
    assert not BYOL.has_predictor and ConditionalBYOL.has_predictor and BYOL.scheduled and ConditionalBYOL.scheduled
    method = ConditionalBYOL(Encoder(SMALL), ConditionalBYOLSettings((8, 6), hidden=7)).eval()
    assert method.latents == ROTATION
    poses = {name: torch.rand(3, dtype=torch.float64) for name in ROTATION}
    assert method.predict(method.embed(torch.rand(3, 64)), poses, poses).shape == (3, 6)
