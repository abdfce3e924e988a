"""Metrics of correspondences: shares of an object's points that maps match to the same points of another view."""

from ...statistics.metric_info import FRACTION, MetricInfo

NEAR = (1, 2, 5)
"""Largest distances of a right match, in percent of the object's diagonal."""
PIXELS = (5, 10)
"""Largest distances of a right match in the picture, in percent of its side."""
ROTATION_BINS = (30, 60, 90, 120, 180)
"""Upper ends in degrees of the bins of the rotation between the two views."""
DEPTHS = (25, 50, 75, 100)
"""Depths of the stages that are compared, in percent of the encoder's stages."""


def at_angle(angle: int) -> str:
    """Return the name of the point of the curve over the rotation between the views."""
    return f"match{angle}_angle"


def at_depth(depth: int) -> str:
    """Return the name of the point of the curve over the encoder's stages."""
    return f"match{depth}_depth"


def _match(title: str, about: str, ceiling: str = "the nearest pixel of the other view") -> MetricInfo:
    return MetricInfo(
        title, f"share of the object's points in one view whose most similar place in the encoder's map of {about}",
        factor=100, digits=1,
        column=False, ranked=False, within=FRACTION, unit="%", floor="a pixel of the object at random",
        ceiling=ceiling, over_objects="joint",
    )  # fmt: skip


CORRESPONDENCE = {
    **{
        f"match_{near}": _match(
            f"match within {near} %",
            f"another view of the object lies within {near} % of its diagonal of the same point",
        )
        for near in NEAR
    },
    **{
        f"match_pixel_{near}": _match(
            f"match within {near} % of the picture",
            f"another view of the object lies within {near} % of the picture's side of the same point's pixel",
        )
        for near in PIXELS
    },
    "class_match_5": _match(
        "match within 5 %, other object", "a view of another object of the class lies within 5 % of the diagonal of "
        "the same position in the objects' common frame",
    ),
    **{
        at_angle(angle): _match(
            f"match within 5 %, up to {angle}°", f"another view, turned by {low}° to {angle}°, lies within 5 % of the "
            "diagonal of the same point",
        )
        for low, angle in zip((0, *ROTATION_BINS), ROTATION_BINS, strict=False)
    },
    **{
        at_depth(depth): _match(
            f"match within 5 %, depth {depth} %", f"another view lies within 5 % of the diagonal of the same point; "
            f"map of the stage at {depth} % of the depth",
        )
        for depth in DEPTHS
    },
}  # fmt: skip
