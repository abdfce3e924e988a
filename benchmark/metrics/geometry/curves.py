"""Points of curves and cells of matrices among the metrics: tables leave them out, and the report draws them."""

import re

_POINT = re.compile(r"(?:(?:cosine|risk|match|mirror)[0-9]+|transfer|drop|across)_\w+")


def is_point(metric: str) -> bool:
    """True if a metric is a point of a curve or a cell of a matrix.

    Curves are a cosine over the size of a change, a risk over the coverage, a match, and an error over the angle of
    a pair; matrices are of transfer.

    >>> [is_point(name) for name in ("cosine2_rot_x", "risk20_norm", "drop_class_without_rot_x", "cosine_rot_x")]
    [True, True, True, False]
    """
    return _POINT.fullmatch(metric) is not None
