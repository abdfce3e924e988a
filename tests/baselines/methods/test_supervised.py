"""The supervised losses equal numpy implementations in float64."""

from typing import Literal

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_actions

from iebench.baselines.action import LABEL, ROTATION
from iebench.baselines.methods.supervised import Supervised, SupervisedSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

ENCODER = EncoderSettings(0.125, "small")


@pytest.mark.parametrize("target", ["class", "action", "both"])
@pytest.mark.parametrize(("views", "batch"), [(2, 6), (3, 6), (2, 3)])
def test_the_loss_equals_its_restatement(views: int, batch: int, target: Literal["class", "action", "both"]) -> None:
    torch.manual_seed(views)
    settings = SupervisedSettings(target=target, classes=4, hidden=(9,), regression=0.7)
    method = Supervised(Encoder(ENCODER), settings).double()
    images = torch.rand(batch, views, 3, 32, 32, dtype=torch.float64)
    latents = {name: torch.rand(batch, views, dtype=torch.float64) * 3 - 1.5 for name in ROTATION}
    latents[LABEL] = torch.randint(4, (batch, 1)).expand(-1, views)
    assert set(method.latents) == {"class": {LABEL}, "action": set(ROTATION), "both": {LABEL, *ROTATION}}[target]
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    with torch.no_grad():
        h = one_by_one(images, method.encoder).numpy()
    expected = {}
    if target != "action":
        weight, bias = (p.detach().numpy() for p in method.classifier.parameters())
        wrong = []
        for i in range(batch):
            for k in range(views):
                logits = weight @ h[i, k] + bias
                wrong.append(np.log(np.exp(logits).sum()) - logits[int(latents[LABEL][i, k])])
        expected["classification"] = np.mean(wrong)
    if target != "class":
        first, low, second, high = (p.detach().numpy() for p in method.regressor.parameters())
        expected["regression"] = 0.0
        for k in range(views - 1):
            hidden = np.maximum(np.concatenate([h[:, k], h[:, k + 1]], axis=1) @ first.T + low, 0)
            expected["regression"] += ((hidden @ second.T + high - restated_actions(latents, k)) ** 2).mean()
    loss = expected.get("classification", 0) + 0.7 * expected.get("regression", 0)
    assert ours == pytest.approx({"loss": loss, **expected}, rel=1e-9)


def test_odd_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="classes must be at least 2"):
        SupervisedSettings(classes=1)
    with pytest.raises(ValueError, match="hidden needs at least one width"):
        SupervisedSettings(hidden=())
