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
        for ref, object_files in zip(shard.objects, job(), strict=True):
            prefix = f"3DIEBench/{ref.synset}/{ref.object_id}"
            assert object_files[("image", 3)] == files[f"{prefix}/image_3.jpg"] and len(object_files) == 16
    assert folder.census.twice > 0  # the loop is followed a few times, not for ever


def test_unreadable_files_are_reported(published, tmp_path):
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
    object_files = job()[0]
    assert object_files[("image", 0)].errno == errno.EFBIG and ("image", 2) not in object_files
    assert outcome(object_files, plan.recipe).cause.startswith("image_0.jpg cannot be read (File too large); ")


def test_a_folder_without_the_layout_is_refused(tmp_path):
    put(tmp_path, "03797390/models/model.obj")
    with pytest.raises(SourceError, match="holds no SYNSET/OBJECT"):
        Folder(tmp_path, 8)


@pytest.mark.parametrize("link", ["03797390/a/image_0.jpg", "03797390/a", "03797390", "notes.txt"])
def test_a_link_out_of_the_folder_is_refused(tmp_path, link):
    put(tmp_path, "theirs/a/image_0.jpg", b"private")
    put(tmp_path, "src/03797390/b/image_0.jpg")
    target = tmp_path / "theirs" / "a" / "image_0.jpg" if "." in link else tmp_path / "theirs"
    if link == "03797390":
        link = "04379243"
    (tmp_path / "src" / link).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / "src" / link).symlink_to(target)
    with pytest.raises(SourceError, match=rf"src/{link} leads out of its source by a symbolic link"):
        Folder(tmp_path / "src", 8)


def test_links_into_the_store_of_git_annex_or_the_hub_are_followed(tmp_path):
    put(tmp_path, ".git/annex/objects/x/key")
    put(tmp_path, "src/03797390/a/latent_0.npy")
    (tmp_path / "src/03797390/a/image_0.jpg").symlink_to("../../../.git/annex/objects/x/key")
    assert Folder(tmp_path / "src", 8).census.views() == {1: 1}


def test_a_pipe_is_not_waited_for_and_a_link_to_itself_is_named(tmp_path):
    put(tmp_path, "03797390/a/latent_0.npy")
    pipe = tmp_path / "03797390/a/image_0.jpg"
    os.mkfifo(pipe)
    with pytest.raises(SourceError, match=r"image_0\.jpg is not a regular file: remove it"):
        Folder(tmp_path, 8)
    pipe.unlink()
    pipe.symlink_to(pipe.name)
    with pytest.raises(SourceError, match=r"cannot read .*image_0\.jpg \(Too many levels of symbolic links\)"):
        Folder(tmp_path, 8)
