"""Metrics of scalars that may separate wrong predictions from right ones."""

from ...statistics.metric_info import FRACTION, MetricInfo

SCALARS = {
    "norm": "norm", "distance": "distance to train", "entropy": "entropy of the vote", "spread": "ensemble's spread",
}  # fmt: skip
"""Scalars by name, with their words: a small norm, and large values of the others mean uncertainty."""
COVERED = (20, 40, 60, 80, 100)
"""Percentages of the views, the most certain first, of which the risk-coverage curve has a point each."""


def risk_at(percent: int, scalar: str) -> str:
    """Return the name of a curve's point."""
    return f"risk{percent}_{scalar}"


def _risk(words: str, percent: int) -> MetricInfo:
    return MetricInfo(
        f"{words}: risk at {percent} %", f"share of wrong kNN classes among the {percent} % of views that the {words} "
        "makes most certain", higher=False, factor=100, digits=1, column=False, ranked=False, within=FRACTION, unit="%",
        floor="views in random order", over_objects="joint",
    )  # fmt: skip


UNCERTAINTY = {
    **{
        f"{scalar}_auroc": MetricInfo(
            f"{words}: AUROC", f"chance that the {words} marks a view whose kNN class is wrong as less certain than "
            "one whose class is right; 1: it always does, 0.5: as often as not", column=False, ranked=False,
            within=FRACTION,
            floor="0.5, a scalar unrelated to it", over_objects="joint",
        )
        for scalar, words in SCALARS.items()
    },
    **{
        f"{scalar}_aurc": MetricInfo(
            f"{words}: AURC", f"share of wrong kNN classes among the views of which the {words} is most certain, "
            "averaged over all numbers of views; less: wrong ones come last", higher=False, column=False, ranked=False,
            within=FRACTION,
            floor="views in random order", ceiling="right answers first", over_objects="joint",
        )
        for scalar, words in SCALARS.items()
    },
    **{
        risk_at(percent, scalar): _risk(words, percent)
        for scalar, words in SCALARS.items()
        for percent in COVERED
    },
}  # fmt: skip
