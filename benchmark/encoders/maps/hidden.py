"""Maps of vision models of transformers: their hidden states, with each token at the position of its patch."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ...errors import EncoderError
from .reader import tokens_as_map


@dataclass(frozen=True)
class HiddenMaps:
    """Reader of a vision model of transformers; a stage is a block of a ViT, or a stage of a CNN or of Swin.

    side : side in pixels of images that the model takes
    """

    model: Any
    side: int

    @cached_property
    def stages(self) -> int:
        """Number of hidden states after the embedding's, counted on a blank image; 0 if one of them is not a map."""
        blank = torch.zeros(1, 3, self.side, self.side, device=next(self.model.parameters()).device)
        with torch.no_grad():
            states = self._hidden(blank)[1][1:]
        try:
            return len([self._map(state, blank) for state in states])
        except EncoderError:  # tokens of an unknown patch size, or fewer than patches, as of PVT and LeViT
            return 0

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return the hidden states as maps; the last one has gone through the model's last norm."""
        last, states = self._hidden(images)
        count = len(states) - 1
        maps = {stage: self._map(states[stage], images) for stage in {*stages, count}}
        maps[count] = last if last.ndim == 4 else tokens_as_map(last, *maps[count].shape[2:])
        return [maps[stage] for stage in stages]

    def _hidden(self, images: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
        """Return the last hidden state, and that after the embedding and after each stage."""
        result = self.model(pixel_values=images, output_hidden_states=True)
        states = getattr(result, "reshaped_hidden_states", None) or getattr(result, "hidden_states", None)
        return result.last_hidden_state, states or ()

    def _map(self, state: Tensor, images: Tensor) -> Tensor:
        if state.ndim == 4:
            return state
        patch = getattr(self.model.config, "patch_size", None)
        patch = patch[0] if isinstance(patch, list | tuple) else patch
        if not isinstance(patch, int):
            raise EncoderError(f"{type(self.model).__name__} names no patch size, so its tokens have no positions")
        return tokens_as_map(state, images.shape[2] // patch, images.shape[3] // patch)
