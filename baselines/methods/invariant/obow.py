"""OBoW: a target network's bag of visual words is predicted from another view (Gidaris et al., CVPR 2021).

The words are features of a target network in past batches. The bag of a view is the distribution of its last map over
the words. Views of the dataset take the place of the paper's crops. The paper's full version has words of two maps, and
small patches of a view that predict the bag too: `--set method.levels=2 --set method.patches=5`.

iebench train --method obow
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from ...action import Latents
from ...crops import crops, sequence
from ...errors import SettingError
from ...gather import rows
from ...losses import cross_entropies, no_autocast, precise
from ...method import Method, method
from ...networks.encoder import Encoder
from ...networks.target import Target, check_momentum, momentum
from .words import Words

SIDE = 96 / 160  # of a patch in pixels, relative to a view's
AREAS = (0.6 * (96 / 256) ** 2, (96 / 256) ** 2)  # of a patch, relative to the image: 96 of the 256 pixels of its crop


@dataclass(frozen=True)
class OBoWSettings:
    """Defaults of the paper's version with one level.

    words : number of visual words of a level
    sharpness : distances are divided by the mean distance to the nearest word over `sharpness`
    scale : length kappa of the generated weights of a word
    momentum : initial momentum of the target network; it rises to 1 by a cosine over the steps of the run
    levels : number of maps that have words of their own: those after the last stages of the backbone
    patches : number of small patches of each view that predict the other view's bags, beside the whole view
    """

    words: int = 8192
    sharpness: float = 15.0
    scale: float = 8.0
    momentum: float = 0.99
    levels: int = 1
    patches: int = 0

    def __post_init__(self) -> None:
        check_momentum(self.momentum)
        if self.levels < 1 or self.patches < 0:
            raise InvalidValue(f"levels is from 1 on and patches from 0, not {self.levels} and {self.patches}")
        if self.words < 2:
            raise InvalidValue(f"words must be at least 2, not {self.words}")
        for name in ("sharpness", "scale"):
            if not getattr(self, name) > 0:
                raise InvalidValue(f"{name} must be above 0, not {getattr(self, name)}")


@method("obow", OBoWSettings)
class OBoW(Method, Words):
    """Words of the last map, words of `earlier` maps, and a target of the encoder.

    start : (3,), a random point from which the sequences of positions begin; done : steps done
    """

    scheduled = True
    start: Tensor
    done: Tensor

    def __init__(self, encoder: Encoder, settings: OBoWSettings) -> None:
        super().__init__(encoder)
        self.settings, last = settings, encoder.last_stage
        if settings.levels > last:
            raise SettingError(
                f"method.levels={settings.levels} is more than the {last} maps of encoder.backbone={encoder.name}"
            )
        self.stages = tuple(range(last - settings.levels + 1, last + 1))
        channels = [encoder.backbone.channels[stage - 1] for stage in self.stages]
        self.fill(settings.words, channels[-1], self.dim)
        self.target = Target(self.encoder)
        self.earlier = nn.ModuleList(Words() for _ in channels[:-1])
        for level, width in zip(self.levels[:-1], channels[:-1], strict=True):
            level.fill(settings.words, width, self.dim)
        self.register_buffer("start", torch.rand(3, dtype=torch.float64))
        self.register_buffer("done", torch.zeros((), dtype=torch.int64))

    @property
    def levels(self) -> list[Words]:
        """Vocabularies, that of the last map last."""
        return [*(level for level in self.earlier if isinstance(level, Words)), self]

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = CE(bag(y), softmax(kappa h(x) w)), w the unit weights of the words; mean of x to y and y to x.

        Summed over consecutive views, mean over levels. With patches, plus the same of the patches of x in its place.
        """
        points, count = self._points(len(images), 1, images.device), self.settings.patches
        maps = zip(*self.by_view(lambda view: self.target.maps(view, self.stages), images), strict=True)
        bags = [
            level.bags(views, points, self.settings.sharpness) for level, views in zip(self.levels, maps, strict=True)
        ]
        weights = [level.weights() for level in self.levels]
        terms = self._predicted(images, weights, bags)
        if count:
            repeated = [[bag.repeat_interleave(count, dim=0) for bag in views] for views in bags]
            terms["patches"] = self._predicted(self._patches(images), weights, repeated)["loss"]
            terms["loss"] = terms["loss"] + terms["patches"]
        return terms

    def _predicted(self, images: Tensor, weights: list[Tensor], bags: list[list[Tensor]]) -> dict[str, Tensor]:
        """Return the loss of predicting bags from images, a mean over levels.

        images : (B, K, 3, H, W)
        weights, bags : for each level (words, dim), and K of (B, words)
        """
        representation = self.represent(images).unbind(1)  # K of (B, dim)
        terms: list[dict[str, Tensor]] = []
        with no_autocast(images.device):
            for weight, goals in zip(weights, bags, strict=True):
                logits = [self.settings.scale * precise(view) @ precise(weight).T for view in representation]
                terms.append(cross_entropies(logits, goals))
        return {name: torch.stack([term[name] for term in terms]).mean() for name in terms[0]}

    def _patches(self, images: Tensor) -> Tensor:
        """Cut patches out of each view, at the same places in the views of an object.

        images : (B, K, 3, H, W)
        returns : (B * patches, K, 3, s, s), s = SIDE * W
        """
        count, side = self.settings.patches, max(1, round(SIDE * images.shape[-1]))
        points = self._points(len(images), count, images.device)
        views = images.repeat_interleave(count, dim=0).unbind(1)
        return torch.stack([crops(view, points, AREAS, side) for view in views], dim=1)

    def _points(self, objects: int, count: int, device: torch.device) -> Tensor:
        """Return points of this step's sequence, `count` for each of a rank's objects: (objects * count, 3)."""
        mine, batch = rows(objects, device)
        numbers = (self.done * batch + mine)[:, None] * count + torch.arange(count, device=device)
        return sequence(numbers.flatten(), self.start)

    def after_step(self, step: int, steps: int) -> None:
        """Remember the step's words and move the target network."""
        for level in self.levels:
            level.remember()
        self.done.fill_(step)
        self.target.follow(self.encoder, momentum=momentum(self.settings.momentum, step, steps))
