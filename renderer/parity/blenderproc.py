"""Comparison of our images with those of BlenderProc on bpy 4.2: same latents, and both with the sun of Blender 4.

python3.11 -m venv proc
proc/bin/pip install blenderproc==2.8.0 bpy==4.2.23 'numpy<2' opencv-python-headless
proc/bin/pip install rich trimesh imageio scikit-image scikit-learn pypng gitpython
python -m iebench.renderer.parity.blenderproc meshes/*/models/*.obj --python proc/bin/python
"""

from dataclasses import replace
from pathlib import Path

import click

from iebench.manifests.recipe import Recipe, load
from iebench.manifests.shell.cli import SETTINGS

from ..comparing.compare import show
from ..comparing.views import jobs, render_ours
from .external import render_external

SCENE = Path(__file__).with_name("blenderproc_scene.py")


def proc_recipe() -> Recipe:
    """Return the recipe with Blender 4's sun and shader, which BlenderProc uses on bpy 4.2."""
    recipe = load()
    sun = replace(recipe.scene.sun, profile="cone")
    materials = replace(recipe.scene.materials, diffuse_roughness=0.0)
    return replace(recipe, scene=replace(recipe.scene, sun=sun, materials=materials))


def proc_command(python: str) -> list[str]:
    """Return the command that renders a job with BlenderProc, without the path of the job."""
    return [python, "-P", str(SCENE)]  # -P: this folder contains a blenderproc.py of its own


@click.command(context_settings=SETTINGS)
@click.argument("meshes", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--python", required=True, help="Python with blenderproc 2.8.0 and bpy 4.2.")
@click.option("--views", default=3, help="Views of each mesh.")
@click.option("--seed", default=0, help="Seed of the latents.")
@click.option("--quality", default="reference", help="Quality of iebench's images.")
@click.option("--sheets", type=click.Path(path_type=Path), help="Folder for one PNG per mesh.")
def main(meshes: tuple[Path, ...], python: str, views: int, seed: int, quality: str, sheets: Path | None) -> None:
    """Compare images of some OBJ files: iebench's renderer against BlenderProc."""
    recipe = proc_recipe()
    todo = jobs(recipe, meshes, views, seed)
    references = render_external(recipe, todo, proc_command(python))
    show(todo, render_ours(recipe, quality, todo), references, sheets)


if __name__ == "__main__":
    main()
