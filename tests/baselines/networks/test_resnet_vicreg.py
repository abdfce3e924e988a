"""The released ResNet-18: its layout, and its features against an implementation with explicit padding."""

import pytest
import torch
from released import random_like, resnet_shapes, vicreg_resnet18

from iebench.baselines.errors import SettingError
from iebench.baselines.networks.resnet_vicreg import resnet18_vicreg


@pytest.mark.slow
@pytest.mark.parametrize("side", [64, 96])
def test_released_weights_load_and_give_their_features(side: int) -> None:
    state = random_like(resnet_shapes(shortcuts=(1, 2, 3, 4)))
    net = resnet18_vicreg().double().eval()
    net.load_state_dict(state)  # strict: names and shapes are the released ones
    images = torch.randn(2, 3, side, side, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(net(images), vicreg_resnet18(images, state), rtol=1e-9, atol=1e-9)


def test_a_small_stem_is_refused() -> None:
    with pytest.raises(SettingError, match="has the stem imagenet alone, not small"):
        resnet18_vicreg(1.0, "small")
