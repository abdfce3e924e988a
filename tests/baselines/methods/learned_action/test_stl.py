"""STL's loss equals a restatement in float64 that builds every matrix; partners exchange their codes."""

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_nt_xent
from torch import Tensor, nn

from iebench.baselines.action import ROTATION
from iebench.baselines.methods.learned_action.stl import STL, STLSettings, partners
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SMALL = STLSettings((12, 10), code=(20, 5), code_projector=(20, 6), temperature=0.3, equivariance=0.7, sharing=0.2)


def method_of() -> STL:
    torch.manual_seed(0)
    return STL(Encoder(EncoderSettings(0.125, "small")), SMALL).double()


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    values = torch.rand(3, batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 32, 32, dtype=torch.float64), dict(zip(ROTATION, values, strict=True))


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_equals_its_restatement(views: int) -> None:
    method, (images, latents) = method_of(), data(views)
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    invariance = equivariance = sharing = 0.0
    weight = method.predictor.weight.detach().numpy()

    def through(module: nn.Module, rows: np.ndarray) -> np.ndarray:
        return module(torch.from_numpy(rows)).detach().numpy()

    with torch.no_grad():
        h = one_by_one(images, method.encoder).numpy()
    for k in range(views - 1):
        x, y = h[:, k], h[:, k + 1]
        invariance += restated_nt_xent(*(through(method.invariant_projector, v) for v in (x, y)), 0.3)
        forth, back = (through(method.coder, np.concatenate(pair, axis=1)) for pair in ((x, y), (y, x)))
        moved = []
        for codes, start in ((forth, x), (back, y)):
            rows = [np.tensordot(codes[i ^ 1], weight, 1) @ start[i] for i in range(6)]  # the partner's code
            moved.append(through(method.equivariant_projector, np.stack(rows)))
        seen = [through(method.equivariant_projector, v) for v in (y, x)]
        equivariance += restated_nt_xent(np.concatenate(seen), np.concatenate(moved), 0.3)
        sides = [np.concatenate([codes[side::2] for codes in (forth, back)]) for side in (0, 1)]
        sharing += restated_nt_xent(*(through(method.code_projector, side) for side in sides), 0.3)
    loss = invariance + 0.7 * equivariance + 0.2 * sharing
    expected = {"loss": loss, "invariance": invariance, "equivariance": equivariance, "sharing": sharing}
    assert ours == pytest.approx(expected, rel=1e-8)


def test_neighbours_exchange_their_rows_of_one_pair_too() -> None:
    rows = torch.arange(12.0).view(6, 2)
    torch.testing.assert_close(partners(rows), rows[[1, 0, 3, 2, 5, 4]])
    torch.testing.assert_close(partners(rows[:2]), rows[[1, 0]])


def test_codes_of_the_action_alone_and_exact_matrices_have_the_smallest_contrast() -> None:
    """With codes that are equal for partners, a right matrix moves every view onto its target."""
    method, (images, latents) = method_of(), data(2)
    with torch.no_grad():
        method.predictor.weight.zero_()
        method.predictor.weight[0] = torch.eye(64)
    method.coder = nn.Sequential(nn.Linear(128, 5)).double()
    nn.init.zeros_(method.coder[0].weight)
    nn.init.ones_(method.coder[0].bias)  # every code is 1, and W(1) the identity: right for views that are equal
    still = images[:, :1].expand(-1, 2, -1, -1, -1)
    with torch.no_grad():
        e = one_by_one(still, method.encoder, method.equivariant_projector).numpy()
        both = np.concatenate([e[:, 0], e[:, 1]])
        term = float(method.loss(still, latents)["equivariance"])
    assert term == pytest.approx(restated_nt_xent(both, both, 0.3), rel=1e-9)


def test_every_parameter_learns_and_poses_change_no_loss() -> None:
    method, (images, latents) = method_of(), data(2)
    loss = method.loss(images, latents)["loss"]
    loss.backward()
    assert [name for name, p in method.named_parameters() if p.grad is None] == []
    others = {name: values.flip(0) for name, values in latents.items()}
    assert float(method.loss(images, others)["loss"].detach()) == pytest.approx(float(loss.detach()), rel=1e-12)
