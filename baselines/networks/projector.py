"""Heads on a representation: projectors to embeddings, and perceptrons for regression or classification."""

from itertools import pairwise

from torch import nn

from iebench.manifests.errors import InvalidValue

from ..errors import SettingError


def projector(sizes: tuple[int, ...], norm: bool = False) -> nn.Sequential:
    """Build an MLP: linear, batch norm and ReLU for every layer but the last, which is linear without bias.

    As in facebookresearch/SIE; (B, sizes[0]) -> (B, sizes[-1]).

    norm : True to end in a batch norm without scale, as in hafezgh/seq-jepa

    >>> [type(layer).__name__ for layer in projector((4, 8, 8))]
    ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes[:-1]):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU(inplace=True)]
    layers.append(nn.Linear(sizes[-2], sizes[-1], bias=False))
    return nn.Sequential(*layers, *([nn.BatchNorm1d(sizes[-1], affine=False)] if norm else []))


def perceptron(sizes: tuple[int, ...]) -> nn.Sequential:
    """Build a plain MLP: linear layers with biases and ReLU between them; (B, sizes[0]) -> (B, sizes[-1]).

    >>> [type(layer).__name__ for layer in perceptron((4, 8, 3))]
    ['Linear', 'ReLU', 'Linear']
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def check_widths(widths: tuple[int, ...], name: str = "projector") -> None:
    """Raise InvalidValue unless there is at least one width and all are positive."""
    if not widths or min(widths) < 1:
        raise InvalidValue(f"{name} needs at least one width, all positive, not {widths}")


def check_fraction(fraction: float, name: str) -> None:
    """Raise InvalidValue unless the fraction lies in (0, 1]."""
    if not 0 < fraction <= 1:
        raise InvalidValue(f"{name} must be above 0 and at most 1, not {fraction}")


def part_of(dim: int, fraction: float, name: str) -> int:
    """Number of dimensions in a fraction of `dim`, rounded; at least one.

    Raises
    ------
    SettingError : the fraction rounds to no dimension; the message names the setting.
    """
    part = round(dim * fraction)
    if part < 1:
        raise SettingError(
            f"method.{name}={fraction:g} rounds to 0 of {dim} dimensions: raise it with "
            f"--set method.{name}={1 / dim:.2g}"
        )
    return part
