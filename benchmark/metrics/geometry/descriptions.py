"""Metrics of the shape of a representation, from the features alone: no labels, nothing is fitted."""

from dataclasses import replace

from ...statistics.metric_info import MetricInfo

WIDEST = 2_048
"""Largest number of columns that are described."""


def _info(title: str, about: str, floor: str, within: tuple[float | None, float | None], digits: int = 3) -> MetricInfo:
    """Describe a description: it is in no column of the leaderboard and has no rank."""
    return MetricInfo(
        title, about, digits=digits, column=False, ranked=False, within=within, floor=floor, over_objects="joint"
    )  # fmt: skip


DESCRIPTIONS = {
    "effective_rank": _info(
        "effective rank", "number of directions that the features use about equally: exp of the entropy of their "
        "singular values; small after a collapse", "1, a constant", (0.0, float(WIDEST)), 1,
    ),
    "lidar": _info(
        "LiDAR", "number of directions in which objects differ from each other by more than the views of one object do",
        "1, a single direction", (0.0, float(WIDEST)), 1,
    ),
    "vne_entropy": _info(
        "von Neumann entropy", "entropy in nats of the eigenvalues of the autocorrelation of features of unit length; "
        "exp of it is a number of directions", "0, a constant", (0.0, None),
    ),
    "alignment": replace(_info(
        "alignment", "mean squared distance between two views of an object, of features of unit length; 0: all agree",
        "two views of different objects", (0.0, 4.0),
    ), over_objects="mean"),
    "uniformity": _info(
        "uniformity", "log of the mean of exp(-2 d^2) over the distances d of views of different objects, features of "
        "unit length; about -4: spread over the sphere, 0: collapsed", "0, a constant", (-8.0, 0.0),
    ),
}  # fmt: skip
