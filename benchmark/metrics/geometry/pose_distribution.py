"""Metrics of a predicted distribution over the poses of a view."""

from ...statistics.metric_info import FRACTION, MetricInfo

NEAR = (15, 30)  # degrees
UNIFORM = "uniform over the recipe's range of poses"
ORACLE = "an oracle that knows the pose up to the object's symmetries, at the grid's resolution"


def _poses(prefix: str, title: str, source: str) -> dict[str, MetricInfo]:
    """Describe the metrics of a distribution; source : what a view gives to the probe that predicts it."""
    return {
        f"{prefix}_log_likelihood": MetricInfo(
            f"{title} log-likelihood", "how much likelier the true pose is by the distribution over poses that a probe "
            f"predicts from {source} than by chance: log of the ratio; 0: chance, 0.7: twice as likely", digits=2,
            column=False, ranked=False, within=(None, None), unit="nats", floor=f"0, {UNIFORM}", ceiling=ORACLE,
        ),
        f"{prefix}_entropy": MetricInfo(
            f"{title} entropy", f"how unsure the distribution over poses is that a probe predicts from {source}: its "
            "entropy less that of a uniform one; 0: all poses are alike, 0.7 lower: half as many poses remain",
            digits=2, column=False,
            ranked=False, within=(None, 0.0), unit="nats", floor=f"0, {UNIFORM}", ceiling=ORACLE,
        ),
        **{
            f"{prefix}_mass_{near}": MetricInfo(
                f"{title} probability within {near}° %", f"probability that the distribution predicted from {source} "
                f"gives to poses within {near} degrees of any pose that looks like the true one", factor=100, digits=1,
                column=False, ranked=False, within=FRACTION, unit="%", floor=UNIFORM, ceiling="1",
            )
            for near in NEAR
        },
        f"{prefix}_entropy_auroc": MetricInfo(
            f"{title} entropy: AUROC", f"chance that the entropy of the distribution predicted from {source} is larger "
            "for a view whose pose is wrong (less than half of the probability within 30 degrees) than for one whose "
            "pose is right; 0.5: as often as not", column=False, ranked=False, within=FRACTION,
            floor="0.5, a scalar unrelated to it", over_objects="joint",
        ),
    }  # fmt: skip


POSES = _poses("pose", "pose", "the representation")
MAP_POSES = _poses("map_pose", "pose from the map:", "the last map")
