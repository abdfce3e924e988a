"""Metrics of classification from one view: linear heads, heads with hidden layers, kernel regression."""

from ..statistics.metric_info import FRACTION, MetricInfo

USUAL = "the train split's most frequent classes"
BEST = "1; less with meshes that have two labels"


def accuracy(title: str, about: str, column: bool = False, floor: str = USUAL) -> MetricInfo:
    """Describe a fraction of views whose class is predicted, in percent."""
    return MetricInfo(
        title, about, factor=100, digits=1, column=column, within=FRACTION, unit="%", floor=floor, ceiling=BEST
    )


LINEAR = {
    "top1": accuracy("top-1 %", "share of views whose class a linear probe predicts right", column=True),
    "top5": accuracy("top-5 %", "share of views whose class is among the five that a linear probe finds likeliest"),
}
MLP = {
    "mlp_top1": accuracy("MLP top-1 %", "share of views whose class an MLP, a probe with hidden layers, predicts right")
}
KERNEL = {
    "kernel_top1": accuracy(
        "kernel top-1 %", "share of views whose class a nonlinear probe, a kernel regression, predicts right"
    )
}
