"""`iebench render` with the real Blender, from the command line."""

import subprocess
import sys

import meshes
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.recipe import load

pytestmark = pytest.mark.slow


def render(*arguments):
    command = [
        sys.executable,
        "-m",
        "iebench.manifests.shell.cli",
        "render",
        "--resolution",
        "32",
        "--quality",
        "fast",
    ]
    return subprocess.run([*command, *map(str, arguments)], check=False, capture_output=True, text=True)


@pytest.mark.blender
def test_builtin_objects_render_and_blender_keeps_silent(tmp_path):
    result = render("--classes", "mug,car", "--objects-per-class", 2, "--views", 2, "--out", tmp_path / "d")
    assert result.returncode == 0, result.stderr
    info = DatasetInfo.load(tmp_path / "d")
    assert result.stdout == f"{tmp_path / 'd'}: 8 images, fingerprint {info.fingerprint[:12]}\n"
    assert info.renderer["name"] == "Blender"
    assert info.counts["train"]["images"] == info.counts["val"]["images"] == 4
    again = render(
        "--classes", "mug,car", "--objects-per-class", 2, "--views", 2, "--out", tmp_path / "e", "--workers", 1
    )
    assert again.stdout.split()[-1] == result.stdout.split()[-1]  # other workers and threads, same pictures


@pytest.mark.blender
def test_absent_meshes_are_failures_with_a_cause_and_exit_code_3(shapenet, tmp_path):
    result = render(
        shapenet,
        "--source",
        "shapenet",
        "--classes",
        "mug",
        "--objects-per-class",
        5,
        "--views",
        1,
        "--workers",
        1,
        "--out",
        tmp_path / "d",
    )
    assert result.returncode == 3, result.stderr
    assert "2 objects could not be made" in result.stderr
    assert "Traceback" not in result.stderr
    causes = pq.read_table(tmp_path / "d" / "failures.parquet")["cause"].to_pylist()
    assert all("no mesh file" in cause for cause in causes)
    status = pq.read_table(tmp_path / "d" / "objects.parquet")["status"].to_pylist()
    assert sorted(status) == ["failed", "failed", "ok", "ok", "texture missing"]


@pytest.mark.blender
def test_a_folder_of_odd_meshes_ends_in_a_dataset_and_a_list_of_causes(tmp_path):
    root = tmp_path / "my meshes"
    meshes.write_wall(root / "Wände", "newmtl w\nKd 1 0 0\nmap_Kd gone.png\n", "eins")
    for name in ("zwei.ply", "drei.stl"):
        meshes.plate().export(root / "Wände" / name)
    for name, content in (("nan.obj", "v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"), ("bomb.off", "OFF\n3 10000000 0\n")):
        (root / "broken").mkdir(exist_ok=True)
        (root / "broken" / name).write_text(content)
    result = render("--source", root, "--views", 1, "--workers", 1, "--out", tmp_path / "d")
    assert result.returncode == 3, result.stderr
    assert "2 objects could not be made" in result.stderr
    assert DatasetInfo.load(tmp_path / "d").source == "folder"
    rows = {row["path"]: row for row in pq.read_table(tmp_path / "d" / "objects.parquet").to_pylist()}
    assert {path: row["status"] for path, row in rows.items()} == {
        "Wände/eins.obj": "texture missing", "Wände/zwei.ply": "ok", "Wände/drei.stl": "ok",
        "broken/nan.obj": "failed", "broken/bomb.off": "failed",
    }  # fmt: skip
    assert rows["Wände/eins.obj"]["missing"] == "gone.png"
    assert rows["Wände/zwei.ply"]["triangles"] == 12
    assert rows["Wände/zwei.ply"]["watertight"]
    assert rows["broken/nan.obj"]["bad_vertices"] == 1
    assert rows["broken/bomb.off"]["vertices"] is None
    assert {row["class_name"]: row["label"] for row in rows.values()} == {"Wände": 0, "broken": 1}
    causes = pq.read_table(tmp_path / "d" / "failures.parquet")["cause"].to_pylist()
    assert sorted(causes) == [
        "broken/bomb.off has 10,000,000 faces, over the limit of 5,000,000",
        "broken/nan.obj has 1 vertices that are not finite numbers",
    ]


@pytest.mark.blender
def test_a_dry_run_prints_the_plan_and_does_nothing(tmp_path):
    result = render("--dry-run", "--out", tmp_path / "d")
    assert result.returncode == 0
    assert "275 objects x 50 views = 13750 images of 32 px" in result.stderr
    assert not (tmp_path / "d").exists()


@pytest.mark.blender
def test_a_missing_device_is_one_sentence(tmp_path):
    result = render("--device", "hip", "--out", tmp_path / "d", "--limit", 1)
    assert result.returncode == 2
    assert "no hip device on this machine: use --device cpu" in result.stderr


def test_options_that_a_file_of_latents_would_override_are_refused(tmp_path):
    result = render("--latents", "l.parquet", "--views", 1, "--seed", 0, "--out", tmp_path / "d")
    assert result.returncode == 2
    assert "--latents l.parquet decides the views and their latents: leave --views and --seed out" in result.stderr


@pytest.mark.blender
def test_given_latents_choose_the_classes(shapenet, tmp_path):
    """The source holds one of 55 classes, which is enough."""
    mug = next(path.name for path in sorted((shapenet / "03797390").iterdir()))
    row = {"synset": "03797390", "object_id": mug, "view": 0, **dict.fromkeys(load().factor_names, 0.5)}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "l.parquet")
    result = render(shapenet, "--source", "shapenet", "--latents", tmp_path / "l.parquet", "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "1 objects = 1 images" in result.stderr


def test_fewer_views_than_steps_of_a_sweep_are_reported(tmp_path):
    cut = render("--recipe", "orbit", "--views", 4, "--dry-run", "--out", tmp_path / "d")
    assert "rot_z is swept in 72 steps, but each object has only 4 views, which show the first 4 steps" in cut.stderr
    whole = render("--recipe", "orbit", "--dry-run", "--out", tmp_path / "d")
    assert "swept" not in whole.stderr
