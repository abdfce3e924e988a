"""The command `iebench symmetry`."""

from collections import Counter
from pathlib import Path

import click

from iebench.manifests.common.machine import check_processes, cores
from iebench.manifests.folder.checksums import INFO, SUMS
from iebench.manifests.schema import COLOUR_PREFIX
from iebench.manifests.shell.answers import Forecast, answers, reply
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
@click.option(
    "--colour", type=click.FloatRange(0, 300), default=15.0, metavar="DELTA", show_default=True,
    help="Largest difference between the rotated and the original colour, as a distance in CIE L*a*b*: 2 is just "
    "visible, 100 is black to white.",
)  # fmt: skip
@workers_option
@answers(json=True, dry_run=True)
def symmetry(
    dataset: Path, source: str | None, tolerance: float, colour: float, workers: int | None, as_json: bool,
    dry_run: bool,
) -> int:  # fmt: skip
    """Find the rotational symmetries of a dataset's objects.

    They are computed from the meshes and written into the dataset as symmetry.parquet. Scores on the dataset then
    contain upper bounds for rotation, and a rotation error that treats poses with the same appearance as equal.
    Each object has two groups: rotations that keep its shape, as seen from outside, and those that keep its colours
    too. A can is round in shape, and its print is not.
    """
    from ..symmetry.run import TRIAL, rendered_objects, seconds_per_object, write_symmetries

    processes = check_processes(workers or cores(), "--workers")
    if dry_run:
        refs = rendered_objects(dataset, source)
        each = seconds_per_object(refs, tolerance / 100, colour)
        Forecast(
            reads=[str(dataset / "objects.parquet"), source or "built-in objects"],
            writes=[str(dataset / name) for name in (TABLE, SUMS, INFO)],
            work=f"{len(refs)} objects, {processes} at a time",
            folder=dataset,
            seconds=len(refs) * each / processes,
            basis=f"the mean of {min(TRIAL, len(refs))} objects",
        ).show(as_json)
        return 0
    rows = write_symmetries(dataset, source, processes, tolerance / 100, colour)
    kinds, colours = (Counter(_word(row, prefix) for row in rows) for prefix in ("", COLOUR_PREFIX))
    table = {"file": dataset / TABLE, "objects": len(rows), "kinds": kinds, "kinds_with_colour": colours}
    lines = [
        f"{dataset / TABLE}: {len(rows)} objects",
        *(f"{name}: {', '.join(f'{count} {word}' for word, count in of.most_common())}"
          for name, of in (("shape", kinds), ("shape and colour", colours))),
    ]  # fmt: skip
    reply(as_json, table, lines)
    return 3 if any(row["kind"] is None for row in rows) else 0


def _word(row: dict[str, object], prefix: str) -> str:
    kind, order = row[f"{prefix}kind"], row[f"{prefix}order"]
    if kind == "finite":
        return "without symmetry" if order == 1 else f"of order {order}"
    return {"axial": "axial", "sphere": "round", None: "not readable"}[kind]  # type: ignore[index]
