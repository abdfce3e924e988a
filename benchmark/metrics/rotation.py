"""Metrics of predicted rotations: between two views, and the pose of one view."""

from dataclasses import replace
from typing import Literal

from ..statistics.metric_info import DEGREES, FRACTION, MetricInfo

CONSTANT = "the best constant rotation"
NEAR = (15, 30)  # degrees


def angles(name: str, about: str, views: Literal[1, 2]) -> dict[str, MetricInfo]:
    """Describe the metrics of rotations of one view or between two; those of two have columns and an oracle."""
    title, two = name.replace("_", " "), views == 2
    r2 = MetricInfo(
        "", "", within=(None, 1.0), over_objects="joint", floor="the mean target of train", column=two,
        ceiling="the oracle that knows the objects' symmetries" if two else "",
    )  # fmt: skip
    angle = MetricInfo("", "", higher=False, digits=1, within=DEGREES, unit="°", floor=CONSTANT)
    near = MetricInfo("", "", factor=100, digits=1, column=False, within=FRACTION, unit="%", floor=CONSTANT)
    infos = {
        "r2_pooled": replace(
            r2, title=f"{title} R² pooled", about=f"{about}: R² against one mean of all components", r2="pooled"
        ),
        "r2_mean": replace(
            r2, title=f"{title} R² mean", about=f"{about}: mean R² of the components; a constant scores 0", r2="mean"
        ),
        "degrees_mean": replace(
            angle, title=f"{title} error °", about=f"{about}: mean angle to the true one", column=two
        ),
        "degrees_median": replace(
            angle, title=f"{title} error ° median", about=f"{about}: median angle to the true one",
            column=False, over_objects="median",
        ),
        **{
            f"within_{most}": replace(
                near, title=f"{title} within {most}° %", about=f"{about}: share of angles of at most {most} degrees"
            )
            for most in NEAR
        },
    }  # fmt: skip
    if two:
        infos["degrees_symmetric"] = replace(
            angle, title=f"{title} error °, symmetric", column=False, ceiling="0",
            about=f"{about}: mean angle to the nearest rotation that looks like the true one",
        )  # fmt: skip
    return {f"{name}_{kind}": info for kind, info in infos.items()}


DECODED = {
    name: info
    for name, info in angles(
        "rotation_decoded", "rotation between two views that the method reads from its embeddings, no probe", views=2
    ).items()
    if not info.r2  # nothing is fitted, and the angle says it all
}
CODE = angles(
    "rotation_code",
    "rotation between two views by a nonlinear probe of the method's label-free code of the pair",
    views=2,
)
ROTATION = angles("rotation", "rotation between two views by a nonlinear probe of both", views=2)
ROTATION_COMPOSED = angles(
    "rotation_composed", "rotation between two views, composed from linear predictions for each", views=2
)
POSE = angles("pose", "pose of one view by a nonlinear probe", views=1)
POSE_LINEAR = angles("pose_linear", "pose of one view by a linear layer", views=1)
