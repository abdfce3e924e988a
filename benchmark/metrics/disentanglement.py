"""Metrics of the alignment of columns and factors."""

from functools import partial

from ..statistics.metric_info import FRACTION, MetricInfo

_INFO = partial(MetricInfo, column=False, over_objects="joint", floor="the same features after a random rotation")

AXES = {
    "mig": _INFO(
        "MIG", "how much more of a factor the best column knows than the next one, mean over factors",
        within=(-1.0, 1.0),
    ),
    "dci_disentanglement": _INFO(
        "DCI disentanglement", "how far each column serves a linear reader of one factor alone", within=FRACTION
    ),
    "dci_completeness": _INFO(
        "DCI completeness", "how far each factor is read linearly from one column alone", within=FRACTION
    ),
}  # fmt: skip
