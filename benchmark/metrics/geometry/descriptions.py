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
        "effective rank", "number of directions that the features use about equally; small after a collapse, where all "
        "views have nearly the same features (exp of the entropy of the singular values)", "1, a constant",
        (0.0, float(WIDEST)), 1,
    ),
    "lidar": _info(
        "LiDAR", "number of directions in which objects differ from each other by more than the views of one object "
        "do; more: objects are easier to tell apart",
        "1, a single direction", (0.0, float(WIDEST)), 1,
    ),
    "vne_entropy": _info(
        "von Neumann entropy", "how evenly the features use their directions, in nats; exp of it is a number of "
        "directions (entropy of the eigenvalues of the autocorrelation of features of unit length)", "0, a constant",
        (0.0, None),
    ),
    "alignment": replace(_info(
        "alignment", "mean squared distance between two views of an object, of features of unit length; 0: all views "
        "of an object have the same features",
        "two views of different objects", (0.0, 4.0),
    ), over_objects="mean"),
    "uniformity": _info(
        "uniformity", "how evenly objects are spread over the sphere of features of unit length; about -4: evenly, 0: "
        "all at one point (log of the mean of exp(-2 d²) over the distances d of views of different objects)",
        "0, a constant", (-8.0, 0.0),
    ),
}  # fmt: skip
