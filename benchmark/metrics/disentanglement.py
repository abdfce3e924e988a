"""Metrics of the alignment of columns and factors."""

from functools import partial

from ..statistics.metric_info import FRACTION, MetricInfo

_INFO = partial(MetricInfo, column=False, over_objects="joint", floor="the same features after a random rotation")

AXES = {
    "mig": _INFO(
        "MIG", "information about a factor in the best column minus the next one, mean over factors",
        within=(-1.0, 1.0),
    ),
    "dci_disentanglement": _INFO(
        "DCI disentanglement", "how far each column predicts one factor alone, by a linear probe", within=FRACTION
    ),
    "dci_completeness": _INFO(
        "DCI completeness", "how far each factor is predicted by one column alone, by a linear probe", within=FRACTION
    ),
}  # fmt: skip
