"""g-NFT: latents that move by Wigner matrices of the rotation, decoded to the other view's pixels (Koyama et al. 2023).

No loss term prevents collapse; the decoder's need for the latent does. Floor and light must not change, since the
pixels of the other view have to be a function of this view and the rotation. Encoder and decoder are convolutional; the
paper's are transformers. Its absolute poses, z D(R1)^-1 D(R2), are relative here: z D(R12).

iebench train --method g-nft
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...action import Latents, view
from ...fixed_action import WignerMethod, check_degrees
from ...losses import distance, precise, total
from ...method import Needs, method
from ...networks.decoder import Decoder, check_decoder
from ...networks.encoder import Encoder
from ...networks.projector import check_widths


@dataclass(frozen=True)
class GNFTSettings:
    """Degrees and channels are those of the repository masomatics/NFTPublic for 64 pixels.

    projector : widths of the layers between the representation and the latent
    degrees : largest degree L
    channels : number h of vectors of every degree; the latent has h (L + 1)^2 dimensions
    decoder : channels of the decoder's maps, from the smallest to the largest map
    latent : weight of the distance between the moved latent and the target's; 1 for the paper's ABO, 0 for its ModelNet
    """

    projector: tuple[int, ...] = (512,)
    degrees: int = 8
    channels: int = 64
    decoder: tuple[int, ...] = (256, 256, 128, 64, 32)
    latent: float = 0.0

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_degrees(self.degrees, self.channels)
        check_decoder(self.decoder)


@method("g-nft", GNFTSettings)
class GNFT(WignerMethod):
    """A head to h vectors of each degree, which the rotation moves, and a decoder to pixels."""

    @classmethod
    def needs(cls, settings: GNFTSettings) -> Needs:
        """Return views of an object that differ in their rotation alone."""
        return Needs(pictures=("still",))

    def __init__(self, encoder: Encoder, settings: GNFTSettings) -> None:
        super().__init__(encoder, settings.projector, settings.degrees, settings.channels)
        self.settings = settings
        self.decoder = Decoder(settings.channels * sum(self.sizes), settings.decoder)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = MSE(dec(mean_i z^i D(R_iT)), x^T) of the last view T from all others, pixels normalised.

        With two views the first one is predicted from the second too, and both terms are summed.
        """
        latent = [precise(z) for z in self.by_view(self.latent_head, self.represent(images))]  # K of (B, E)
        pixels, last = self.encoder.normalise(precise(images)), len(latent) - 1
        sources = {last: range(last)} | ({0: range(1, 2)} if last == 1 else {})
        moved = {target: self._moved(latent, latents, views, target) for target, views in sources.items()}
        drawn = {target: self.decoder(z, images.shape[-1]) for target, z in moved.items()}
        terms = {"pixels": total(distance(image.flatten(1), pixels[:, t].flatten(1)) for t, image in drawn.items())}
        loss = terms["pixels"]
        if self.settings.latent:
            terms["latent"] = total(distance(z, latent[target]) for target, z in moved.items())
            loss = loss + self.settings.latent * terms["latent"]
        return {"loss": loss, **terms}

    def _moved(self, latent: list[Tensor], latents: Latents, sources: range, target: int) -> Tensor:
        """Return the mean of the sources' latents moved to the target: (B, E)."""
        moved = [self.predict(latent[i], view(latents, i), view(latents, target)) for i in sources]
        return torch.stack(moved).mean(dim=0)
