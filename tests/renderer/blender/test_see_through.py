"""Objects with transparent faces: their noisy denoiser guides are filtered, exact guides of other objects are not."""

import blender_probe
import pytest
from probing import run

from iebench.renderer.sources import ObjectRef

pytestmark = pytest.mark.slow

SQUARES = """mtllib box.mtl
v -.1 -1 0
v .1 -1 0
v .1 1 0
v -.1 1 0
v -.1 -1 1
v .1 -1 1
v .1 1 1
v -.1 1 1
vt 0 0
usemtl solid
f 1/1 2/1 3/1 4/1
usemtl {second}
f 5/1 6/1 7/1 8/1
"""
MATERIALS = """newmtl solid
Kd .8 .2 .2
newmtl opaque
Kd .2 .8 .2
d 1
newmtl half
Kd .2 .2 .8
d 0.5
newmtl holes
Kd .2 .2 .8
map_d holes.png
"""


@pytest.fixture
def square(tmp_path):
    """Return a function that writes two squares, the second of a given material, and returns their reference."""
    from PIL import Image

    (tmp_path / "box.mtl").write_text(MATERIALS)
    Image.new("L", (4, 4), 128).save(tmp_path / "holes.png")

    def write(second: str) -> ObjectRef:
        (tmp_path / "box.obj").write_text(SQUARES.format(second=second))
        return ObjectRef("02773838", second, "bag", 0, "train", str(tmp_path / "box.obj"), folder=str(tmp_path))

    return write


@pytest.mark.parametrize("second", ["half", "holes"])
def test_the_guides_around_a_see_through_object_are_filtered_and_those_of_the_ground_are_not(blender, square, second):
    assert run(blender, blender_probe.prefilters, square(second)) == ["ACCURATE", "NONE"]


@pytest.mark.parametrize("second", ["solid", "opaque"])
def test_guides_of_an_opaque_object_are_exact_whatever_its_unused_materials(blender, square, second):
    assert run(blender, blender_probe.prefilters, square(second)) == ["NONE", "NONE"]
