"""The untrained baseline."""

import torch

from iebench.baselines.method import build
from iebench.baselines.methods.random import RandomSettings
from iebench.baselines.networks.encoder import EncoderSettings


def test_it_is_the_encoder_that_sie_starts_from() -> None:
    from iebench.baselines.methods.sie import SIESettings

    encoders = []
    for name, settings in (("random", RandomSettings()), ("sie", SIESettings((8,)))):
        torch.manual_seed(5)
        encoders.append(build(name, settings, EncoderSettings(0.125)).encoder.state_dict())
    for key, value in encoders[0].items():
        torch.testing.assert_close(value, encoders[1][key], rtol=0, atol=0)


def test_it_does_not_train() -> None:
    method = build("random", RandomSettings(), EncoderSettings(0.125))
    assert not method.trains and not method.has_predictor and method.parts == {}
