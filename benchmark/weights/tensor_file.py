"""Our own files of weights: safetensors, which know no checksum, with a digest of all tensors beside them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from iebench.manifests.common.files import write_atomic
from iebench.manifests.errors import InvalidValue

DIGEST = "sha256"  # its key among a file's metadata


def digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of tensors with their names, types and shapes, in the order of the names."""
    found = hashlib.sha256()
    for key, value in sorted(tensors.items()):
        found.update(f"{key} {value.dtype} {tuple(value.shape)}\n".encode())
        found.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def write(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors, complete or not at all.

    Raises
    ------
    DiskError : no space, or the like.
    """
    # each its own: two names of one tensor are no safetensors
    own = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    write_atomic(path, save(own, {DIGEST: digest(own)}))


def read(path: Path) -> dict[str, Tensor]:
    """The tensors in a file; one from before there were digests is taken as it is.

    Raises
    ------
    InvalidValue : they are not those that were written.
    SafetensorError, OSError : no such file, or no safetensors.
    """
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no mapping
        written = (file.metadata() or {}).get(DIGEST)
    if written is not None and digest(tensors) != written:
        raise InvalidValue("its weights are not those that were written")
    return tensors
