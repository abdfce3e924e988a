"""ContextSSL: pairs of views in a decoder's context decide the factor it is sensitive to (Gupta et al., NeurIPS 2024).

Pairs are tokens of a sequence. In each step the actions contain either the rotation alone or the hues alone, and the
outputs have to predict the same factors. So the context decides whether an output is sensitive to the pose.

iebench train --method contextssl
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from iebench.manifests.conventions import pose_quaternion
from iebench.manifests.errors import InvalidValue

from ... import action as actions
from ...action import DIFFERENCES, ROTATION, Latents, onto
from ...losses import check_temperature, distance, nt_xent, total
from ...method import method
from ...networks.encoder import Encoder
from ...networks.pair_decoder import Memory, PairDecoder, pair_mask, thinned
from ...networks.projector import check_fraction, check_widths, perceptron
from ...several_views import InContextMethod

ACTION, HUES = "rotation-colour", DIFFERENCES["rotation-colour"]
PARTS = {"rotation": slice(0, 4), "colour": slice(4, 6)}  # of the action, and of the latents of a view


@dataclass(frozen=True)
class ContextSSLSettings:
    """Defaults of the repository Sharut/In-Context-Symmetries.

    width, layers, heads : of the decoder
    pairs : pairs of views in a sequence
    keep : probability that a row sees a pair of its context, drawn for each block and step
    colour : share of the steps whose actions have the hues alone; the others have the rotation alone
    temperature : tau of NT-Xent
    regression : weight of the regression of the second view's latents
    hidden : widths of the regression's hidden layers
    """

    width: int = 2048
    layers: int = 3
    heads: int = 4
    pairs: int = 64
    keep: float = 0.1
    colour: float = 0.5
    temperature: float = 0.1
    regression: float = 5.0
    hidden: tuple[int, ...] = (1024, 1024)

    def __post_init__(self) -> None:
        if min(numbers := (self.width, self.layers, self.heads, self.pairs)) < 1:
            raise InvalidValue(f"width, layers, heads and pairs are from 1 on, not {numbers}")
        check_fraction(self.keep, "keep")
        if not 0 <= self.colour <= 1:
            raise InvalidValue(f"colour must lie in [0, 1], not {self.colour}")
        check_temperature(self.temperature)
        check_widths(self.hidden, "hidden")


@method("contextssl", ContextSSLSettings)
class ContextSSL(InContextMethod):
    """A decoder on the representations themselves, and a head that regresses latents from its outputs.

    start : a random number that the draws of masks and of the environment depend on; done : steps done
    """

    environments = ("rotation", "colour")
    start: Tensor
    done: Tensor

    def __init__(self, encoder: Encoder, settings: ContextSSLSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.latents = actions.columns(ACTION)
        self.numbers = actions.size(ACTION)
        self.decoder = PairDecoder(self.dim + self.numbers, settings.width, self.dim, settings.layers, settings.heads)
        self.regressor = perceptron((self.dim, *settings.hidden, self.numbers))
        self.register_buffer("start", torch.randint(2**62, ()))
        self.register_buffer("done", torch.zeros((), dtype=torch.int64))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = NT-Xent(o, o+) + 5 MSE(r(o / |o|), latents of y), o and o+ the outputs of [x, a] and [y, 0] in context.

        Summed over consecutive views; action and latents are the rotation alone or the hues alone.
        """
        views = self.represent(images).unbind(1)
        generator = torch.Generator().manual_seed(0 if self.start.is_meta else int(self.start + self.done))
        environment = "colour" if torch.rand((), generator=generator) < self.settings.colour else "rotation"
        contrasts, regressions = [], []
        for number, (first, second) in enumerate(pairwise(views)):
            source, target = (actions.view(latents, k) for k in (number, number + 1))
            tokens = self._tokens(first, second, source, target, environment)  # (B, 2, dim + numbers)
            outputs = self._decoded(tokens, generator)  # (B, 2, dim)
            contrasts.append(nt_xent(outputs[:, 0], outputs[:, 1], self.settings.temperature))
            regressed = self.regressor(normalize(outputs, dim=2))[..., PARTS[environment]]
            truth = onto(_absolute(target), images.device)[:, None, PARTS[environment]].to(regressed.dtype)
            regressions.append(distance(regressed, truth.expand_as(regressed)))
        terms = {"contrast": total(contrasts), "regression": total(regressions)}
        return {"loss": terms["contrast"] + self.settings.regression * terms["regression"], **terms}

    def after_step(self, step: int, steps: int) -> None:
        """Count the step, so that the next one has other masks and maybe the other environment."""
        self.done.fill_(step)

    def remember(self, first: Tensor, second: Tensor, source: Latents, target: Latents, environment: str) -> Memory:
        """Return the keys and values of a context; see `InContextMethod.remember`."""
        return self.decoder.remember(self._tokens(first, second, source, target, environment).flatten(0, 1))

    def read(self, representation: Tensor, memory: Memory) -> Tensor:
        """Return unit outputs of [h, 0]; see `InContextMethod.read`."""
        return normalize(self.decoder.attend(nn.functional.pad(representation, (0, self.numbers)), memory), dim=1)

    def foresee(
        self, representation: Tensor, source: Latents, target: Latents, environment: str, memory: Memory
    ) -> Tensor:
        """Return unit outputs of [h, a]; see `InContextMethod.foresee`."""
        tokens = self._tokens(representation, representation, source, target, environment)[:, 0]
        return normalize(self.decoder.attend(tokens, memory), dim=1)

    def _tokens(self, first: Tensor, second: Tensor, source: Latents, target: Latents, environment: str) -> Tensor:
        """Return the tokens [h, a] and [h+, 0] of pairs: (B, 2, dim + numbers)."""
        action = torch.zeros(len(first), self.numbers, dtype=torch.float64)
        part = PARTS[environment]
        action[:, part] = actions.between(ACTION, source, target, self.as_released)[:, part]
        action = onto(action, first.device).to(first.dtype)
        return torch.stack([torch.cat([first, action], dim=1), nn.functional.pad(second, (0, self.numbers))], dim=1)

    def _decoded(self, tokens: Tensor, generator: torch.Generator) -> Tensor:
        """Return the outputs of pairs of tokens in sequences of `pairs` pairs, the last one maybe shorter."""
        most, layers, keep = self.settings.pairs, self.settings.layers, self.settings.keep
        masks = [thinned(pair_mask(2 * most), keep, generator).to(tokens.device) for _ in range(layers)]
        end, outputs = len(tokens) // most * most, []  # of the last full sequence
        for part, pairs in ((tokens[:end], most), (tokens[end:], len(tokens) - end)):
            if len(part):
                sequences = torch.unflatten(part.flatten(0, 1), 0, (-1, 2 * pairs))
                decoded = self.decoder(sequences, [mask[: 2 * pairs, : 2 * pairs] for mask in masks])
                outputs.append(torch.unflatten(decoded.flatten(0, 1), 0, (-1, 2)))
        return torch.cat(outputs)


def _absolute(latents: Latents) -> Tensor:
    """Return pose quaternion and hues of a view: (B, 6) float64 on the CPU."""
    angles, hues = (torch.stack([latents[n].cpu() for n in names], dim=-1) for names in (ROTATION, HUES))
    return torch.cat([torch.from_numpy(pose_quaternion(np.asarray(angles))), hues], dim=1)
