"""A learned canonicaliser: a small network chooses the turn in which an encoder sees a picture.

Kaba et al. (2023), "Equivariance with learned canonicalization functions"; the prior towards the identity is that of
Mondal et al. (2023), "Equivariant adaptation of large pretrained models".
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...distributed.device import one_thread_an_operation
from .turns import orbit
from .wrap import Wrapped, Wrapping, wrapper

SIDE = 32  # pixels of the pictures that the network sees
PICTURES, STEPS, BATCH, RATE = 1_024, 100, 32, 3e-3
WIDTHS = (3, 8, 16, 32)


class Canonicaliser(nn.Module):
    """Scores of a picture's turns: (B, 3, H, H) -> (B, order); the turn with the highest score is the canonical one.

    One network scores the picture in every turn, so that the scores of a turned picture are those of the picture in
    another order: exactly so for quarter turns.
    """

    def __init__(self, order: int) -> None:
        super().__init__()
        self.order = order
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(WIDTHS):
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.ReLU()]
        self.scorer = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * WIDTHS[-1], 1))

    def forward(self, images: Tensor) -> Tensor:
        """Score each turn of pictures: (B, 3, H, H) -> (B, order)."""
        return torch.cat([self.scorer(picture) for picture in orbit(shrunk(images), self.order)], dim=1)

    def fit(self, pictures: Tensor) -> None:
        """Learn that pictures as they are, are canonical: the prior towards the identity, by cross-entropy.

        pictures : (n, 3, H, H) of the train split
        """
        generator = torch.Generator().manual_seed(0)
        small = shrunk(pictures)
        optimizer = torch.optim.Adam(self.parameters(), RATE)
        for _ in range(STEPS):
            batch = small[torch.randint(len(small), (min(BATCH, len(small)),), generator=generator)]
            loss = functional.cross_entropy(self(batch), torch.zeros(len(batch), dtype=torch.int64))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()


class Canonical(nn.Module):
    """An encoder behind a canonicaliser, which turns every picture first."""

    def __init__(self, model: nn.Module, canonicaliser: Canonicaliser) -> None:
        super().__init__()
        self.model, self.canonicaliser = model, canonicaliser

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, H) to (B, D)."""
        chosen = self.canonicaliser(images).argmax(1)
        pictures = torch.stack(orbit(images, self.canonicaliser.order))
        output: Tensor = self.model(pictures[chosen, torch.arange(len(images), device=images.device)])
        return output


def shrunk(images: Tensor) -> Tensor:
    """Return pictures of SIDE pixels, of smaller ones as they are; a quarter turn before or after is the same."""
    return functional.adaptive_avg_pool2d(images, SIDE) if images.shape[-1] > SIDE else images


def canonical(wrapping: Wrapping, order: int) -> Wrapped:
    """Train a canonicaliser on pictures of the train split and put it in front of the encoder."""
    wrapping.without_rest()
    canonicaliser = Canonicaliser(order)
    pictures = wrapping.pictures(PICTURES)
    with (
        torch.enable_grad(),
        one_thread_an_operation(),
    ):  # rounding depends on the number of threads, and the steps on it
        canonicaliser.fit(pictures)
    with torch.no_grad():
        kept = float((canonicaliser(pictures).argmax(1) == 0).float().mean())
    return Wrapped(
        Canonical(wrapping.encoder.module, canonicaliser),
        f"turned by a canonicaliser over {order} turns, learnt on train, of which it leaves {100 * kept:.0f} % of the "
        "pictures as they are",
    )


@wrapper("canonical-c4")
def canonical_c4(wrapping: Wrapping) -> Wrapped:
    """Turn pictures by a quarter turn that a small network chooses."""
    return canonical(wrapping, 4)


@wrapper("canonical-c8")
def canonical_c8(wrapping: Wrapping) -> Wrapped:
    """Turn pictures by an eighth turn that a small network chooses."""
    return canonical(wrapping, 8)
