"""What is watched while a run trains. None of it changes a weight."""

from dataclasses import dataclass

from ...errors import InvalidValue


@dataclass(frozen=True)
class OnlineSettings:
    """What is watched.

    probes : whether linear heads, nearest neighbours and ranks of the representation are logged, all as online/...
    collapse : a run stops when its embeddings differ relatively less than this (see `measures.spread`), 0 for never
    """

    probes: bool = False
    collapse: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 <= self.collapse < 1:
            raise InvalidValue(f"collapse must lie in [0, 1), not {self.collapse}")
