"""Metrics of the alignment of columns and factors."""

from functools import partial

from ..statistics.metric_info import FRACTION, MetricInfo

_INFO = partial(MetricInfo, column=False, over_objects="joint", floor="the same features after a random rotation")

AXES = {
    "mig": _INFO(
        "MIG", "how much more the best column of the features tells about a factor than the next one, mean over "
        "factors; 1: each factor has a column of its own",
        within=(-1.0, 1.0),
    ),
    "dci_disentanglement": _INFO(
        "DCI disentanglement", "degree to which each column of the features tells about one factor alone, by a linear "
        "probe",
        within=FRACTION,
    ),
    "dci_completeness": _INFO(
        "DCI completeness", "degree to which one column of the features alone tells about each factor, by a linear "
        "probe",
        within=FRACTION,
    ),
}  # fmt: skip
