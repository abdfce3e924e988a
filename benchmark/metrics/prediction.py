"""Metrics of retrieval by a method's own predictor, without the source view, and as in the released code."""

from dataclasses import replace
from typing import Literal

from ..statistics.metric_info import FRACTION, MetricInfo

HITS = {"h1": 1, "h2": 2, "h5": 5, "h10": 10}
"""Metric -> number of first ranks that count."""
_CUTOFFS = {1: "first", 2: "in the top 2", 5: "in the top 5", 10: "in the top 10"}
_RANK = MetricInfo("", "", within=FRACTION, floor="a random order", ceiling="1")
_POSE = MetricInfo("", "", higher=False, within=FRACTION, floor="a random view", ceiling="0")


def _ranks(suffix: str, title: str, among: str, column: bool, split: Literal["val", "train"]) -> dict[str, MetricInfo]:
    """Describe MRR and H@k. suffix, title : ends of names and titles; among : candidates, in words"""
    infos = {
        "mrr": replace(_RANK, title="MRR", about="1 / rank of the target view, on average", column=column),
        **{
            name: replace(
                _RANK, title=f"H@{k}", about=f"share of target views ranked {_CUTOFFS[k]}", column=column and k == 1
            )
            for name, k in HITS.items()
        },
    }
    return {
        f"{name}{suffix}": replace(
            info,
            title=f"{info.title}{title}",
            about=f"{info.about} among {among}, by the method's predictor",
            split=split,
        )
        for name, info in infos.items()
    }


STRICT = {
    **_ranks("", "", "the object's other views", column=True, split="val"),
    "pre": replace(
        _POSE,
        title="PRE",
        about="error of the pose of the val view that is nearest to the predictor's output: "
        "1 - <q, q'>² of the quaternions; 0 if right",
    ),
}

RELEASED = {
    **_ranks("_released", " as released", "all views of the object, with the source", column=True, split="val"),
    "pre_released": replace(
        _POSE, title="PRE as released", about="pose error of the val view nearest to the prediction, with the source"
    ),
    "pre_all_released": replace(
        _POSE, title="PRE val-all as released", column=False,
        about="pose error of the view of either split nearest to the prediction, with the source",
    ),
    **_ranks(
        "_train_released", " train-train as released", "all views of the train object, with the source", column=False,
        split="train",
    ),
    "pre_train_released": replace(
        _POSE, title="PRE train-train as released", column=False, split="train",
        about="pose error of the train view nearest to the prediction for a train view, with the source",
    ),
}  # fmt: skip
