"""Archives: truncation is recognised at any length; a damaged archive differs from a file of another kind."""

import gzip
import io
import random
import tarfile

import pytest

from iebench.manifests.common.progress import Meter
from iebench.renderer.errors import DamagedSource, SourceError
from iebench.renderer.importing.archive import Archive
from iebench.renderer.importing.spool import Spool

BLOCK = 512


@pytest.fixture(scope="module")
def whole(published):
    """Return a plain tar of some objects, and the offset at which its last member ends."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in list(published[1].items())[:160]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        end = tar.offset
    return buffer.getvalue(), end


@pytest.fixture
def read(published, tmp_path):
    """Read bytes as an archive; return the number of files in it."""
    plan, _ = published

    def read(content):
        path = tmp_path / "a.tar"
        path.write_bytes(content)
        with Spool(tmp_path) as spool, Meter("reading", plan.images, "images", 0) as meter:
            archive = Archive(path, 8, spool, meter)
            return sum(len(files) for _, job in archive.jobs(plan.shards()) for files in job())

    return read


def cuts(content, end):
    """Return offsets in a tar: random ones, the start of members, inside headers, inside the end block."""
    chance = random.Random(0)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        starts = chance.sample([member.offset for member in tar][1:], 12)
    anywhere = [chance.randrange(BLOCK, end) for _ in range(24)]
    return [
        *anywhere,
        *(offset // BLOCK * BLOCK for offset in anywhere if offset >= 2 * BLOCK),
        *starts,
        *(start + chance.randrange(1, BLOCK) for start in starts),
        *(end, end + 1, end + BLOCK - 1),
    ]


def test_a_truncated_tar_is_recognised_at_any_length(whole, read):
    content, end = whole
    for cut in cuts(content, end):
        with pytest.raises(
            DamagedSource, match=r"a\.tar is damaged or cut short after \d+ images .*: download it again"
        ):
            read(content[:cut])


def test_a_tar_truncated_before_compression_is_recognised(whole, read):
    content, end = whole
    with pytest.raises(DamagedSource, match="its end is missing"):
        read(gzip.compress(content[:end]))


@pytest.mark.parametrize("zeros", [BLOCK, 2 * BLOCK, 20 * BLOCK, 1000 * BLOCK])
def test_one_block_of_zeros_or_more_ends_a_complete_tar(whole, read, zeros):
    content, end = whole
    assert read(content[:end] + bytes(zeros)) == 160


def test_a_file_that_is_no_archive_is_not_called_damaged(published, read):
    for content in (b"", b"years of work", b"PK\x03\x04" + bytes(600), gzip.compress(b"text" * 400)):
        with pytest.raises(SourceError, match=r"a\.tar is not a tar or tar\.gz: give the published folder") as caught:
            read(content)
        assert (type(caught.value), caught.value.exit_code) == (SourceError, 2)


def test_a_damaged_archive_is_a_failure_and_no_misuse(whole, read):
    with pytest.raises(DamagedSource) as caught:
        read(gzip.compress(whole[0])[:-100])
    assert caught.value.exit_code == 1
