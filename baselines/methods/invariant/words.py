"""A vocabulary of visual words: features of past steps, and a generator of the weights that recognise each word."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...gather import gather
from ...losses import no_autocast, precise

DECAY = 0.99  # of the moving mean distance to the nearest word, per step
SMALLEST = 1e-6  # lower bound of that distance, for a map whose features are all words


class Words(nn.Module):
    """The words of one map of a target network (Gidaris et al. 2021); see `fill`.

    words : (words, width), oldest first; nearest : mean squared distance of a feature to its nearest word
    next_words, next_nearest : the same after the step that is being taken
    """

    words: Tensor
    nearest: Tensor
    next_words: Tensor
    next_nearest: Tensor

    def fill(self, count: int, width: int, dim: int) -> None:
        """Add a generator, and the first words, which are random.

        count : number of words; width : channels of the map; dim : size of the weights of a word
        """
        # batch statistics are those of all words, so that running ones are not needed
        norm = nn.BatchNorm1d(2 * dim, track_running_stats=False)
        self.generator = nn.Sequential(
            nn.Linear(width, 2 * dim, bias=False), norm, nn.ReLU(inplace=True), nn.Linear(2 * dim, dim)
        )
        words, nearest = torch.randn(count, width).relu(), torch.tensor(0.5)
        for name, value in (("words", words), ("nearest", nearest)):
            self.register_buffer(name, value)
            self.register_buffer(f"next_{name}", value.clone(), persistent=False)

    def weights(self) -> Tensor:
        """Return the unit weights of all words: (words, dim)."""
        generated: Tensor = self.generator(nn.functional.normalize(self.words, dim=1))
        return nn.functional.normalize(generated, dim=1)

    @torch.no_grad()
    def bags(self, maps: Sequence[Tensor], points: Tensor, sharpness: float) -> list[Tensor]:
        """Return the bags of words of all views, K of (B, words), and prepare the words of the next step.

        maps : K of (B, width, h, w)
        points : (B, 3) in [0, 1), where a new word is taken from a map, in its last two numbers
        sharpness : distances are divided by the mean distance to the nearest word over `sharpness`
        """
        maps = [precise(view) for view in maps]
        with no_autocast(points.device):
            distances = [torch.cdist(view.flatten(2).mT, self.words.to(view.dtype)).square() for view in maps]
        least = torch.stack([gather(view.amin(dim=2).mean(dim=1)).mean() for view in distances]).mean()
        self.next_nearest = torch.lerp(least.to(self.nearest.dtype), self.nearest, DECAY)
        self.next_words = torch.cat([self.words, *(self.drawn(view, points) for view in maps)])[-len(self.words) :]
        scale = sharpness / self.next_nearest.clamp(min=SMALLEST)
        bags = [torch.softmax(-scale * view, dim=2).amax(dim=1) for view in distances]
        return [bag / bag.sum(dim=1, keepdim=True) for bag in bags]

    def drawn(self, maps: Tensor, points: Tensor) -> Tensor:
        """Return a mean over 3 x 3 positions of each map of all ranks: (B, width, h, w) -> (ranks * B, width)."""
        features = nn.functional.avg_pool2d(maps, 3, stride=1, padding=1, count_include_pad=False)
        y, x = (
            (points[:, axis] * size).long().clamp(max=size - 1) for axis, size in enumerate(maps.shape[2:], start=1)
        )
        return gather(features[torch.arange(len(maps), device=maps.device), :, y, x]).to(self.words.dtype)

    def remember(self) -> None:
        """Take the words of the step."""
        self.words.copy_(self.next_words)
        self.nearest.copy_(self.next_nearest)
