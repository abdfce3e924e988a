"""Random: the encoder with its initial weights, the lower reference for trained encoders.

iebench train --method random
"""

from dataclasses import dataclass

from ..method import Method, method
from ..networks.encoder import Encoder


@dataclass(frozen=True)
class RandomSettings:
    """No settings."""


@method("random", RandomSettings)
class Random(Method):
    """An untrained encoder; training it takes zero steps."""

    trains = False

    def __init__(self, encoder: Encoder, settings: RandomSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
