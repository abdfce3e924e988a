"""Metrics of a predicted distribution over the poses of a view."""

from ...statistics.metric_info import FRACTION, MetricInfo

NEAR = (15, 30)  # degrees
UNIFORM = "uniform over the recipe's range of poses"
ORACLE = "an oracle that knows the pose up to the object's symmetries, at the grid's resolution"

POSES = {
    "pose_log_likelihood": MetricInfo(
        "pose log-likelihood", "logarithm of the probability density of the true pose, by a probe that predicts a "
        "distribution over poses, above that of a uniform one; in nats", digits=2, column=False, ranked=False,
        within=(None, None), unit="nats", floor=f"0, {UNIFORM}", ceiling=ORACLE,
    ),
    "pose_entropy": MetricInfo(
        "pose entropy", "entropy of the predicted distribution over poses, 0 for a uniform one; low: sure of the pose; "
        "log n higher: n poses in place of one", digits=2, column=False, ranked=False, within=(None, 0.0), unit="nats",
        floor=f"0, {UNIFORM}", ceiling=ORACLE,
    ),
    **{
        f"pose_mass_{near}": MetricInfo(
            f"pose probability within {near}° %", f"probability that the predicted distribution gives to poses within "
            f"{near} degrees of any pose that looks like the true one", factor=100, digits=1, column=False,
            ranked=False, within=FRACTION, unit="%", floor=UNIFORM, ceiling="1",
        )
        for near in NEAR
    },
}  # fmt: skip
