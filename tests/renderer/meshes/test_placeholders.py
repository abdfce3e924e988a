"""A Git LFS pointer in place of an object's file is named as such; failures of the machine are not the object's."""

import errno
import os
import zipfile
from dataclasses import replace

import meshes
import pytest
from cleaning import cause, cleaned, ref_to

from iebench.renderer.errors import DiskError
from iebench.renderer.meshes.shared import textures
from iebench.renderer.sources import ObjectRef

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 132735\n" % 7
KD = "newmtl w\nKd 0 1 0\nmap_Kd wall.png\n"


@pytest.mark.parametrize("suffix", [".obj", ".glb", ".gltf", ".ply", ".stl", ".off"])
def test_a_mesh(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_bytes(POINTER)
    assert cause(ref_to(tmp_path / f"a{suffix}")).startswith(f"a{suffix} is a Git LFS pointer: run `git lfs pull`")


def test_a_mesh_that_git_annex_has_not_fetched(tmp_path):
    (tmp_path / "a.obj").symlink_to(".git/annex/objects/aa/bb/MD5E-s13--4d7a.obj")
    assert cause(ref_to(tmp_path / "a.obj")).startswith("a.obj is a git-annex pointer: run `git annex get`")


@pytest.mark.parametrize("name", ["wall.mtl", "wall.png"])
def test_files_of_an_obj(tmp_path, name):
    wall = meshes.write_wall(tmp_path, KD)
    meshes.write_image(tmp_path / "wall.png")
    assert cleaned(ref_to(wall))[0].textures == 1
    (tmp_path / name).write_bytes(POINTER)
    assert cause(ref_to(wall)).startswith(f"{name} is a Git LFS pointer")


def test_a_buffer_of_a_gltf(tmp_path):
    path = tmp_path / "a.gltf"
    path.write_text(
        '{"asset": {"version": "2.0"}, "buffers": [{"uri": "a.bin", "byteLength": 9}], "accessors": [{"count": 9}],'
        ' "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}], "nodes": [{"mesh": 0}]}'
    )
    (tmp_path / "a.bin").write_bytes(POINTER)
    assert cause(ref_to(path)).startswith("a.bin is a Git LFS pointer")


def in_zip(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "03797390.zip", "w") as archive:
        archive.writestr("03797390/abc/models/model_normalized.obj", content)
    mesh = "03797390/abc/models/model_normalized.obj"
    return ObjectRef("03797390", "abc", "mug", 0, "train", mesh, str(tmp_path / "03797390.zip"), "03797390/abc", mesh)


def test_a_zip_file_and_its_members(tmp_path):
    ref = in_zip(tmp_path, POINTER)
    assert cause(ref).startswith("03797390/abc/models/model_normalized.obj is a Git LFS pointer")
    (tmp_path / "lamp.zip").write_bytes(POINTER)
    assert cause(replace(ref, archive=str(tmp_path / "lamp.zip"))).startswith("lamp.zip is a Git LFS pointer")


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.ESTALE, errno.ENOSPC])
def test_the_machine_s_faults_stop_the_run_and_fail_no_object(tmp_path, monkeypatch, number):
    wall = meshes.write_wall(tmp_path, KD)
    meshes.write_image(tmp_path / "wall.png")

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(textures.Image, "open", fail)
    if number == errno.ENOSPC:
        monkeypatch.setattr("iebench.renderer.meshes.clean.file_sha256", fail)
    with pytest.raises(DiskError, match="run the same command again"):
        cleaned(ref_to(wall))


def test_a_file_without_read_permission_fails_its_object(tmp_path, monkeypatch):
    def fail(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("iebench.renderer.meshes.clean.file_sha256", fail)
    assert cause(ref_to(meshes.write_wall(tmp_path, KD))) == "cannot read wall.obj: Permission denied"
