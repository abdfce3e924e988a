"""The projector between representation and embedding."""

from itertools import pairwise

from torch import Tensor, nn


def projector(sizes: tuple[int, ...]) -> nn.Sequential:
    """An MLP: linear, batch norm and ReLU for every layer but the last, which is linear without bias.

    As in facebookresearch/SIE; (B, sizes[0]) -> (B, sizes[-1]).

    >>> [type(layer).__name__ for layer in projector((4, 8, 8))]
    ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    """
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes[:-1]):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1], bias=False))


def by_view(head: nn.Module, views: Tensor) -> list[Tensor]:
    """A head's embeddings of several views of each object, in one pass: (B, K, dim) -> K of (B, E)."""
    return list(head(views.flatten(0, 1)).view(*views.shape[:2], -1).unbind(1))


def check_widths(widths: tuple[int, ...]) -> None:
    """Raise ValueError unless there is a width and all are positive."""
    if not widths or min(widths) < 1:
        raise ValueError(f"projector needs at least one width, all positive, not {widths}")
