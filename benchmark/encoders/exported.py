"""Files of torch.export: --encoder model.pt2, or --encoder exported:FILE under another suffix."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
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
from .registry import Arguments, Loaded, loader, named, no_arguments


@loader("exported", claims=lambda spec: Path(spec).suffix == ".pt2" and Path(spec).is_file())
def load(spec: str, arguments: Arguments) -> Loaded:
    """The program in a file that `torch.export.save` wrote, on images of the side that it was exported with.

    Its batch dimension must be dynamic: dynamic_shapes=({0: torch.export.Dim.DYNAMIC},). Its own normalisation must be
    part of it.

    Raises
    ------
    EncoderError : no such file, one of another kind, one that could run its author's code, or one that takes no batch
        of images of any size.
    """
    no_arguments(spec, arguments)
    path = Path(spec)
    if not path.is_file():
        raise EncoderError(f"no such file: {path}; `torch.export.save` makes one")
    check_sums(path, EncoderError)
    try:
        check(path)
        with _silence(), weights_only():
            program = torch.export.load(path)
    except EncoderError:
        raise
    except Exception as error:  # a pickle of weights, a damaged archive, operators of another version
        what = "it is no exported program, or one of another version of PyTorch"
        raise EncoderError(read_failure(path, error, "save it with torch.export.save", what)) from error
    shapes = [tuple(node.meta["val"].shape) for node in _inputs(program)]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise EncoderError(f"{path} takes inputs of shape {shapes}: export a module that takes images (B, 3, H, W)")
    if isinstance(shapes[0][0], int):
        raise EncoderError(
            f"{path} takes batches of {shapes[0][0]} images only: export it with "
            "dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)"
        )
    side = shapes[0][2] if isinstance(shapes[0][2], int) else None
    return Loaded(named(path.stem, {}), Exported(program, path, side), side)


@contextmanager
def _silence() -> Iterator[None]:
    """No log of torch about a file that it cannot load: our own sentence says it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _inputs(program: torch.export.ExportedProgram) -> list[torch.fx.Node]:
    """The nodes of what a program is called with; its weights are inputs of the graph too."""
    names = set(program.graph_signature.user_inputs)
    return [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names]


class Exported(nn.Module):
    """An exported program as a module: it is in the mode it was exported in, and may move to a device.

    path : where it was read, for messages; side : in pixels of the images that it takes, None where any will do
    """

    def __init__(self, program: torch.export.ExportedProgram, path: Path, side: int | None) -> None:
        super().__init__()
        self._program, self._path, self._side = program, path, side
        self.graph: nn.Module = program.module()

    def train(self, mode: bool = True) -> Self:
        """Nothing: an exported program has no modes, and says so by an error."""
        return self

    def to(self, device: torch.device) -> Self:  # type: ignore[override]
        """Move the weights and the constants, which a program makes on the device it was exported on."""
        self.graph = move_to_device_pass(self._program, device).module()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, D).

        Raises
        ------
        EncoderError : images of another side than it was exported with.
        """
        if self._side not in (None, images.shape[-1]):
            raise EncoderError(
                f"{self._path} takes images of {self._side} pixels and got {images.shape[-1]}: score with --resolution "
                f"{self._side}, or export it with dynamic height and width"
            )
        found: Tensor = self.graph(images)
        return found
