"""Errors of methods; they extend the tree of `iebench.manifests.errors`.

IebenchError
├── BackbonePart             a MissingPart: a backbone whose package cannot be imported here
├── LatentMissing            the dataset has no column that the method is conditioned on
├── LabelOutOfRange          the dataset has more classes than the method
└── MethodBroken             an installed method or backbone whose module fails, or does not define it
"""

from iebench.manifests.errors import IebenchError, MissingPart, SettingError, UnknownName, suggest


class BackbonePart(MissingPart):
    """A backbone whose package cannot be imported here."""


class LatentMissing(IebenchError):
    """The dataset has no column that the method is conditioned on."""


class LabelOutOfRange(IebenchError):
    """The dataset has more classes than the method."""


class MethodBroken(IebenchError):
    """An entry point names a method or backbone that its module does not define."""


__all__ = [
    "BackbonePart",
    "IebenchError",
    "LabelOutOfRange",
    "LatentMissing",
    "MethodBroken",
    "SettingError",
    "UnknownName",
    "suggest",
]
