"""SimCLR: contrast between two views of an object and all other objects (Chen et al., ICML 2020).

The views are those of the dataset, not augmentations, as in Garrido et al. 2023.

iebench train --method simclr
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from ..action import Latents
from ..losses import check_temperature, nt_xent, total
from ..method import Method, method
from ..networks.encoder import Encoder
from ..networks.projector import check_widths, projector


@dataclass(frozen=True)
class SimCLRSettings:
    """Defaults of the repository facebookresearch/SIE; the settings behind the paper's row are not known.

    projector : widths of the projector's layers
    temperature : tau of NT-Xent
    projector_norm : true for a last batch norm without scale in the projector, as in the repository hafezgh/seq-jepa
    """

    projector: tuple[int, ...] = (2048, 2048, 2048)
    temperature: float = 0.1
    projector_norm: bool = False

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_temperature(self.temperature)


@method("simclr", SimCLRSettings)
class SimCLR(Method):
    """One projector on the whole representation."""

    def __init__(self, encoder: Encoder, settings: SimCLRSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.projector = projector((self.dim, *settings.projector), settings.projector_norm)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = NT-Xent(e^x, e^y), summed over consecutive views (eq. 1)."""
        embedding = self.by_view(self.projector, self.represent(images))  # K of (B, E)
        return {"loss": total(nt_xent(x, y, self.settings.temperature) for x, y in pairwise(embedding))}
