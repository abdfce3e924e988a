"""ONNX files: --encoder model.onnx [--encoder-arg mean=[0.5,0.5,0.5]], or --encoder onnx:FILE with another suffix."""

import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from iebench.manifests.common.causes import read_failure

from ...errors import EncoderError
from ..preprocess import package
from ..registry import Arguments, LoadedEncoder, loader, named
from .declared import declared

ELSEWHERE = re.compile(rb"(?:\x0a|\x8a\x80{0,8}\x00)(?:\x08|\x88\x80{0,8}\x00)location")
"""Key under which protobuf holds the path of a file with weights, with its tag and length, however long these are."""
ORT_FORMAT = b"ORTM"  # from the fifth byte of a file in ONNX Runtime's own format
OPTIONS = ("output", "pool")
POOLS = {"mean": "mean over tokens or positions", "cls": "the first token"}
FLOAT = "tensor(float)"


@loader("onnx", claims=lambda spec: Path(spec).suffix == ".onnx" and Path(spec).is_file())
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load a model that takes images (B, 3, H, W) or (B, H, W, 3) in float32; ONNX Runtime runs it on the CPU.

    arguments : output, the name of one of several outputs; pool, "mean" or "cls" for tokens (B, T, D), while maps
        (B, D, h, w) are averaged; size, mean, std and order, see `declared`. Without mean and std the model must
        contain its own normalisation

    Raises
    ------
    MissingPart : onnxruntime cannot be imported.
    EncoderError : no such file, a file of another kind, one whose weights lie in other files, or a model that takes no
        images or has several outputs.
    """
    path = Path(spec)
    if not path.is_file():
        raise EncoderError(f"no such file: {path}; `torch.onnx.export` makes one")
    runtime = package("onnxruntime", f"onnx:{spec}")
    options = {name: arguments[name] for name in OPTIONS if name in arguments}
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EncoderError(read_failure(path, error, "restore it")) from error
    module = Session(path, _opened(runtime, path, content), options)
    module.register_buffer("file", torch.frombuffer(bytearray(sha256(content).digest()), dtype=torch.uint8))
    wants = {name: value for name, value in arguments.items() if name not in OPTIONS}
    loaded = declared(named(path.stem, arguments), module, wants, path, module.side, note=module.note)
    return replace(loaded, counted=False)


def _opened(runtime: Any, path: Path, content: bytes) -> Any:
    """Return ONNX Runtime's session for the content of a file, which must hold all its weights."""
    if ELSEWHERE.search(content):
        raise EncoderError(
            f"{path} keeps weights in other files: save it as one file (onnx.save_model of a loaded model)"
        )
    if content[4:8] == ORT_FORMAT:
        raise EncoderError(f"{path} is in ONNX Runtime's own format: give the ONNX file that it was made from")
    settings = runtime.SessionOptions()
    settings.log_severity_level = 4  # its own lines on screen; our message explains what is wrong
    settings.intra_op_num_threads = torch.get_num_threads()
    try:
        return runtime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # it has an exception for each of its status codes
        clause = "it is not an ONNX model, or one of a version or with operators that this ONNX Runtime does not know"
        raise EncoderError(read_failure(path, error, "export it again, or update onnxruntime", clause)) from error


class Session(nn.Module):
    """A model of ONNX Runtime as a module; images and outputs pass through the CPU.

    options : output and pool, see `load`
    side : side of its images in pixels, None if any side is accepted
    note : the representation that it gives, in words

    Its buffer `file` holds the SHA-256 of the file, so that a file with other weights is another encoder.
    """

    def __init__(self, path: Path, session: Any, options: Arguments) -> None:
        super().__init__()
        self._path, self._session = path, session
        self._input, self.last, self._alone, self.side = _image_input(path, session.get_inputs())
        self._output = _chosen(path, [(o.name, o.shape, o.type) for o in session.get_outputs()], options.get("output"))
        self._pool = options.get("pool")
        if self._pool is not None and self._pool not in POOLS:
            raise EncoderError(f"--encoder-arg pool={self._pool}: choose from {', '.join(POOLS)}")
        words = f", {POOLS[str(self._pool)]}" if self._pool else ""
        self.note = f"output {self._output}{words}"

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, D).

        Raises
        ------
        EncoderError : the model refuses images of that side, or returns tokens and `pool` is not given.
        """
        pixels = images.float().cpu()
        if self.last:
            pixels = pixels.permute(0, 2, 3, 1)
        batches = torch.split(pixels, 1) if self._alone else [pixels]
        try:
            outputs = [
                self._session.run([self._output], {self._input: batch.numpy(force=True)})[0] for batch in batches
            ]
        except Exception as error:  # it has an exception for each of its status codes
            side = images.shape[-1]
            raise EncoderError(
                f"{self._path} fails on {len(images)} images of {side} pixels: give another side with "
                "--encoder-arg size=224"
            ) from error
        return self._pooled(torch.from_numpy(np.concatenate(outputs)).to(images.device))

    def _pooled(self, output: Tensor) -> Tensor:
        if output.ndim == 4:
            return output.mean((2, 3))  # (B, D, h, w)
        if output.ndim == 3 and self._pool is None:
            raise EncoderError(
                f"{self._path} returns tokens {tuple(output.shape)}: choose with --encoder-arg pool=mean or pool=cls"
            )
        return output if output.ndim != 3 else output.mean(1) if self._pool == "mean" else output[:, 0]


def _image_input(path: Path, inputs: Sequence[Any]) -> tuple[str, bool, bool, int | None]:
    """Return name of the input, True for channels last, True for one image at a time, and side or None."""
    shapes = [(i.name, list(i.shape), i.type) for i in inputs]
    remedy = "export a module that takes float32 images (B, 3, H, W)"
    if len(shapes) != 1 or len(shapes[0][1]) != 4 or 3 not in (shapes[0][1][1], shapes[0][1][3]):
        words = ", ".join(f"{name} {_shape(shape)}" for name, shape, _ in shapes)
        raise EncoderError(f"{path} takes {words}, and no images: {remedy}")
    name, shape, kind = shapes[0]
    last = shape[1] != 3
    sides = shape[1:3] if last else shape[2:]
    if kind != FLOAT:
        raise EncoderError(f"{path} takes images of the type {kind}: {remedy}")
    if isinstance(shape[0], int) and shape[0] != 1:
        raise EncoderError(f"{path} takes batches of {shape[0]} images only: export it with a dynamic batch")
    fixed = [side for side in sides if isinstance(side, int)]
    if len(set(fixed)) > 1:
        raise EncoderError(f"{path} takes images of {sides[0]} x {sides[1]} pixels, which are not squares: {remedy}")
    return name, last, isinstance(shape[0], int), fixed[0] if fixed else None


def _chosen(path: Path, outputs: Sequence[tuple[str, Sequence[Any], str]], name: object) -> str:
    """Return the name of the output to use."""
    floats = [output for output, _, kind in outputs if kind == FLOAT]
    words = ", ".join(f"{output} {_shape(shape)}" for output, shape, kind in outputs if kind == FLOAT)
    if not floats:
        raise EncoderError(f"{path} has no output of float32: export a module that returns representations")
    if name is None and len(floats) > 1:
        raise EncoderError(f"{path} has several outputs ({words}): choose one with --encoder-arg output={floats[0]}")
    if name is not None and name not in floats:
        raise EncoderError(f"{path} has no output {name!r:.80} (it has {words}): choose one of its outputs")
    return floats[0] if name is None else str(name)


def _shape(shape: Sequence[Any]) -> str:
    """Describe a shape; a size that is not fixed is "?"."""
    return f"({', '.join(str(size) if isinstance(size, int) else '?' for size in shape)})"
