"""Metrics of oracles that know the objects' symmetries: the same for every encoder of a dataset."""

from ...statistics.metric_info import MetricInfo


def _ceiling(title: str, sees: str) -> MetricInfo:
    return MetricInfo(
        title, "R² of the rotation between two views by an oracle that knows both poses up to rotations that keep "
        f"{sees}", column=False, ranked=False, within=(None, 1.0), floor="the mean target of train",
        over_objects="joint",
    )  # fmt: skip


CEILINGS = {
    "ceiling_shape": _ceiling("rotation ceiling, shape", "the object's shape"),
    "ceiling_colour": _ceiling("rotation ceiling, shape and colour", "the object's shape and colours"),
}
