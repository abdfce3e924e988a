"""Invariance Propagation: an object's views attract it and its neighbours' neighbours (Wang et al., NeurIPS 2020).

A memory bank has one embedding of each object, a mean over its past views, and its nearest neighbours among the others.
The paper's instances are single images with augmentations; here they are objects with their views.

iebench train --method invariance-propagation
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from ...action import OBJECT, Latents, onto
from ...gather import gather
from ...losses import check_temperature, no_autocast, precise
from ...method import Method, ObjectSettings, method
from ...networks.encoder import Encoder
from ...networks.projector import check_widths, projector


@dataclass(frozen=True, kw_only=True)
class InvariancePropagationSettings(ObjectSettings):
    """Defaults of the repository WangFeng18/InvariancePropagation, for ImageNet.

    projector : widths of the projector's layers
    temperature : tau of the similarities
    background : number of the bank's objects, the most similar ones, among which an object is identified
    neighbours : number of nearest neighbours that are stored for an object
    depth : number of edges between an object and the farthest of its positives
    positives : number of positives that count, the least similar ones
    propagation : weight of the term of the positives
    ramp : epochs before that term counts
    memory : weight of an object's embedding in the bank beside that of its new views
    """

    projector: tuple[int, ...] = (128,)
    temperature: float = 0.07
    background: int = 4096
    neighbours: int = 4
    depth: int = 3
    positives: int = 50
    propagation: float = 0.6
    ramp: int = 30
    memory: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_widths(self.projector)
        check_temperature(self.temperature)
        if not 0 <= self.memory < 1:
            raise InvalidValue(f"memory must be at least 0 and below 1, not {self.memory}")
        for name in ("background", "neighbours", "depth", "positives", "ramp"):
            if getattr(self, name) < 1:
                raise InvalidValue(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.objects is not None and self.objects <= self.neighbours:
            raise InvalidValue(
                f"neighbours={self.neighbours} needs more objects than {self.objects}: lower it, or train on more"
            )


@method("invariance-propagation", InvariancePropagationSettings)
class InvariancePropagation(Method):
    """A projector on the whole representation, and a memory bank of all objects.

    bank : (objects, E), of unit length; near : (objects, neighbours), an object's own number until it was in a batch
    seen : number of objects in all batches so far
    numbers, views : objects of the step that is being taken, (B,), and their embeddings, (B, K, E), of all ranks
    """

    bank: Tensor
    near: Tensor
    seen: Tensor
    numbers: Tensor
    views: Tensor

    def __init__(self, encoder: Encoder, settings: InvariancePropagationSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.latents = (OBJECT,)
        self.objects = count = settings.objects or settings.neighbours + 1
        self.projector = projector((self.dim, *settings.projector))
        bank = nn.functional.normalize(torch.randn(count, settings.projector[-1]), dim=1)
        self.register_buffer("bank", bank)
        self.register_buffer("near", torch.arange(count)[:, None].repeat(1, settings.neighbours))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.register_buffer("numbers", torch.zeros(0, dtype=torch.int64), persistent=False)
        self.register_buffer("views", torch.zeros(0, 1, settings.projector[-1]), persistent=False)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = -log P(own | background) - 0.6 log P(positives | background but own), mean over objects and views.

        P(A | B) is the sum of exp(<z, v> / tau) over the bank's v in A, divided by that over those in A or B. The
        second term counts after the ramp.
        """
        embedding = torch.stack(self.by_view(self.projector, self.represent(images)), dim=1)  # (B, K, E)
        unit = nn.functional.normalize(precise(embedding), dim=2)
        numbers = onto(latents[OBJECT][:, 0], unit.device)
        self.numbers, self.views = gather(numbers), gather(unit.detach())
        with no_autocast(unit.device):
            similar = unit @ self.bank.to(unit.dtype).T / self.settings.temperature  # (B, K, objects)
        background = _largest(similar, self.settings.background)
        own = nn.functional.one_hot(numbers, len(self.bank)).bool()[:, None].expand_as(background)
        instance = -_log_share(similar, own, background)
        positives = self._reached(numbers)[:, None].expand_as(background)
        positives = positives & _largest(-similar.masked_fill(~positives, torch.inf), self.settings.positives)
        counts = positives.any(dim=2) & (self.seen >= self.settings.ramp * len(self.bank))
        propagation = torch.where(counts, -_log_share(similar, positives, background & ~own), 0)
        terms = {"instance": instance.mean(), "propagation": propagation.mean()}
        return {"loss": terms["instance"] + self.settings.propagation * terms["propagation"], **terms}

    def _reached(self, numbers: Tensor) -> Tensor:
        """Mark the objects that lie at most `depth` edges from each object, without itself: (B,) -> (B, objects)."""
        marked = torch.zeros(len(numbers), len(self.bank), dtype=torch.bool, device=numbers.device)
        front = numbers[:, None]
        for _ in range(self.settings.depth):
            front = self.near[front].flatten(1)
            marked.scatter_(1, front, True)
        return marked.scatter_(1, numbers[:, None], False)

    @torch.no_grad()
    def after_step(self, step: int, steps: int) -> None:
        """Renew the neighbours of the step's objects, then their embeddings in the bank."""
        numbers, mean = self.numbers, self.views.mean(dim=1).to(self.bank.dtype)
        similar = (mean @ self.bank.T).scatter_(1, numbers[:, None], -torch.inf)
        self.near[numbers] = similar.topk(self.settings.neighbours, dim=1).indices
        memory = self.settings.memory
        self.bank[numbers] = nn.functional.normalize(memory * self.bank[numbers] + (1 - memory) * mean, dim=1)
        self.seen += len(numbers)


def _largest(values: Tensor, count: int) -> Tensor:
    """Mark the `count` largest values of each row, or all of fewer: (..., N) -> (..., N) bool."""
    indices = values.topk(min(count, values.shape[-1]), dim=-1).indices
    return torch.zeros_like(values, dtype=torch.bool).scatter_(-1, indices, True)


def _log_share(similar: Tensor, chosen: Tensor, others: Tensor) -> Tensor:
    """Return the logarithm of the share of the chosen among chosen and others: (B, K, N) each -> (B, K)."""
    least = torch.finfo(similar.dtype).min  # and not -inf, whose gradient would be none where nothing is chosen
    sums = [similar.masked_fill(~mask, least).logsumexp(dim=2) for mask in (chosen, chosen | others)]
    return sums[0] - sums[1]
