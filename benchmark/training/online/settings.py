"""Settings of the monitoring during training; none of them changes a weight."""

from dataclasses import dataclass

from ...errors import InvalidValue


@dataclass(frozen=True)
class OnlineSettings:
    """Settings of the monitoring during training.

    probes : whether to log linear heads, nearest neighbours and ranks of the representation, all as online/...
    collapse : a run stops if the relative spread of its embeddings (see `statistics.spread`) is below this; 0 for never
    """

    probes: bool = False
    collapse: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 <= self.collapse < 1:
            raise InvalidValue(f"collapse must lie in [0, 1), not {self.collapse}")
