"""Images of the other renderer: a plain script in another Blender renders a scene and views, described as JSON."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from PIL import Image

from iebench.manifests.recipe import Recipe

from ..comparing.views import Job, Picture


def render_external(
    recipe: Recipe, todo: Sequence[Job], command: Sequence[str], importer: str = "", seed: int = 0, dither: float = 1.0
) -> list[Picture]:
    """Render all views of all jobs, in order, by `command` with the path of the job file appended.

    The scene is the recipe's; the settings are the generator's, except for the random `seed` and the `dither`.

    Raises
    ------
    click.ClickException : the command failed; the message ends with its output.
    """
    with tempfile.TemporaryDirectory(prefix="iebench-parity-") as name:
        folder = Path(name)
        tables = [job.table(folder) for job in todo]
        scene = recipe.as_dict()["scene"]
        task = {"scene": scene, "resolution": recipe.resolution, "samples": 100, "importer": importer, "jobs": tables}
        task |= {"seed": seed, "dither": dither}
        (folder / "task.json").write_text(json.dumps(task))
        result = subprocess.run([*command, str(folder / "task.json")], check=False, capture_output=True, text=True)
        if result.returncode:
            raise click.ClickException(f"{command[0]} failed: {result.stdout[-2000:]} {result.stderr[-2000:]}")
        return [np.asarray(Image.open(view["file"]).convert("RGB")) for table in tables for view in table["views"]]
