"""SimCLR's loss equals a float64 loop over the embeddings."""

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_nt_xent

from iebench.baselines.methods.simclr import SimCLR, SimCLRSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


@pytest.fixture(scope="module")
def simclr() -> SimCLR:
    torch.manual_seed(0)
    return SimCLR(Encoder(EncoderSettings(0.125, "small")), SimCLRSettings((12, 10), temperature=0.3)).double()


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_equals_its_restatement(simclr: SimCLR, views: int) -> None:
    torch.manual_seed(views)
    images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
    ours = simclr.loss(images, {})
    with torch.no_grad():
        e = one_by_one(images, simclr.encoder, simclr.projector).numpy()
    expected = sum(restated_nt_xent(e[:, k], e[:, k + 1], 0.3) for k in range(views - 1))
    assert {name: float(term.detach()) for name, term in ours.items()} == pytest.approx({"loss": expected}, rel=1e-9)


def test_it_needs_no_latents_and_promises_no_predictor(simclr: SimCLR) -> None:
    assert simclr.latents == () and not simclr.has_predictor and simclr.parts == {}


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan])
def test_a_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be above 0"):
        SimCLRSettings(temperature=temperature)
