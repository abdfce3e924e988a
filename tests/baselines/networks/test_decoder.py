"""The decoder draws images of any size with the same weights, each from its own embedding alone."""

import pytest
import torch

from iebench.baselines.networks.decoder import Decoder


@pytest.mark.parametrize("side", [16, 30, 64])
def test_images_of_any_size_from_their_own_embeddings(side: int) -> None:
    torch.manual_seed(0)
    decoder = Decoder(7, (8, 8, 4)).double().train()
    embedding = torch.randn(3, 7, dtype=torch.float64)
    images = decoder(embedding, side)
    assert images.shape == (3, 3, side, side)
    torch.testing.assert_close(decoder(embedding[1:2], side), images[1:2])
    assert float((images[0] - images[1]).detach().abs().max()) > 1e-3


def test_the_number_of_weights_is_that_of_its_layers() -> None:
    decoder = Decoder(10, (8, 6))
    block = 8 * 6 + 6 + 2 * 8 + 2 * 6 + (8 * 6 * 9 + 6) + (6 * 6 * 9 + 6)
    assert sum(p.numel() for p in decoder.parameters()) == 10 * 128 + 128 + 6 * 3 * 9 + 3 + block
