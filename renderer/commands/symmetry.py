"""The command `iebench symmetry`."""

from collections import Counter
from pathlib import Path

import click

from iebench.manifests.common.machine import check_processes, cores
from iebench.manifests.shell.answers import answers, reply
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import dataset_argument, workers_option
from iebench.manifests.symmetry import TABLE


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench symmetry data/builtin",
        "iebench symmetry data/builtin --tolerance 5    # a can counts as round in spite of its tab and emblem",
        "iebench symmetry data/3diebench --source ShapeNetCore.v2",
        "iebench symmetry data/builtin && iebench score --data data/builtin    # with upper bounds for rotation",
    ),
)
@dataset_argument
@click.option("--source", metavar="PATH", help="Source of the objects; not needed for built-in objects.")
@click.option(
    "--tolerance", type=click.FloatRange(0.1, 20), default=2.0, metavar="PERCENT", show_default=True,
    help="Largest distance between the rotated and the original surface, in percent of the object's diagonal.",
)  # fmt: skip
@workers_option
@answers(json=True)
def symmetry(dataset: Path, source: str | None, tolerance: float, workers: int | None, as_json: bool) -> int:
    """Find the rotational symmetries of a dataset's objects.

    They are computed from the meshes and written into the dataset as symmetry.parquet. Scores on the dataset then
    contain upper bounds for rotation, and a rotation error that treats poses with the same appearance as equal. Only
    the shape that is seen from outside is analysed: material and texture may distinguish poses in which the shape looks
    the same.
    """
    from ..symmetry.run import write_symmetries

    rows = write_symmetries(dataset, source, check_processes(workers or cores(), "--workers"), tolerance / 100)
    kinds = Counter(_word(row) for row in rows)
    shown = ", ".join(f"{count} {word}" for word, count in kinds.most_common())
    table = {"file": dataset / TABLE, "objects": len(rows), "kinds": kinds}
    reply(as_json, table, [f"{dataset / TABLE}: {len(rows)} objects: {shown}"])
    return 3 if any(row["kind"] is None for row in rows) else 0


def _word(row: dict[str, object]) -> str:
    if row["kind"] == "finite":
        return "without symmetry" if row["order"] == 1 else f"of order {row['order']}"
    return {"axial": "axial", "sphere": "round", None: "not readable"}[row["kind"]]  # type: ignore[index]
