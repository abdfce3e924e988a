"""What can go wrong in a method; adds to the tree of `iebench.manifests.errors`.

IebenchError
├── LatentMissing            the dataset has no column that the method is conditioned on
├── LabelOutOfRange          the dataset has more classes than the method
└── MethodBroken             an installed method whose module does not define it
"""

from iebench.manifests.errors import IebenchError, UnknownName


class LatentMissing(IebenchError):
    """The dataset has no column that the method is conditioned on."""


class LabelOutOfRange(IebenchError):
    """The dataset has more classes than the method."""


class MethodBroken(IebenchError):
    """An entry point promises a method that its module does not define."""


__all__ = ["IebenchError", "LabelOutOfRange", "LatentMissing", "MethodBroken", "UnknownName"]
