"""Comparison of our images with those of Blender 3, which rendered the published data.

    python tests/helpers/shapenet_real.py meshes
    python -m iebench.renderer.parity.blender3 meshes/*/models/*.obj --sheets sheets

Needs a Blender 3 on the path (Debian 12 has 3.4.1: `apt-get install --no-install-recommends blender python3-numpy`).
"""

from pathlib import Path

import click

from iebench.manifests.recipe import load
from iebench.manifests.shell.cli import SETTINGS

from ..comparing.compare import show
from ..comparing.views import jobs, render_ours
from .external import render_external

SCENE = Path(__file__).with_name("blender3_scene.py")
PROGRAM = ["blender", "-b", "--python-exit-code", "1", "--python", str(SCENE), "--"]


@click.command(context_settings=SETTINGS)
@click.argument("meshes", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--views", default=3, help="Views of each mesh.")
@click.option("--seed", default=0, help="Seed of the latents.")
@click.option("--quality", default="reference", help="Quality of iebench's images.")
@click.option(
    "--importer",
    type=click.Choice(["python", "c++"]),
    default="python",
    help="Importer of Blender 3: the older in Python, or the newer in C++.",
)
@click.option("--sheets", type=click.Path(path_type=Path), help="Folder for one PNG per mesh.")
def main(meshes: tuple[Path, ...], views: int, seed: int, quality: str, importer: str, sheets: Path | None) -> None:
    """Compare images of some OBJ files: iebench's renderer against Blender 3."""
    recipe = load()
    todo = jobs(recipe, meshes, views, seed)
    references = render_external(recipe, todo, PROGRAM, importer)
    show(todo, render_ours(recipe, quality, todo), references, sheets)


if __name__ == "__main__":
    main()
