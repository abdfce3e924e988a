"""Which device to compute on."""

import torch

from .errors import MissingPart

CHOICES = ("auto", "cpu", "cuda")


def pick(name: str) -> torch.device:
    """The device of that name; "auto" is a GPU if there is one.

    Raises
    ------
    MissingPart : "cuda" without a GPU that PyTorch can use.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise MissingPart("PyTorch sees no GPU: use --device cpu, or install a CUDA build of torch")
    return torch.device(name)
