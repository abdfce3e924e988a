"""The encoder normalises inside, and its settings are checked."""

import pytest
import torch

from iebench.baselines.networks.encoder import MEAN, STD, Encoder, EncoderSettings, Normalise


def test_normalise_takes_the_statistics_to_zero_and_one() -> None:
    mean, deviation = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    images = torch.cat([mean, mean + deviation]).expand(2, 3, 4, 4)
    out = Normalise()(images)
    torch.testing.assert_close(out, torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 4, 4), atol=1e-5, rtol=0)


def test_the_statistics_are_the_published_ones() -> None:
    assert Encoder(EncoderSettings(0.25)).preprocessing == (
        "minus mean [0.5016, 0.5037, 0.506], over deviation [0.103, 0.0999, 0.0969]"
    )


def test_normalisation_travels_with_the_weights() -> None:
    assert {"normalise.mean", "normalise.std"} <= set(Encoder(EncoderSettings(0.25)).state_dict())


def test_the_dimension_follows_the_width() -> None:
    encoder = Encoder(EncoderSettings(0.5, "small"))
    assert encoder.dim == 256 == encoder(torch.rand(2, 3, 32, 32)).shape[1]


@pytest.mark.parametrize("width", [0.0, -1.0, 0.3])
def test_an_odd_width_is_refused(width: float) -> None:
    with pytest.raises(ValueError, match="multiple of 1/64"):
        EncoderSettings(width)
