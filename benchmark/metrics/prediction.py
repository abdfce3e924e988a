"""Metrics of retrieval by a method's own predictor, without the source view, and as in the released code."""

from dataclasses import replace

from ..statistics.metric_info import FRACTION, MetricInfo

HITS = {"h1": 1, "h2": 2, "h5": 5, "h10": 10}
"""Metric -> number of first places that count."""
_WORDS = {1: "first", 2: "among the first two", 5: "among the first five", 10: "among the first ten"}
_RANK = MetricInfo("", "", within=FRACTION, floor="a random order", ceiling="1")
_POSE = MetricInfo("", "", higher=False, within=FRACTION, floor="a random view", ceiling="0")

STRICT = {
    "mrr": replace(
        _RANK, title="MRR", about="predictor: reciprocal rank of the right view among the object's other views"
    ),
    **{
        name: replace(
            _RANK, title=f"H@{k}", column=k == 1,
            about=f"predictor: the right view {'comes' if k == 1 else 'is'} {_WORDS[k]}",
        )
        for name, k in HITS.items()
    },
    "pre": replace(_POSE, title="PRE", about="predictor: pose error of the nearest val embedding, 0 to 1"),
}  # fmt: skip

RELEASED = {
    "mrr_released": replace(
        _RANK, title="MRR as released", about="the same with the source view among the queries and the candidates"
    ),
    **{
        f"{name}_released": replace(
            _RANK, title=f"H@{k} as released", column=k == 1,
            about=f"the right view {'comes' if k == 1 else 'is'} {_WORDS[k]}, the source included",
        )
        for name, k in HITS.items()
    },
    "pre_released": replace(
        _POSE, title="PRE as released", about="pose error of the nearest val embedding, the source included"
    ),
    "pre_all_released": replace(
        _POSE, title="PRE val-all as released", about="the same with the nearest embedding of both splits", column=False
    ),
    **{
        f"{name}_train_released": replace(
            _RANK, title=f"{title} train-train as released", column=False, split="train",
            about="the same as released, on views of the train split",
        )
        for name, title in (("mrr", "MRR"), *((name, f"H@{k}") for name, k in HITS.items()))
    },
    "pre_train_released": replace(
        _POSE, title="PRE train-train as released", column=False, split="train",
        about="the same, with queries and candidates from the train split",
    ),
}  # fmt: skip
