"""Metrics of mental rotation: errors in telling an object, turned, from its mirror image."""

from ...statistics.metric_info import FRACTION, MetricInfo

ANGLE_BINS = (30, 60, 90, 120, 180)
"""Upper ends in degrees of the bins of the angle between the two poses."""
KINDS = {
    "head": "a head on the features of both",
    "cosine": "a threshold on the cosine of their features",
}
"""Classifiers of the pairs by name, in words."""


def at_angle(angle: int, kind: str) -> str:
    """Return the name of a point of the curve over the angle.

    >>> at_angle(30, "head")
    'mirror30_head'
    """
    return f"mirror{angle}_{kind}"


def _error(title: str, about: str) -> MetricInfo:
    return MetricInfo(
        title, about, higher=False, factor=100, digits=1, column=False, ranked=False, within=FRACTION, unit="%",
        floor="the same answer for all pairs", over_objects="joint",
    )  # fmt: skip


MIRROR = {
    **{
        f"mirror_{kind}": _error(
            f"same or mirrored: error, {kind}",
            f"share of pairs of pictures, of an object turned or of it and its mirror image, that {by} tells wrongly",
        )
        for kind, by in KINDS.items()
    },
    "mirror_control": _error(
        "same or mirrored: control",
        "share of wrong orders by the same head where the second picture shows another object; well below 50 % the "
        "head sees that a picture is flipped, as by its light",
    ),
    **{
        at_angle(angle, kind): _error(
            f"same or mirrored, {kind}, up to {angle}°",
            f"share of pairs of pictures, turned by {low}° to {angle}°, that {by} tells wrongly",
        )
        for kind, by in KINDS.items()
        for low, angle in zip((0, *ANGLE_BINS), ANGLE_BINS, strict=False)
    },
}
