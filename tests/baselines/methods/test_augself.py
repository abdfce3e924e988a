"""AugSelf's loss equals a numpy implementation in float64."""

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_actions, restated_nt_xent

from iebench.baselines.action import Action, columns
from iebench.baselines.methods.augself import AugSelf, AugSelfSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


@pytest.mark.parametrize("action", ["rotation", "rotation-colour"])
@pytest.mark.parametrize(("views", "batch", "layer"), [(2, 6, None), (3, 6, None), (2, 3, None), (3, 6, 3)])
def test_the_loss_equals_its_restatement(views: int, batch: int, layer: int | None, action: Action) -> None:
    torch.manual_seed(views)
    settings = AugSelfSettings((12, 10), 0.3, hidden=(9,), regression=0.7, action=action, equivariant_layer=layer)
    method = AugSelf(Encoder(EncoderSettings(0.125, "small")), settings).double()
    images = torch.rand(batch, views, 3, 32, 32, dtype=torch.float64)
    latents = {name: torch.rand(batch, views, dtype=torch.float64) * 3 - 1.5 for name in columns(action)}
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    with torch.no_grad():
        h = one_by_one(images, method.encoder)
        e, h = one_by_one(h, method.projector).numpy(), h.numpy()
        if layer:
            h = one_by_one(images, lambda view: method.encoder.with_maps(view, (layer,))[1].mean((2, 3))).numpy()
    first, bias, second, last = (p.detach().numpy() for p in method.regressor.parameters())
    contrast = regression = 0.0
    for k in range(views - 1):
        hidden = np.maximum(np.concatenate([h[:, k], h[:, k + 1]], axis=1) @ first.T + bias, 0)
        actions = restated_actions(latents, k, colour=action == "rotation-colour")
        regression += ((hidden @ second.T + last - actions) ** 2).mean()
        contrast += restated_nt_xent(e[:, k], e[:, k + 1], 0.3)
    expected = {"loss": contrast + 0.7 * regression, "contrast": contrast, "regression": regression}
    assert ours == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_the_papers_head_and_what_it_promises() -> None:
    with torch.device("meta"):
        method = AugSelf(Encoder(EncoderSettings()), AugSelfSettings())
    sizes = [tuple(p.shape) for p in method.regressor.parameters() if p.ndim == 2]
    assert sizes == [(1024, 1024), (1024, 1024), (4, 1024)] and not method.has_predictor and method.parts == {}
