"""Points of curves among the metrics: tables leave them out, and the report draws them."""

import re

_POINT = re.compile(r"(?:cosine|risk|match)[0-9]+_\w+")


def is_point(metric: str) -> bool:
    """True if a metric is a point of a curve: a cosine over the size of a change, a risk over the coverage, or a match.

    >>> is_point("cosine2_rot_x"), is_point("risk20_norm"), is_point("cosine_rot_x")
    (True, True, False)
    """
    return _POINT.fullmatch(metric) is not None
