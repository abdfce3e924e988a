"""Files of torch.export: --encoder model.pt2, or --encoder exported:FILE with another suffix."""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.export.passes import move_to_device_pass

from iebench.manifests.common.causes import read_failure

from ..errors import EncoderError
from ..weights.archive import check_sums
from ..weights.exported_contents import check
from ..weights.tensors_only import weights_only
from .preprocess import silence
from .registry import Arguments, LoadedEncoder, loader, named, no_arguments


@loader("exported", claims=lambda spec: Path(spec).suffix == ".pt2" and Path(spec).is_file())
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load a program that `torch.export.save` wrote; images have the side that it was exported with.

    Its batch dimension must be dynamic: dynamic_shapes=({0: torch.export.Dim.DYNAMIC},). It must contain its own
    normalisation.

    Raises
    ------
    EncoderError : no such file, a file of another kind, a file that could execute code, or a program with a fixed batch
        size.
    """
    no_arguments(spec, arguments)
    path = Path(spec)
    if not path.is_file():
        raise EncoderError(f"no such file: {path}; `torch.export.save` makes one")
    check_sums(path, EncoderError)
    try:
        check(path)
        with silence(), weights_only():
            program = torch.export.load(path)
    except EncoderError:
        raise
    except Exception as error:  # a pickle of weights, a damaged archive, operators of another version
        clause = "it is not an exported program, or one of another version of PyTorch"
        raise EncoderError(read_failure(path, error, "save it with torch.export.save", clause)) from error
    shapes = [tuple(node.meta["val"].shape) for node in _inputs(program)]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise EncoderError(f"{path} takes inputs of shape {shapes}: export a module that takes images (B, 3, H, W)")
    if isinstance(shapes[0][0], int):
        raise EncoderError(
            f"{path} takes batches of {shapes[0][0]} images only: export it with "
            "dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)"
        )
    side = shapes[0][2] if isinstance(shapes[0][2], int) else None
    return LoadedEncoder(named(path.stem, {}), Exported(program, path, side), side)


def _inputs(program: torch.export.ExportedProgram) -> list[torch.fx.Node]:
    """Return the input nodes of a program, without its weights, which are inputs of the graph too."""
    names = set(program.graph_signature.user_inputs)
    return [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names]


class Exported(nn.Module):
    """An exported program as a module, in the mode it was exported in; it can move to a device.

    path : file of the program, for messages; side : side of its images in pixels, None if any side is accepted
    """

    def __init__(self, program: torch.export.ExportedProgram, path: Path, side: int | None) -> None:
        super().__init__()
        self._program, self._path, self._side = program, path, side
        self.graph: nn.Module = program.module()

    def train(self, mode: bool = True) -> Self:
        """Do nothing: an exported program has no modes and would raise an error."""
        return self

    def to(self, device: torch.device) -> Self:  # type: ignore[override]
        """Move the weights, and the constants that a program would create on the device it was exported on."""
        self.graph = move_to_device_pass(self._program, device).module()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, D).

        Raises
        ------
        EncoderError : images of another side than the program was exported with.
        """
        if self._side not in (None, images.shape[-1]):
            raise EncoderError(
                f"{self._path} takes images of {self._side} pixels and got {images.shape[-1]}: score with --resolution "
                f"{self._side}, or export it with dynamic height and width"
            )
        output: Tensor = self.graph(images)
        return output
