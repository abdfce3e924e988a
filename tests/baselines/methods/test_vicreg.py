"""VICReg's loss equals a numpy implementation in float64."""

import numpy as np
import pytest
import torch
from contrast import one_by_one

from iebench.baselines.errors import SettingError
from iebench.baselines.methods.vicreg import VICReg, VICRegSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


@pytest.fixture(scope="module")
def vicreg() -> VICReg:
    torch.manual_seed(0)
    return VICReg(Encoder(EncoderSettings(0.125, "small")), VICRegSettings((12, 10))).double()


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_the_loss_equals_its_restatement(share: float, views: int) -> None:
    torch.manual_seed(0)
    vicreg = VICReg(Encoder(EncoderSettings(0.125, "small")), VICRegSettings((12, 10), invariant=share)).double()
    images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
    ours = {name: float(term.detach()) for name, term in vicreg.loss(images, {}).items()}
    with torch.no_grad():
        e = one_by_one(images, vicreg.encoder, vicreg.projector).numpy()
    agreeing = e[..., : round(10 * share)]  # VICReg asks all dimensions to agree, vicreg-part the first half
    invariance = sum(((agreeing[:, k] - agreeing[:, k + 1]) ** 2).mean() for k in range(views - 1))
    spread = covariance = 0.0
    for k in range(views):
        matrix = np.cov(e[:, k].T)
        spread += 0.5 * np.maximum(0, 1 - np.sqrt(np.diag(matrix) + 1e-4)).mean()
        covariance += (matrix[~np.eye(10, dtype=bool)] ** 2).sum() / 10
    assert ours == pytest.approx(
        {
            "loss": 10 * invariance + 10 * spread + covariance,
            "invariance": invariance,
            "variance": spread,
            "covariance": covariance,
        },
        rel=1e-9,
    )


def test_equal_views_leave_no_invariance_term(vicreg: VICReg) -> None:
    images = torch.rand(4, 1, 3, 32, 32, dtype=torch.float64).expand(-1, 2, -1, -1, -1)
    assert float(vicreg.loss(images, {})["invariance"].detach()) == 0


def test_it_needs_no_latents_and_promises_no_predictor(vicreg: VICReg) -> None:
    assert vicreg.latents == () and not vicreg.has_predictor and vicreg.parts == {}
    assert VICRegSettings().projector == (2048, 2048, 2048)


def test_a_share_outside_of_the_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="invariant must be above 0 and at most 1"):
        VICRegSettings(invariant=0.0)


def test_a_share_that_is_no_dimension_is_refused() -> None:
    encoder = Encoder(EncoderSettings(0.125, "small"))
    with pytest.raises(SettingError, match=r"method\.invariant=0\.04 rounds to 0 of 10 dimensions: .*=0\.1$"):
        VICReg(encoder, VICRegSettings((12, 10), invariant=0.04))
    assert VICReg(encoder, VICRegSettings((12, 10), invariant=0.1)).agreeing == 1


def test_a_projector_without_width_is_refused() -> None:
    with pytest.raises(ValueError, match="projector"):
        VICRegSettings(())
