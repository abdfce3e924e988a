"""OBoW: a target network's bag of visual words is predicted from another view (Gidaris et al., CVPR 2021).

The words are features of a target network in past batches. The bag of a view tells which words its last map has. Of the
paper's two levels of words only that of the last map is here, and views of the dataset take the place of its crops.

iebench train --method obow
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from ...action import Latents
from ...crops import sequence
from ...gather import gather, rows
from ...losses import cross_entropies, no_autocast, precise
from ...method import Method, method
from ...networks.encoder import Encoder
from ...networks.target import Target, check_momentum, momentum

DECAY = 0.99  # of the mean distance to the nearest word, from step to step
SMALLEST = 1e-6  # of that distance: a map all of whose features are words still has a bag


@dataclass(frozen=True)
class OBoWSettings:
    """Defaults of the paper.

    words : number of visual words
    sharpness : distances are divided by the mean distance to the nearest word over `sharpness`
    scale : length kappa of the generated weights of a word
    momentum : initial momentum of the target network; it rises to 1 by a cosine over the steps of the run
    """

    words: int = 8192
    sharpness: float = 15.0
    scale: float = 8.0
    momentum: float = 0.99

    def __post_init__(self) -> None:
        check_momentum(self.momentum)
        if self.words < 2:
            raise InvalidValue(f"words must be at least 2, not {self.words}")
        for name in ("sharpness", "scale"):
            if not getattr(self, name) > 0:
                raise InvalidValue(f"{name} must be above 0, not {getattr(self, name)}")


@method("obow", OBoWSettings)
class OBoW(Method):
    """A generator of weights from words, a target of the encoder, and a queue of words.

    words : (words, dim), oldest first; nearest : mean squared distance of a feature to its nearest word
    next_words, next_nearest : the same after the step that is being taken
    start : (3,), a random point from which the sequence of positions begins; done : steps done
    """

    scheduled = True
    words: Tensor
    nearest: Tensor
    next_words: Tensor
    next_nearest: Tensor
    start: Tensor
    done: Tensor

    def __init__(self, encoder: Encoder, settings: OBoWSettings) -> None:
        super().__init__(encoder)
        encoder.check_stage(1)
        self.settings = settings
        hidden, width = 2 * self.dim, encoder.backbone.channels[-1]
        # batch statistics are those of all words, so that running ones are not needed
        norm = nn.BatchNorm1d(hidden, track_running_stats=False)
        self.generator = nn.Sequential(
            nn.Linear(width, hidden, bias=False), norm, nn.ReLU(inplace=True), nn.Linear(hidden, self.dim)
        )
        self.target = Target(self.encoder)
        words, nearest = torch.randn(settings.words, width).relu(), torch.tensor(0.5)
        for name, value in (("words", words), ("nearest", nearest)):
            self.register_buffer(name, value)
            self.register_buffer(f"next_{name}", value.clone(), persistent=False)
        self.register_buffer("start", torch.rand(3, dtype=torch.float64))
        self.register_buffer("done", torch.zeros((), dtype=torch.int64))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = CE(bag(y), softmax(kappa h(x) w)), w the unit weights of the words; mean of x to y and y to x.

        Summed over consecutive views.
        """
        representation = self.represent(images).unbind(1)  # K of (B, dim)
        bags = self._bags(images)  # K of (B, words)
        weights = nn.functional.normalize(self.generator(nn.functional.normalize(self.words, dim=1)), dim=1)
        with no_autocast(images.device):
            logits = [self.settings.scale * precise(view) @ precise(weights).T for view in representation]
            return cross_entropies(logits, bags)

    @torch.no_grad()
    def _bags(self, images: Tensor) -> list[Tensor]:
        """Return the bags of words of all views, K of (B, words), and prepare the words of the next step."""
        maps = [precise(view) for view in self.by_view(self.target.maps, images)]
        with no_autocast(images.device):
            distances = [torch.cdist(view.flatten(2).mT, self.words.to(view.dtype)).square() for view in maps]
        least = torch.stack([gather(view.amin(dim=2).mean(dim=1)).mean() for view in distances]).mean()
        self.next_nearest = torch.lerp(least.to(self.nearest.dtype), self.nearest, DECAY)
        self.next_words = torch.cat([self.words, *(self._drawn(view) for view in maps)])[-len(self.words) :]
        sharpness = self.settings.sharpness / self.next_nearest.clamp(min=SMALLEST)
        bags = [torch.softmax(-sharpness * view, dim=2).amax(dim=1) for view in distances]
        return [bag / bag.sum(dim=1, keepdim=True) for bag in bags]

    def _drawn(self, maps: Tensor) -> Tensor:
        """Return a mean over 3 x 3 positions of each map of all ranks: (B, dim, h, w) -> (ranks * B, dim)."""
        mine, batch = rows(len(maps), maps.device)
        points = sequence(self.done * batch + mine, self.start)
        features = nn.functional.avg_pool2d(maps, 3, stride=1, padding=1, count_include_pad=False)
        y, x = (
            (points[:, axis] * size).long().clamp(max=size - 1) for axis, size in enumerate(maps.shape[2:], start=1)
        )
        return gather(features[torch.arange(len(maps), device=maps.device), :, y, x]).to(self.words.dtype)

    def after_step(self, step: int, steps: int) -> None:
        """Remember the step's words and move the target network."""
        self.words.copy_(self.next_words)
        self.nearest.copy_(self.next_nearest)
        self.done.fill_(step)
        self.target.follow(self.encoder, momentum=momentum(self.settings.momentum, step, steps))
