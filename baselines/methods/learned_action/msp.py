"""MSP: the least-squares matrix between two views of a sequence predicts the next one (Miyato et al., NeurIPS 2022).

The object rotates by one constant step from view to view. The method sees neither the step nor any pose: if the latents
move linearly, the matrix that maps the first to the second also maps the second to the third. Floor and light must not
change, since pixels are predicted. Encoder and decoder are those of the other methods here, not the paper's.

iebench train --method msp
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from iebench.manifests.errors import InvalidValue

from ...action import Latents
from ...losses import no_autocast, precise
from ...method import Needs, method
from ...networks.decoder import Decoder, check_decoder
from ...networks.encoder import Encoder
from ...networks.projector import check_widths, projector
from ...several_views import ActionCodeMethod


@dataclass(frozen=True)
class MSPSettings:
    """Sizes of the latent are those of the repository takerum/meta_sequential_prediction for SmallNORB.

    projector : widths of the layers between the representation and the latent
    vectors : number m of vectors of the latent, from which the matrix is computed
    size : size a of a vector and of the matrix; at most m
    decoder : channels of the decoder's maps, from the smallest to the largest map
    partners : number of consecutive objects of a batch that rotate by the same step. From 2 on, the error with the
        matrix of the next one is logged as `swapped`; all objects then need one list of poses
    """

    projector: tuple[int, ...] = (512,)
    vectors: int = 256
    size: int = 16
    decoder: tuple[int, ...] = (256, 256, 128, 64, 32)
    partners: int = 1

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_decoder(self.decoder)
        if not 1 <= self.size <= self.vectors:
            raise InvalidValue(
                f"size must be between 1 and vectors={self.vectors}, not {self.size}: fewer vectors do not determine "
                "the matrix"
            )
        if self.partners < 1:
            raise InvalidValue(f"partners must be at least 1, not {self.partners}")


@method("msp", MSPSettings)
class MSP(ActionCodeMethod):
    """A head to m vectors, which one matrix moves by a step, and a decoder to pixels."""

    @classmethod
    def needs(cls, settings: MSPSettings) -> Needs:
        """Return sequences of three or more views that turn by a constant step and differ in nothing else."""
        shared = ("shared poses",) if settings.partners > 1 else ()
        return Needs(views=3, group=settings.partners, pictures=("still", "runs", *shared))

    def __init__(self, encoder: Encoder, settings: MSPSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        numbers = settings.vectors * settings.size
        self.latent_head = projector((self.dim, *settings.projector, numbers))
        self.decoder = Decoder(numbers, settings.decoder)
        self.code_size = settings.size**2

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = mean over t >= 2 of |dec(H^1 M^(t - 1)) - x^t|^2, M = argmin |H^0 M - H^1|^2 of each object.

        Squares are summed over channels and pixels; the gradient flows through M.
        """
        flat = self.by_view(self.latent_head, self.represent(images))
        start, end = (self._vectors(view) for view in flat[:2])  # (B, m, a)
        matrix = least_squares(start, end)  # (B, a, a)
        terms = {"pixels": self._error(end, matrix, images)}
        if self.settings.partners > 1:
            with torch.no_grad():
                terms["swapped"] = self._error(end, swapped(matrix, self.settings.partners), images)
        return {"loss": terms["pixels"], **terms}

    def code(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the entries of M (B, a^2) of two representations (B, dim); see `ActionCodeMethod.code`."""
        return least_squares(*(self._vectors(self.latent_head(view)) for view in (first, second))).flatten(1)

    def _vectors(self, latent: Tensor) -> Tensor:
        return torch.unflatten(precise(latent), 1, (self.settings.vectors, -1))

    def _error(self, latent: Tensor, matrix: Tensor, images: Tensor) -> Tensor:
        """Return the mean squared error of the views that follow the second one, each summed over its pixels.

        latent : (B, m, a) of the second view; matrix : (B, a, a); images : (B, K, 3, H, W)
        """
        errors = []
        for target in images[:, 2:].unbind(1):
            with no_autocast(images.device):
                latent = latent @ matrix
            image = precise(self.decoder(latent.flatten(1), images.shape[-1])).sigmoid()
            errors.append((image - precise(target)).square().sum(dim=(1, 2, 3)).mean())
        return torch.stack(errors).mean()


def least_squares(start: Tensor, end: Tensor) -> Tensor:
    """Return the matrix M with the least |H0 M - H1|^2, (H0^T H0)^-1 H0^T H1, by the QR decomposition of H0.

    start, end : (B, m, a), m >= a; returns : (B, a, a), with gradients
    """
    with no_autocast(start.device):
        q, r = torch.linalg.qr(start)
        matrix: Tensor = torch.linalg.solve_triangular(r, q.mT @ end, upper=True)
    return matrix


def swapped(matrices: Tensor, partners: int) -> Tensor:
    """Give every object the matrix of the next one of its group, and the last that of the first: (B, a, a)."""
    return torch.unflatten(matrices, 0, (-1, partners)).roll(1, dims=1).flatten(0, 1)
