"""Description of a dataset for people (README.md, the Hub's card) and for programs (croissant.json)."""

from .write import CROISSANT, README, write_card

__all__ = ["CROISSANT", "README", "write_card"]
