"""The spool returns its input, in memory or from disk."""

import errno

import pytest

from iebench.renderer.errors import DiskError
from iebench.renderer.importing.spool import FOLDER, Spool
from iebench.renderer.importing.unpack import TOO_LARGE


@pytest.mark.parametrize("budget", [0, 25, 1000])
def test_stored_files_come_back_shard_by_shard(tmp_path, budget):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "1").write_bytes(b"of a run that was killed")
    with Spool(tmp_path, budget) as spool:
        for shard in (1, 2):
            for view in range(3):
                for kind in ("image", "latent"):
                    spool.add(shard, 1, kind, view, f"{kind} {view} of {shard}".encode())
            spool.add(shard, 0, "image", 7, TOO_LARGE)
        assert (tmp_path / FOLDER).exists() == (budget < 100)
        for shard in (2, 1):
            first, second = spool.take(shard, 2)
            assert {key: error.errno for key, error in first.items()} == {("image", 7): errno.EFBIG}
            assert second == {
                (kind, view): f"{kind} {view} of {shard}".encode() for view in range(3) for kind in ("image", "latent")
            }
            assert spool.take(shard, 1) == [{}]
    assert not (tmp_path / FOLDER).exists()


def test_a_full_disk_is_one_sentence(tmp_path):
    (tmp_path / FOLDER).write_text("in the way")
    with Spool(tmp_path, 0) as spool, pytest.raises(DiskError, match="cannot write"):
        (tmp_path / FOLDER).unlink()
        (tmp_path / FOLDER).write_text("in the way")
        spool.add(0, 0, "image", 0, b"x")
