"""Calls of encoders' code, with their errors named, and maps that are checked before a probe sees them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor

from ...errors import EncoderError, short
from .reader import MapReader


@contextmanager
def running(name: str, images: Tensor, bf16: bool) -> Iterator[None]:
    """Run an encoder's code on images, in bf16 or not; its exceptions become an error that names the encoder.

    Raises
    ------
    EncoderError : the code fails, or ends the program.
    """
    try:
        with torch.autocast(images.device.type, torch.bfloat16) if bf16 else nullcontext():
            yield
    except EncoderError:
        raise
    except SystemExit as error:  # else it would end iebench silently
        raise EncoderError(
            f"encoder {name} ends the program (exit code {error.code}) on images: let it raise an error"
        ) from error
    except Exception as error:  # foreign code may raise anything
        raise EncoderError(
            f"encoder {name} failed on images {tuple(images.shape)} ({short(error)}): mend it, or give images of "
            "another side with --resolution"
        ) from error


def stages_of(name: str, reader: MapReader) -> int:
    """Return the number of stages after which an encoder gives a map; 0 for none.

    Raises
    ------
    EncoderError : the encoder's code fails.
    """
    try:
        return reader.stages
    except EncoderError:
        raise
    except Exception as error:  # foreign code may raise anything
        raise EncoderError(f"encoder {name}: its maps cannot be counted ({short(error)}): mend it") from error


@torch.no_grad()
def maps_of(name: str, reader: MapReader, images: Tensor, stages: Sequence[int], bf16: bool) -> tuple[Tensor, ...]:
    """Return the maps (B, C, h, w) float32 after some stages, checked.

    name : name of the encoder, for messages
    images : (B, 3, H, W) float32 in [0, 1], on the encoder's device
    stages : numbers from 1; none for the last one

    Raises
    ------
    EncoderError : the encoder has no maps or no such stage, fails, or does not return (B, C, h, w) finite floats.
    """
    count = stages_of(name, reader)
    if not count:
        raise EncoderError(
            f"encoder {name} gives no maps, which a dense measure reads: choose a ResNet, a vision transformer, or a "
            "module with `maps` and `map_stages` (docs/guides/your-encoder.md)"
        )
    chosen = tuple(stages) or (count,)
    for stage in chosen:
        if stage not in range(1, count + 1):
            raise EncoderError(f"encoder {name} has maps after the stages 1 to {count}, and no stage {stage}")
    with running(name, images, bf16):
        maps = reader.read(images.clone(), chosen)  # a copy, since the module may overwrite its input
    if not isinstance(maps, list | tuple) or len(maps) != len(chosen):
        raise EncoderError(
            f"encoder {name}: its `maps` must return a tuple with a map for each of {len(chosen)} stages"
        )
    return tuple(_checked(name, stage, output, images) for stage, output in zip(chosen, maps, strict=True))


def _checked(name: str, stage: int, output: object, images: Tensor) -> Tensor:
    """Return a map in float32.

    Raises
    ------
    EncoderError : the output is not a map of finite floats on the device of the images.
    """
    fits = isinstance(output, Tensor) and output.ndim == 4 and len(output) == len(images) and output.numel()
    if not (isinstance(output, Tensor) and fits and output.is_floating_point()):
        kind = f"{output.dtype} {tuple(output.shape)}" if isinstance(output, Tensor) else type(output).__name__
        raise EncoderError(
            f"encoder {name} gives {kind} after stage {stage} for images {tuple(images.shape)}: a map is floats "
            "(B, C, h, w)"
        )
    if output.device != images.device:
        raise EncoderError(f"encoder {name} got images on {images.device} and returns maps on {output.device}")
    floats = output.float().contiguous()
    if not torch.isfinite(floats).all():
        raise EncoderError(f"encoder {name} gives values after stage {stage} that are not finite: check its weights")
    return floats
