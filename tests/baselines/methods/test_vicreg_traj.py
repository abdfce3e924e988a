"""VICReg-Traj's loss equals a numpy implementation in float64; a straight path has the smallest trajectory loss."""

import numpy as np
import pytest
import torch
from contrast import one_by_one

from iebench.baselines.methods.vicreg_traj import VICRegTraj, VICRegTrajSettings, bend
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


@pytest.mark.parametrize("batch", [6, 3])
def test_the_loss_equals_its_restatement(batch: int) -> None:
    torch.manual_seed(0)
    method = VICRegTraj(Encoder(EncoderSettings(0.125, "small")), VICRegTrajSettings((12, 10), trajectory=0.7)).double()
    images = torch.rand(batch, 3, 3, 32, 32, dtype=torch.float64)
    ours = {name: float(term.detach()) for name, term in method.loss(images, {}).items()}
    with torch.no_grad():
        e = one_by_one(images, method.encoder, method.projector).numpy()
    spread = covariance = 0.0
    for k in range(2):  # VICReg on the first two views
        matrix = np.cov(e[:, k].T)
        spread += 0.5 * np.maximum(0, 1 - np.sqrt(np.diag(matrix) + 1e-4)).mean()
        covariance += (matrix[~np.eye(10, dtype=bool)] ** 2).sum() / 10
    invariance = ((e[:, 0] - e[:, 1]) ** 2).mean()
    cosines = []
    for left, centre, right in e:
        axis = centre / np.linalg.norm(centre)
        u, v = (step - (step @ axis) * axis for step in (centre - left, right - centre))
        cosines.append(u @ v / np.linalg.norm(u) / np.linalg.norm(v))
    terms = {"invariance": invariance, "variance": spread, "covariance": covariance, "trajectory": -np.mean(cosines)}
    loss = 10 * invariance + 10 * spread + covariance + 0.7 * terms["trajectory"]
    assert ours == pytest.approx({"loss": loss, **terms}, rel=1e-9)


def test_a_straight_path_has_the_smallest_bend_and_the_way_back_the_largest() -> None:
    angles = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    arc = [torch.stack([angle.cos(), angle.sin(), torch.zeros(())]).expand(4, 3) for angle in angles]
    assert float(bend(*arc)) == pytest.approx(-1)
    assert float(bend(arc[0], arc[1], arc[0])) == pytest.approx(1)
    assert float(bend(2 * arc[0], 5 * arc[1], 3 * arc[2])) == pytest.approx(-1)  # lengths have no effect
    assert torch.equal(bend(*(view.float() for view in arc)), bend(*(view.float() for view in arc)))


def test_it_needs_three_views() -> None:
    assert VICRegTraj.needs(VICRegTrajSettings()).views == 3 and VICRegTrajSettings().trajectory == 0.01
