"""The projector between representation and embedding."""

from itertools import pairwise

from torch import nn


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
