"""What a dataset says of itself to people (README.md, the Hub's card) and to machines (croissant.json)."""

from .write import CROISSANT, README, write_card

__all__ = ["CROISSANT", "README", "write_card"]
