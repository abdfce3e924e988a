"""Our files of weights: safetensors, which has no checksums, with a SHA-256 of all tensors in the metadata."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from iebench.manifests.common.files import write_atomic
from iebench.manifests.errors import InvalidValue

DIGEST = "sha256"  # key in a file's metadata


def digest(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of tensors with their names, types and shapes, in the order of the names."""
    sha256 = hashlib.sha256()
    for key, value in sorted(tensors.items()):
        sha256.update(f"{key} {value.dtype} {tuple(value.shape)}\n".encode())
        sha256.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return sha256.hexdigest()


def write(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors atomically.

    Raises
    ------
    DiskError : no space, or another write error.
    """
    # copies, since safetensors cannot hold one tensor under two names
    own = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    write_atomic(path, save(own, {DIGEST: digest(own)}))


def read(path: Path) -> dict[str, Tensor]:
    """Read the tensors in a file; older files without a digest are not checked.

    Raises
    ------
    InvalidValue : the tensors do not have the digest in the file.
    SafetensorError, OSError : no such file, or not in safetensors format.
    """
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is not a mapping
        written = (file.metadata() or {}).get(DIGEST)
    if written is not None and digest(tensors) != written:
        raise InvalidValue("its weights are not those that were written")
    return tensors
