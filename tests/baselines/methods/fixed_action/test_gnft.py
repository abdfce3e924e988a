"""g-NFT's loss equals a restatement in float64; on pictures whose latents turn exactly it is zero."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from contrast import one_by_one
from scipy.spatial.transform import Rotation
from torch import Tensor, nn
from toy import SIDE, ToyDecoder, ToyEncoder
from turning import SIZES, restated_matrix, world

from iebench.baselines.action import ROTATION, Latents, view
from iebench.baselines.methods.fixed_action.gnft import GNFT, GNFTSettings
from iebench.baselines.networks.encoder import MEAN, STD, Encoder, EncoderSettings
from iebench.baselines.networks.wigner import wigner

SMALL = GNFTSettings((12,), degrees=2, channels=4, decoder=(8, 6, 4))


def method_of(**settings: object) -> GNFT:
    torch.manual_seed(0)
    return GNFT(Encoder(EncoderSettings(0.125, "small")), replace(SMALL, **settings)).double()


def angles(views: int, batch: int = 5) -> Latents:
    torch.manual_seed(views)
    values = torch.rand(3, batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return dict(zip(ROTATION, values, strict=True))


@pytest.mark.parametrize(("views", "latent"), [(2, 0.0), (2, 0.5), (4, 0.5)])
def test_the_loss_equals_its_restatement(views: int, latent: float) -> None:
    method, latents = method_of(latent=latent), angles(views)
    images = torch.rand(5, views, 3, 32, 32, dtype=torch.float64)
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    with torch.no_grad():
        z = one_by_one(images, method.encoder, method.latent_head).numpy().reshape(5, views, 4, 9)
    poses, last, pixels, distance = world(latents), views - 1, 0.0, 0.0
    for sources, target in [(range(last), last), *([(range(1, 2), 0)] if views == 2 else [])]:
        moved = np.zeros((5, 4, 9))
        for i in range(5):
            for k in sources:  # to the object's own frame by the absolute pose, and from there to the target
                still = z[i, k] @ np.linalg.inv(restated_matrix(poses[i, k]))
                moved[i] += still @ restated_matrix(poses[i, target]) / len(sources)
        with torch.no_grad():
            image = method.decoder(torch.from_numpy(moved).flatten(1), 32).numpy()
        shown = (images[:, target].numpy() - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
        pixels += ((image - shown) ** 2).mean()
        distance += ((moved - z[:, target]) ** 2).mean()
    expected = {"loss": pixels + latent * distance, "pixels": pixels} | ({"latent": distance} if latent else {})
    assert ours == pytest.approx(expected, rel=1e-5)  # the encoder's constants are in float32


def toy(views: int) -> tuple[GNFT, Tensor, Latents]:
    """Return a method with the exact encoder and decoder, and pictures of constants c D(G R) of each object."""
    method, latents = method_of(channels=5, latent=1.0), angles(views)
    method.encoder, method.latent_head, method.decoder = ToyEncoder(False), Cut(45), ToyDecoder()  # type: ignore[assignment]
    torch.manual_seed(1)
    constant, frame = torch.randn(5, 5, 9, dtype=torch.float64), Rotation.random(random_state=2)
    pictures = []
    for k in range(views):
        turns = torch.from_numpy((frame * Rotation.from_matrix(world(latents)[:, k])).as_quat())
        blocks = zip(constant.split(SIZES, 2), range(3), strict=True)
        exact = torch.cat([c @ wigner(degree, turns) for c, degree in blocks], dim=2).flatten(1)
        pictures.append(method.decoder(exact, SIDE))
    return method, torch.stack(pictures, dim=1), latents


class Cut(nn.Module):
    """The first numbers of a latent."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, latent: Tensor) -> Tensor:
        return latent[:, : self.count]


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.slow
def test_a_toy_with_a_known_linear_action_has_no_loss_and_gives_the_rotation(views: int) -> None:
    method, images, latents = toy(views)
    terms = {name: float(term) for name, term in method.loss(images, latents).items()}
    assert terms == pytest.approx(dict.fromkeys(("loss", "pixels", "latent"), 0), abs=1e-18)
    first, second = (method.embed(method.encoder(images[:, k])) for k in (0, 1))
    between, poses = method.rotation(first, second).numpy(), world(latents)
    np.testing.assert_allclose(between, poses[:, 0].swapaxes(1, 2) @ poses[:, 1], atol=1e-9)
    torch.testing.assert_close(method.predict(first, view(latents, 0), view(latents, 1)), second)
    other = {name: values.flip(0) for name, values in latents.items()}
    assert float(method.loss(images, other)["pixels"]) > 1e-2  # with the poses of other objects


def test_pictures_need_a_light_that_stays() -> None:
    assert GNFT.needs(SMALL).pictures == ("still",)
    with pytest.raises(ValueError, match="degree 0 does not move with the pose"):
        replace(SMALL, degrees=0)
    with pytest.raises(ValueError, match="decoder needs at least two widths"):
        replace(SMALL, decoder=(8,))
