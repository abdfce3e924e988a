"""A published dataset in a folder: recognised at any depth; every file is kept unchanged."""

import errno
import os

import pytest

from iebench.renderer.errors import SourceError
from iebench.renderer.importing.folder import Folder
from iebench.renderer.importing.unpack import LARGEST, outcome


def put(root, name, content=b"x"):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(content)


def test_objects_are_read_in_the_order_of_their_shard(published, tmp_path):
    plan, files = published
    (tmp_path / "real").mkdir()
    for name, content in files.items():
        put(tmp_path / "real", f"a/{name}", content)
    (tmp_path / "src").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "a" / "circle").symlink_to(tmp_path / "real" / "a")
    folder = Folder(tmp_path / "src", plan.recipe.views)
    for shard, job in folder.jobs(plan.shards()):
        for ref, found in zip(shard.objects, job(), strict=True):
            prefix = f"3DIEBench/{ref.synset}/{ref.object_id}"
            assert found[("image", 3)] == files[f"{prefix}/image_3.jpg"] and len(found) == 16
    assert folder.census.twice > 0  # the loop is followed a few times, not for ever


def test_what_cannot_be_read_is_told(published, tmp_path):
    plan, _ = published
    ref = plan.objects[0]
    owner = f"{ref.synset}/{ref.object_id}"
    for view in range(8):
        put(tmp_path, f"{owner}/latent_{view}.npy")
    put(tmp_path, f"{owner}/image_0.jpg")
    os.truncate(tmp_path / owner / "image_0.jpg", LARGEST + 1)  # a sparse file takes no disk space
    (tmp_path / owner / "image_1.jpg").mkdir()
    (tmp_path / owner / "image_2.jpg").symlink_to(tmp_path / "nowhere")
    _, job = next(Folder(tmp_path, 8).jobs(plan.shards()))
    found = job()[0]
    assert found[("image", 0)].errno == errno.EFBIG and ("image", 2) not in found
    assert outcome(found, plan.recipe).cause.startswith("image_0.jpg cannot be read (File too large); ")


def test_a_folder_without_the_layout_is_refused(tmp_path):
    put(tmp_path, "03797390/models/model.obj")
    with pytest.raises(SourceError, match="holds no SYNSET/OBJECT"):
        Folder(tmp_path, 8)
