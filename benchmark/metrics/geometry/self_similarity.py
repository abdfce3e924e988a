"""Metrics of the spatial structure of maps: how alike near positions are, beside far ones."""

from ...statistics.metric_info import MetricInfo

SELF_SIMILARITY = {
    "self_similarity": MetricInfo(
        "near against far in a map", "how much more alike neighbouring positions of an encoder's map are than "
        "positions at least half the map apart: difference of the mean cosines; 0: the map has no spatial structure",
        column=False, ranked=False, within=(-2.0, 2.0),
        floor="0, a constant map, or positions in random order",
    ),
}  # fmt: skip
