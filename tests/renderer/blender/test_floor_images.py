"""Images of the floor: listed with their hashes, or refused in one sentence before anything is rendered."""

import io
import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.errors import SettingError
from iebench.manifests.laws import Whole
from iebench.manifests.recipe import FloorImages, ImageFile, Recipe, load
from iebench.renderer import RenderRequest
from iebench.renderer.blender import floor_images
from iebench.renderer.blender.floor_images import listed_images, located_images, read_image
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.proof.rerender import Origin
from iebench.renderer.proof.verify import verify
from iebench.renderer.rendering.planning import planned
from iebench.renderer.rendering.render import render_dataset

RECIPE = """
extends = "factors/floor-image"
name = "mine"
resolution = 32
views = 8
[scene.floor.images]
folder = "floors"
[[factors]]
name = "floor_image"
law = { kind = "whole", low = 0, high = 2 }
"""


@pytest.fixture
def floors(tmp_path, monkeypatch):
    """A folder of two images beside a recipe mine.toml, which is not in the current folder."""
    home = tmp_path / "home"
    (home / "floors").mkdir(parents=True)
    (home / "mine.toml").write_text(RECIPE)
    Image.new("RGB", (6, 4), (200, 100, 50)).save(home / "floors" / "b.png")
    Image.new("RGB", (4, 4), (10, 20, 30)).save(home / "floors" / "a.bmp")
    monkeypatch.chdir(tmp_path)
    load.cache_clear()
    return home / "floors"


def plan(**changes):
    return planned(RenderRequest(recipe="home/mine.toml", classes=2, objects_per_class=2, out="out", **changes))


def test_the_plan_lists_names_and_hashes_in_the_order_of_names_and_no_folder(floors):
    recipe = plan().plan.recipe
    table = recipe.as_dict()["scene"]["floor"]["images"]
    assert [file["name"] for file in table["files"]] == ["a.bmp", "b.png"]
    assert [file["sha256"] for file in table["files"]] == [
        sha256((floors / file["name"]).read_bytes()).hexdigest() for file in table["files"]
    ]
    assert str(floors.parent) not in str(recipe.as_dict())
    assert Recipe.from_dict(recipe.as_dict(), "copy").digest == recipe.digest


def test_the_choice_is_a_latent_of_seed_object_and_view(floors):
    first, second, other = plan(seed=1).plan, plan(seed=1).plan, plan(seed=2).plan
    numbers = [[p.views(ref).latents["floor_image"] for ref in p.objects] for p in (first, second, other)]
    assert numbers[0] == numbers[1] != numbers[2]
    assert {value for views in numbers[0] for value in views} == {0.0, 1.0, 2.0}


def test_the_same_images_elsewhere_are_the_same_dataset_and_other_images_are_another(floors, tmp_path):
    before = plan().plan.identity()
    floors.parent.rename(tmp_path / "moved")
    (tmp_path / "home").symlink_to("moved")
    load.cache_clear()
    assert plan().plan.identity() == before
    Image.new("RGB", (4, 4)).save(floors / "a.bmp")
    assert plan().plan.identity() != before


def test_files_that_are_no_images_are_named_and_left_out(floors):
    (floors / "LICENCE.txt").write_text("mine")
    (floors / ".hidden").write_text("")
    (floors / "more").mkdir()
    job = plan()
    assert [file.name for file in job.plan.recipe.scene.floor.images.files] == ["a.bmp", "b.png"]
    assert job.notes[0] == f"2 files in {floors} are left out because they are not images: LICENCE.txt, more"


def huge(path):
    Image.new("1", (floor_images.MOST_PIXELS // 1000 + 1, 1000)).save(path)


def bomb(path):
    """A PNG whose head says 100,000 x 100,000 pixels."""
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "PNG")
    content = bytearray(buffer.getvalue())
    content[16:24] = (100_000).to_bytes(4, "big") * 2
    from zlib import crc32

    content[29:33] = crc32(content[12:29]).to_bytes(4, "big")
    path.write_bytes(content)


def cut_short(path):
    Image.effect_noise((64, 64), 50).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:500])


@pytest.mark.parametrize(("make", "words"), [
    (lambda path: path.write_text("<!DOCTYPE html><p>Not found</p>"), "is not an image, or a damaged one: replace "),
    (lambda path: path.write_bytes(b""), "is not an image, or a damaged one"),
    (cut_short, "is not an image, or a damaged one"),
    (huge, "has 16,778 x 1,000 pixels, over the limit of 16,777,216: make it smaller"),
    (bomb, "has more pixels than the limit of 16,777,216"),
    (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n"), "Git LFS"),
    (lambda path: path.mkdir(), "is not a file"),
    (os.mkfifo, "is not a file"),
    (lambda path: path.symlink_to("nowhere"), "cannot read"),
    (lambda path: path.symlink_to("/etc/hostname"), "leads out of its source by a symbolic link"),
], ids=["html", "empty", "cut", "huge", "bomb", "lfs", "folder", "pipe", "dangling", "outside"])  # fmt: skip
def test_a_file_that_is_no_image_is_refused(floors, make, words):
    make(floors / "c.jpg")
    with pytest.raises(SettingError) as error:
        plan()
    assert words in str(error.value) and "c.jpg" in str(error.value) and "\n" not in str(error.value)


def test_a_name_that_no_table_can_hold_is_refused(floors):
    (floors / "a.bmp").rename(floors / os.fsdecode(b"\xff.bmp"))
    with pytest.raises(SettingError, match=r"\\xff.bmp holds .*: rename the file"):
        plan()


@pytest.mark.parametrize(("change", "words"), [
    (lambda folder: [path.unlink() for path in folder.iterdir()], "holds no image: put files there that end in .bmp"),
    (lambda folder: folder.rename(folder.with_name("other")), "no such folder: "),
    (lambda folder: (folder.rename(folder.with_name("other")), folder.write_text("")), "is a file: give a folder"),
    (lambda folder: (folder / "b.png").unlink(), "floor_image reaches from 0 to 2, but floor.image takes values from 0 "
                                                 "to 1 (number): change its law"),
], ids=["empty", "missing", "file", "few"])  # fmt: skip
def test_an_unusable_folder_is_refused(floors, change, words):
    change(floors)
    with pytest.raises(SettingError) as error:
        plan()
    assert str(error.value).startswith("home/mine.toml: ") and words in str(error.value)


def test_a_folder_that_cannot_be_read_is_refused(floors, monkeypatch):
    real = Path.iterdir

    def denied(path):
        if path == floors:
            raise PermissionError(13, "whatever", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(SettingError, match=r"Permission denied.*give this account the right to read it"):
        plan()


def test_a_factor_without_a_folder_and_a_folder_without_a_factor_are_refused(floors):
    recipe = load("home/mine.toml")
    bare = replace(recipe, scene=replace(recipe.scene, floor=load().scene.floor))
    with pytest.raises(SettingError, match=r"floor_image acts on floor.image, .* add scene.floor.images.folder"):
        listed_images(bare, "mine")
    with pytest.raises(SettingError, match=r"images of the floor and no factor that acts on floor\.image"):
        listed_images(replace(recipe, factors=recipe.factors[:-1]), "mine")
    assert listed_images(load(), "3diebench") == (load(), [])


def test_pixels_are_upright_and_of_8_bits_whatever_the_file(tmp_path):
    def stored(name, image, **options):
        image.save(tmp_path / name, **options)
        file = ImageFile(name, sha256((tmp_path / name).read_bytes()).hexdigest())
        return read_image(FloorImages(str(tmp_path), files=(file,)), 0)

    deep = Image.fromarray(np.array([[0, 257 * 80, 65535]], np.uint16))
    assert stored("deep.png", deep)[0, :, 0].tolist() == [0, 80, 255]
    clear = Image.new("RGBA", (1, 1), (0, 0, 0, 0))
    assert stored("clear.png", clear).tolist() == [[[255, 255, 255]]]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    assert stored("turned.tif", Image.new("RGB", (4, 2)), exif=exif).shape == (4, 2, 3)
    assert stored("print.jpg", Image.new("CMYK", (8, 8), (0, 255, 255, 0))).mean((0, 1)) == pytest.approx(
        [255, 0, 0], abs=3
    )


def test_an_image_that_changes_after_the_plan_is_never_rendered(floors):
    images = plan().plan.recipe.scene.floor.images
    Image.new("RGB", (4, 4), "red").save(floors / "a.bmp")
    with pytest.raises(SettingError, match=r"a\.bmp is not the image that the dataset lists"):
        read_image(images, 0)
    (floors / "b.png").unlink()
    with pytest.raises(SettingError, match=r"cannot read .*b\.png \(no such file\)"):
        read_image(images, 1)


@pytest.mark.slow
def test_a_dataset_is_rendered_again_from_the_folder_that_is_given(floors, tmp_path):
    render_dataset(plan().plan, tmp_path / "out", workers=1, backend=FAKE)
    info = DatasetInfo.load(tmp_path / "out")
    assert [file.name for file in info.recipe.scene.floor.images.files] == ["a.bmp", "b.png"]
    assert (
        "The floor shows 2 images, whose names and SHA-256 are in dataset.json."
        in (tmp_path / "out/README.md").read_text()
    )
    words = r"shows 2 images \(a.bmp, b.png\), which iebench does not ship: give the folder .* with --images FOLDER$"
    with pytest.raises(SettingError, match=words):
        verify(tmp_path / "out", 1, rerender=2)
    assert verify(tmp_path / "out", 1, rerender=2, origin=Origin(images=floors)).ok
    with pytest.raises(SettingError, match=r"cannot read .*a\.bmp \(no such file\)"):
        located_images(info.recipe, tmp_path)


@pytest.mark.parametrize("name", ["factors/floor-image", "home/other.toml"])
def test_images_that_iebench_ships_are_in_their_folder_when_none_is_given(floors, name):
    """The recipe's own name does not matter: the bytes do."""
    (floors.parent / "other.toml").write_text('extends = "factors/floor-image"\nname = "other"')
    recipe = listed_images(load(name), name)[0]
    stored = Recipe.from_dict(recipe.as_dict(), "dataset.json")
    assert not stored.scene.floor.images.folder and located_images(stored, None) == recipe
    with pytest.raises(SettingError, match=r"cannot read .*carpet\.jpg \(no such file\)"):
        located_images(stored, floors)  # a folder that is given is the only one


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", ""])
def test_a_listed_name_never_leaves_the_folder(name):
    table = load("factors/floor-image").as_dict()
    table["scene"]["floor"]["images"]["files"] = [{"name": name, "sha256": "0" * 64}]
    with pytest.raises(SettingError, match="is not the name of a file"):
        Recipe.from_dict(table, "mine")


def test_more_images_than_a_law_can_count_are_refused(floors, monkeypatch):
    monkeypatch.setattr(floor_images, "MOST_FILES", 1)
    with pytest.raises(SettingError, match="holds 2 images: keep 1 at most"):
        plan()


def test_the_law_of_the_example_counts_its_images():
    recipe, notes = listed_images(load("factors/floor-image"), "example")
    files = recipe.scene.floor.images.files
    assert recipe.factors[-1].law == Whole(0, len(files)) and not notes
    assert [Path(file.name).stem for file in files] == ["carpet", "gravel", "planks", "tiles"]
