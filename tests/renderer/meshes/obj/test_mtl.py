"""Material libraries: keywords in any case; opacity maps with and without alpha, standard and as in ShapeNet."""

import meshes
import numpy as np
import pytest
from cleaning import ref_to
from PIL import Image

from iebench.manifests.recipe import Materials
from iebench.renderer.meshes.clean import clean_copy
from iebench.renderer.meshes.shared.textures import WEIGHTS

LEVELS = np.linspace(0, 255, 16).round().astype(np.uint8).reshape(4, 4)
COLOR = np.dstack([LEVELS, LEVELS.T, LEVELS[::-1]])
LUMINANCE = COLOR.astype(float) @ WEIGHTS


def opacity(folder, lines, map_d="opacity"):
    """Return alpha, in [0, 255], of the clean copy's image for an opacity map; None if there is no image."""
    path = meshes.write_wall(folder, f"newmtl w\n{lines}\n")
    with clean_copy(ref_to(path), Materials(map_d)) as mesh:
        library = mesh.path.with_suffix(".mtl").read_text().splitlines()
        names = [line.split()[-1] for line in library if line.startswith("map_d ")]
        return np.asarray(Image.open(mesh.path.parent / names[0]))[..., 3] if names else None


def palette(alpha):
    image = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4), "P")
    image.putpalette(COLOR.reshape(-1).tolist())
    if alpha:
        image.info["transparency"] = bytes(LEVELS.reshape(-1).tolist())
    return image


IMAGES = {
    "grey": (Image.fromarray(LEVELS), LEVELS),
    "rgb": (Image.fromarray(COLOR), LUMINANCE),
    "one bit": (Image.fromarray(LEVELS > 127), 255 * (LEVELS > 127)),
    "palette": (palette(alpha=False), LUMINANCE),
    "palette with alpha": (palette(alpha=True), LEVELS),
    "grey and alpha": (Image.fromarray(np.dstack([LEVELS.T, LEVELS]), "LA"), LEVELS),
    "rgba": (Image.fromarray(np.dstack([COLOR, LEVELS])), LEVELS),
    "16 bits": (Image.fromarray(LEVELS.astype(np.uint16) * 257), LEVELS),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_an_opacity_map_is_its_alpha_channel_or_else_its_luminance(tmp_path, kind):
    image, expected = IMAGES[kind]
    image.save(tmp_path / "o.png")
    for lines in ("map_d o.png", "map_d -clamp on -s 2 2 2 -imfchan l o.png", "MAP_D o.png", "map_D\to.png"):
        assert opacity(tmp_path, lines) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("kind", IMAGES)
def test_an_opacity_map_beside_other_maps_is_inverted_as_by_the_shapenet_loader(tmp_path, kind):
    image, plain = IMAGES[kind]
    image.save(tmp_path / "o.png")
    meshes.write_image(tmp_path / "c.png")
    with Image.open(tmp_path / "o.png") as saved:
        rgb = np.asarray(saved.convert("RGBA"))[..., :3] if kind != "16 bits" else np.dstack([LEVELS] * 3)
    turned = 255 - rgb.astype(float) @ WEIGHTS
    assert opacity(tmp_path, "map_d o.png", "shapenet") == pytest.approx(plain, abs=1)
    for lines in ("map_Kd c.png\nmap_d o.png", "map_d o.png\nmap_Kd o.png", "map_d o.png\nmap_Bump gone.png"):
        assert opacity(tmp_path, lines, "shapenet") == pytest.approx(turned, abs=1)
        assert opacity(tmp_path, lines) == pytest.approx(plain, abs=1)
    for lines in ("map_Ka c.png\nmap_d o.png", "map_d o.png\nnewmtl other\nmap_Kd c.png"):
        assert opacity(tmp_path, lines, "shapenet") == pytest.approx(plain, abs=1)


def test_a_missing_opacity_map_is_reported(tmp_path):
    path = meshes.write_wall(tmp_path, "newmtl w\nmap_d gone.png\n")
    with clean_copy(ref_to(path)) as mesh:
        assert mesh.missing == ("gone.png",)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("KD 1 0 0", "Kd 1 0 0"),
        ("\tkd\t1 0 0", "Kd 1 0 0"),
        ("NS 10", "Ns 10"),
        ("D 0.5", "d 0.5"),
        ("d -halo 0.5", "d 0.5"),
        ("TR 0.5", "Tr 0.5"),
        ("map_KD a.png", "map_Kd t0.png"),
        ("map_bump a.png", "map_Bump t0.png"),
        ("# Kd 1 0 0", "# Kd 1 0 0"),
    ],
)
def test_keywords_of_any_case_are_those_that_blender_knows(tmp_path, line, kept):
    meshes.write_image(tmp_path / "a.png")
    path = meshes.write_wall(tmp_path, f"NewMtl w\n{line}\n")
    with clean_copy(ref_to(path)) as mesh:
        assert mesh.path.with_suffix(".mtl").read_text().splitlines() == ["newmtl w", kept]


@pytest.mark.parametrize(
    ("lines", "count"), [("Tr 0.5", 1), ("Tr 0.5\nd 0.5", 0), ("Tr 0.000", 0), ("Tr 1\nnewmtl b\ntr 1", 2)]
)
def test_transparency_that_is_not_drawn_is_noted(tmp_path, lines, count):
    with clean_copy(ref_to(meshes.write_wall(tmp_path, f"newmtl w\n{lines}\n"))) as mesh:
        note = f"Tr of {count} materials is ignored, only d is read: they are drawn opaque"
        assert mesh.notes == ((note,) if count else ())
