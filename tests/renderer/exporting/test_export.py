"""`iebench export sie-folder`: SIE's loaders read the folder, and it reads back to the same dataset."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from plans import plan_of
from scipy.spatial.transform import Rotation

from iebench.benchmark.data.images import Images
from iebench.manifests.reading.samples import Samples
from iebench.manifests.shell.cli import main
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def exported(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny dataset, exported. Read only."""
    folder = tmp_path_factory.mktemp("exported") / "folder"
    assert command("export", "sie-folder", tiny_dataset, folder) == 0
    return folder


class Loader:
    """A stand-in for the loaders of facebookresearch/SIE: reads the folder as those do, with fewer views.

    They take "/SYNSET/OBJECT/" without its first character, and image_I.jpg and latent_I.npy of two views.
    """

    def __init__(self, root: Path, split: str) -> None:
        self.root = root
        self.samples = np.load(root / "data" / f"{split}_images.npy")
        self.labels = np.load(root / "data" / f"{split}_labels.npy")

    def pair(self, index: int, views: tuple[int, int]) -> tuple[list[bytes], np.ndarray, int]:
        folder = self.root / self.samples[index][1:]
        images = [(folder / f"image_{view}.jpg").read_bytes() for view in views]
        first, second = (np.load(folder / f"latent_{view}.npy") for view in views)
        turn = Rotation.from_euler("xyz", first[:3]).inv() * Rotation.from_euler("xyz", second[:3])
        return images, np.concatenate([turn.as_quat(), (second - first)[[3, 6]]]), self.labels[index]


@pytest.mark.parametrize("split", ["train", "val"])
def test_the_authors_loader_reads_pictures_angles_hues_and_labels(
    tiny_dataset: Path, exported: Path, split: str
) -> None:
    images, loader = Images.open(tiny_dataset, split), Loader(exported, split)
    samples = Samples(tiny_dataset, images.info)
    assert len(loader.samples) == len(loader.labels) == len(images) // 6 and loader.labels.dtype == np.int64
    angles = np.stack([images.latents[name] for name in ("rot_x", "rot_y", "rot_z")], 1)
    for index in (0, len(loader.samples) - 1):
        jpegs, latent, label = loader.pair(index, (1, 4))
        first, second = 6 * index + 1, 6 * index + 4
        start = 0 if split == "train" else 144
        assert jpegs == [sample.read() for sample in samples.at([start + first, start + second])]
        turn = Rotation.from_euler("xyz", angles[first]).inv() * Rotation.from_euler("xyz", angles[second])
        hues = [images.latents[name][second] - images.latents[name][first] for name in ("floor_hue", "light_hue")]
        assert np.allclose(latent, [*turn.as_quat(), *hues]) and label == images.labels[first]
    every = np.load(exported / "data" / f"all_latents_{split}.npy")
    assert np.array_equal(every, np.stack(list(images.latents.values()), 1))


def test_it_reads_back_to_the_same_dataset_byte_for_byte(tiny_dataset: Path, exported: Path, tmp_path: Path) -> None:
    assert command("import", "sie-folder", exported, tmp_path / "again") == 0
    assert content(tmp_path / "again") == content(tiny_dataset)


@pytest.mark.slow
def test_passes_read_back_too(tmp_path: Path) -> None:
    plan = plan_of("2", per_class=2, views=2)
    recipe = replace(plan.recipe, passes=("depth", "mask"))
    render_dataset(replace(plan, recipe=recipe), tmp_path / "data", workers=1, backend=FAKE)
    assert command("export", "sie-folder", tmp_path / "data", tmp_path / "out") == 0
    assert len(list((tmp_path / "out").glob("*/*/mask_1.png"))) == 4
    assert command("import", "sie-folder", tmp_path / "out", tmp_path / "again") == 0
    assert content(tmp_path / "again") == content(tmp_path / "data")


def test_an_interrupted_export_is_not_finished_and_continues(
    tiny_dataset: Path, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from iebench.renderer.exporting import folder

    write, out = folder._write_shard, tmp_path / "out"

    def stopped(export: folder.Export, stem: str, meter: object) -> object:
        if stem.startswith("val"):
            raise KeyboardInterrupt
        return write(export, stem, meter)  # type: ignore[arg-type]

    monkeypatch.setattr(folder, "_write_shard", stopped)
    assert command("export", "sie-folder", tiny_dataset, out) == 130
    assert not (out / "data" / "val_images.npy").exists() and (out / "iebench" / "train" / "00000.parquet").exists()
    monkeypatch.undo()
    first = next(out.glob("0*/*/image_0.jpg"))
    before = first.stat().st_mtime_ns
    assert command("export", "sie-folder", tiny_dataset, out) == 0
    assert content(out) == content(exported) and first.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("name", "replacement", "words"),
    [
        ("image_2.jpg", b"another", "image_2.jpg is not the exported picture: export the dataset again"),
        ("image_2.jpg", None, "image_2.jpg"),
        ("latent_3.npy", b"\x93NUMPY", "latent_3.npy is not a NumPy file"),
        ("latent_3.npy", "latent_4.npy", "latent_3.npy does not hold the exported latents"),
    ],
)
def test_a_changed_file_is_named(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, replacement: bytes | str | None,
    words: str,
) -> None:  # fmt: skip
    folder = Path(shutil.copytree(exported, tmp_path / "changed"))
    path = sorted(folder.glob(f"0*/*/{name}"))[0]
    path.unlink()
    if replacement is not None:
        path.write_bytes((path.parent / replacement).read_bytes() if isinstance(replacement, str) else replacement)
    assert command("import", "sie-folder", folder, tmp_path / "again") == 1
    error = capsys.readouterr().err
    assert words in error and "Traceback" not in error
    assert not (tmp_path / "again" / "dataset.json").exists()


def test_other_folders_and_options_are_refused(
    tiny_dataset: Path, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    for arguments, words in (
        (("export", "sie-folder", tiny_dataset, tmp_path / "full"), "is not empty and holds no export"),
        (("import", "sie-folder", exported, tmp_path / "full"), "holds something else"),
        (("import", "sie-folder", tmp_path / "full", tmp_path / "new"), "was not written by `iebench export"),
        (("import", "sie-folder", exported, tmp_path / "new", "--views", 3), "--views is for published data"),
    ):
        assert command(*arguments) == 2, arguments
        assert words in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.tex"]


def test_unmet_assumptions_of_the_scripts_are_stated(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("export", "sie-folder", tiny_dataset, tmp_path / "out", "--json", "--quiet") == 0
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert answer["images"] == 180 and not err
    assert "read views 0 to 49" in answer["notes"][0] and "red and blue exchanged" in answer["notes"][1]


def test_a_dry_run_writes_nothing_and_gives_the_size(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("export", "sie-folder", tiny_dataset, tmp_path / "out", "--dry-run") == 0
    assert "360 files of 180 images" in capsys.readouterr().out and not (tmp_path / "out").exists()
