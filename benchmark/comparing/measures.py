"""Descriptions of the measures of a comparison: titles, meanings and floors."""

from ..statistics.metric_info import MetricInfo

SIMILARITY = {
    "linear_cka": MetricInfo(
        "linear CKA", "share of the products of two views' features that both encoders have; 1: equal up to a rotation "
        "and a scale", within=(0.0, 1.0), floor="features of other objects",
    ),
    "procrustes_degrees": MetricInfo(
        "Procrustes angle, °", "angle between the clouds of features after the best rotation and scale; 0: equal",
        higher=False, digits=1, within=(0.0, 90.0), floor="features of other objects",
    ),
    "rsa": MetricInfo(
        "RSA", "rank correlation of the distances between objects: both encoders find the same objects alike",
        within=(-1.0, 1.0), floor="0, distances that are unrelated",
    ),
    "rsa_topological": MetricInfo(
        "RSA, geo-topological", "the same with small distances set to 0 and large ones to 1: neighbours and groups "
        "alone count", within=(-1.0, 1.0), floor="0, distances that are unrelated",
    ),
    "relative_cosine": MetricInfo(
        "relative cosine", "cosine of the two descriptions of a view by its cosines to the same anchors",
        within=(-1.0, 1.0), floor="a view of another object",
    ),
    "relative_mrr": MetricInfo(
        "relative MRR", "reciprocal rank of a view among one view of every object, when one encoder's relative "
        "representation is searched for in the other's", within=(0.0, 1.0), floor="a random order",
    ),
}  # fmt: skip
"""Measures of both encoders together."""

KINDS = {"rank": "", "topological": ", geo-topological"}
"""Kinds of an encoder's agreement with a factor: as the distances are, and after the geo-topological transform."""

STITCHING = {
    "class_top1": MetricInfo("class, top-1 %", "views whose class a linear head names", factor=100, digits=1, unit="%"),
    "pose_degrees": MetricInfo(
        "pose, mean °", "angle between the pose that a linear head predicts and the true one", higher=False, digits=1
    ),
}
"""Heads on relative representations."""


def agreement_about(factor: str) -> str:
    """Return the meaning of an encoder's agreement with a factor."""
    if factor == "class":
        return "rank correlation of the distance to another object with the classes' being different"
    words = "angle of the rotation" if factor == "rotation" else f"change of the {factor.replace('_', ' ')}"
    return f"rank correlation of the distance between two views of an object with the {words} between them"
