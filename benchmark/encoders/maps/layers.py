"""Maps of torchvision's models, which offer none themselves: the outputs of their layers, recorded by hooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from ...errors import EncoderError
from .reader import tokens_as_map

CONTAINERS = ("features", "encoder.layers", "trunk_output", "blocks", "layers")
"""Submodules whose children are a model's stages, if it has one: of most CNNs, of ViT, RegNet, MaxViT, MNASNet."""
RESNET = ("layer1", "layer2", "layer3", "layer4")
LAST = ("encoder.ln", "permute")  # layers behind the last stage whose output is the last map: of ViT, of Swin


@dataclass(frozen=True)
class LayerMaps:
    """Reader of a model of torchvision by its layers."""

    model: nn.Module

    @property
    def stages(self) -> int:
        """Return the number of layers that are stages; 0 for a model of another structure."""
        return len(self._layers())

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return the layers' outputs as maps; the last one is that behind the model's last norm, if it has one."""
        layers, caught = self._layers(), {}

        def catch(stage: int) -> Any:
            def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
                # a copy, since a ReLU behind a layer may work in place; the last map is that of the representation
                caught[stage] = output if stage == len(layers) else output.clone()

            return layers[stage - 1].register_forward_hook(hook)

        handles = [catch(stage) for stage in set(stages)]
        try:
            self.model(images)
        finally:
            for handle in handles:
                handle.remove()
        return [self._map(caught[stage], images, stage == len(layers)) for stage in stages]

    def _layers(self) -> list[nn.Module]:
        """Return the stages in their order; the last norm or permutation replaces the last stage."""
        for name in CONTAINERS:
            if (container := _submodule(self.model, name)) is not None:
                layers = list(container.children())
                return [*layers[:-1], self._last(layers[-1])]
        layers = [layer for name in RESNET if (layer := _submodule(self.model, name)) is not None]
        return layers if len(layers) == len(RESNET) else []

    def _last(self, layer: nn.Module) -> nn.Module:
        return next((last for name in LAST if (last := _submodule(self.model, name)) is not None), layer)

    def _map(self, output: Tensor, images: Tensor, last: bool) -> Tensor:
        """Return an output as a map: (B, C, h, w), of Swin (B, h, w, C), of ViT tokens (B, 1 + h w, C)."""
        if output.ndim == 4:
            swin = _submodule(self.model, "permute") is not None
            return output.permute(0, 3, 1, 2) if swin and not last else output
        patch = getattr(self.model, "patch_size", None)
        if output.ndim != 3 or not isinstance(patch, int):
            raise EncoderError(
                f"a layer of {type(self.model).__name__} returns {tuple(output.shape)}, which is not a map"
            )
        return tokens_as_map(output, images.shape[2] // patch, images.shape[3] // patch)


def _submodule(model: nn.Module, name: str) -> nn.Module | None:
    """Return a submodule by its dotted name; None if the model has none of that name."""
    try:
        return model.get_submodule(name)
    except AttributeError:
        return None
