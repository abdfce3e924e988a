"""Choice of the device to compute on, and of its threads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from iebench.manifests.common.machine import DEVICES

from ..errors import MissingPart, UnknownName, UsageError


def pick(name: str) -> torch.device:
    """Return the device of that name; "auto" is a GPU if there is one.

    Raises
    ------
    MissingPart : "cuda" without a GPU that PyTorch can use.
    UnknownName : another name.
    """
    if name not in DEVICES:
        raise UnknownName("device", name, DEVICES)
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise MissingPart("PyTorch sees no GPU: use --device cpu, or install a CUDA build of torch")
    return torch.device(name)


def check_gpus(count: int, device: str) -> str:
    """Check that this process can start training on `count` GPUs; returns the name of the device for them.

    Raises
    ------
    UsageError : `device` is "cpu", or torchrun has started ranks already.
    MissingPart : there are fewer GPUs.
    """
    if device == "cpu" or "WORLD_SIZE" in os.environ:
        other = "torchrun, which starts its own ranks" if "WORLD_SIZE" in os.environ else "--device cpu"
        raise UsageError(f"--gpus {count} does not go with {other}: leave one of them out")
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if gpus < count:
        raise MissingPart(
            f"--gpus {count} and PyTorch sees {gpus}: request fewer, or start ranks on CPUs with "
            f"`torchrun --nproc-per-node {count} -m iebench train --device cpu`"
        )
    return "cuda"


@contextmanager
def one_thread_an_operation() -> Iterator[None]:
    """Use one PyTorch thread per operation, in this thread and in threads started in the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
