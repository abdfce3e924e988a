"""Pictures that are an invertible function of a latent, and the exact encoder and decoder of such pictures."""

import torch
from torch import Tensor, nn

SIDE = 4  # pixels a side; a latent has as many numbers as a picture


def dense() -> Tensor:
    """Return an invertible matrix of all pixels: (48, 48) float64."""
    generator = torch.Generator().manual_seed(5)
    return torch.linalg.qr(torch.randn(3 * SIDE**2, 3 * SIDE**2, generator=generator, dtype=torch.float64))[0]


class ToyDecoder(nn.Module):
    """(B, E) latents -> (B, 3, 4, 4), linear, a latent of less than 48 numbers filled up with zeros."""

    def forward(self, latent: Tensor, side: int) -> Tensor:
        whole = nn.functional.pad(latent, (0, 3 * SIDE**2 - latent.shape[1]))
        return torch.unflatten(whole @ dense(), 1, (3, side, side))


class ToyEncoder(nn.Module):
    """(B, 3, 4, 4) -> (B, 48): the latent, filled up with zeros, that `ToyDecoder` made a picture of."""

    def __init__(self, logits: bool) -> None:
        super().__init__()
        self.logits = logits  # pictures went through a sigmoid

    def normalise(self, images: Tensor) -> Tensor:
        return images

    def forward(self, images: Tensor) -> Tensor:
        return (images.logit() if self.logits else images).flatten(1) @ dense().T
