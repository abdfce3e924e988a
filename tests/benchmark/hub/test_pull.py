"""Pull: what is written is what was pushed, whatever happens between."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from hub import Hub
from serving import OneInTen

from iebench.benchmark.errors import DatasetError, HubError, ScoreFileError, UsageError
from iebench.benchmark.hub import pull, push
from iebench.benchmark.hub.address import Address
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.errors import DiskError, IebenchError
from iebench.manifests.folder.checksums import INFO, SUMS
from iebench.renderer.proof.verify import verify

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # the Hub library's own


def send(folder: Path, address: str) -> None:
    push.planned(folder, address, False, False).send(False)


def receive(address: str, out: str | None = None, revision: str | None = None) -> pull.Pull:
    plan = pull.planned(address, None if out is None else Path(out), revision)
    plan.receive()
    return plan


def content(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != ".hub.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def tiny(hub: Hub, tiny_dataset: Path) -> dict[str, bytes]:
    """The files of a pushed dataset, me/tiny."""
    shutil.copytree(tiny_dataset, "pushed")
    send(Path("pushed"), "me/tiny")
    return content(tiny_dataset)


def test_a_dataset_comes_back_as_it_was(hub: Hub, tiny: dict[str, bytes]) -> None:
    hub.repositories["datasets/me/tiny"].commit({".gitattributes": b"*", "notes.txt": b"of its owner"})
    receive("me/tiny")
    assert content(Path("data/tiny")) == tiny
    assert verify(Path("data/tiny"), jobs=1).ok
    served = len(hub.served)
    assert receive("hf://datasets/me/tiny").missing == []
    assert hub.served[served:] == [INFO, SUMS]  # the small files that describe the others


def test_a_pull_that_was_stopped_continues_and_is_complete_only_then(
    hub: Hub, tiny: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    download = pull.Repository.download

    def stopped(self: pull.Repository, path: str, commit: str, folder: Path) -> Path:
        if path == "val/00000.tar":
            raise KeyboardInterrupt
        return download(self, path, commit, folder)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pull.Repository, "download", stopped)
        receive("me/tiny")
    arrived = set(content(Path("data/tiny")))
    with pytest.raises(DatasetError, match=r"data/tiny is not finished|no dataset"):
        DatasetInfo.load(Path("data/tiny"))
    Path("data/tiny/train/00000.tar").write_bytes(b"cut off")  # by a machine that lost its power
    plan = receive("me/tiny")
    assert "train/00000.tar" in plan.missing and len(plan.missing) < len(tiny) and arrived
    assert content(Path("data/tiny")) == tiny


def test_requests_that_fail_are_repeated(tiny: dict[str, bytes], server: tuple[str, OneInTen]) -> None:
    server[1].every = 5
    receive("me/tiny")
    assert server[1].failed >= 3 and content(Path("data/tiny")) == tiny


def test_other_things_are_left_as_they_are(hub: Hub, tiny: dict[str, bytes], finished_run: Path) -> None:
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"mine holds other files, not datasets/me/tiny: choose another --out"):
        receive("me/tiny", "mine")
    receive("me/tiny", "copy")
    Path("copy/train/00000.tar").write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"copy holds another dataset .*train/00000.tar differs.*another --out"):
        receive("me/tiny", "copy")
    assert Path("copy/train/00000.tar").read_bytes() == b"mine"
    Path("copy/train/00000.tar").unlink()
    assert receive("me/tiny", "copy").missing == ["train/00000.tar"]
    with pytest.raises(UsageError, match=r"mine/notes.txt is not a folder"):
        receive("me/tiny", "mine/notes.txt")
    send(finished_run, "me/tiny")
    with pytest.raises(UsageError, match=r"me/tiny is the name of datasets/me/tiny and models/me/tiny: give one"):
        receive("me/tiny")
    assert receive("models/me/tiny").out == Path("runs/tiny")


def test_damage_on_the_way_is_seen(hub: Hub, tiny: dict[str, bytes]) -> None:
    hub.damaged = {"val/00000.tar"}
    with pytest.raises(HubError, match=r"data/tiny/val/00000.tar arrived damaged and was removed: run the same"):
        receive("me/tiny")
    assert not Path("data/tiny/val/00000.tar").exists() and not Path("data/tiny", INFO).exists()
    hub.damaged = {SUMS}
    with pytest.raises(HubError, match=r"SHA256SUMS of datasets/me/tiny arrived damaged"):
        receive("me/tiny")
    hub.damaged = set()
    receive("me/tiny")
    assert content(Path("data/tiny")) == tiny


def test_damage_in_the_repository_is_seen(hub: Hub, tiny: dict[str, bytes]) -> None:
    repository = hub.repositories["datasets/me/tiny"]
    repository.commit({"val/00000.tar": b"other bytes"})
    with pytest.raises(HubError, match=r"has other bytes of val/00000.tar, which SHA256SUMS lists: its owner must"):
        receive("me/tiny")
    repository.commit({"val/00000.tar": None})
    with pytest.raises(HubError, match=r"lacks val/00000.tar"):
        receive("me/tiny")
    repository.commit({"val/00000.tar": tiny["val/00000.tar"], "objects.parquet": b"x", "croissant.json": b"x"})
    with pytest.raises(HubError, match=r"other bytes of objects.parquet"):
        receive("me/tiny")
    repository.commit({"objects.parquet": tiny["objects.parquet"]})
    with pytest.raises(HubError, match=r"croissant.json arrived damaged"):  # a small file, whose SHA-256 the Hub lacks
        receive("me/tiny")
    repository.commit({INFO: b"{}"})
    with pytest.raises(IebenchError, match=r"dataset.json"):
        receive("me/tiny", "other")
    assert not Path("other").exists()


def test_a_revision_is_one_commit(hub: Hub, tiny: dict[str, bytes]) -> None:
    old = hub.repositories["datasets/me/tiny"].head
    hub.repositories["datasets/me/tiny"].commit({"val/00000.tar": None})
    receive("me/tiny", revision=old)
    assert content(Path("data/tiny")) == tiny
    with pytest.raises(HubError, match=r"datasets/me/tiny has no revision 'v9': give a branch"):
        receive("me/tiny", revision="v9")


def test_a_disk_without_room_is_one_sentence(hub: Hub, tiny: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    with pytest.raises(DiskError, match=r"pulling datasets/me/tiny needs about .* free some, or choose another --out"):
        receive("me/tiny")
    assert not Path("data").exists()


def test_scores_are_read_before_anything_is_written(hub: Hub, finished_run: Path) -> None:
    Path("board").mkdir()
    shutil.copy(finished_run / "score.json", "board/a.json")
    send(Path("board"), "me/board")
    receive("me/board")
    assert content(Path("scores/board"))["a.json"] == Path("board/a.json").read_bytes()
    hub.repositories["datasets/me/board"].commit({"b.json": b'{"format": 2, "run": {}}'})
    with pytest.raises(ScoreFileError, match=r"b.json"):
        receive("me/board", "elsewhere")
    assert not Path("elsewhere").exists()


def test_what_is_not_ours_is_refused(hub: Hub, tiny: dict[str, bytes]) -> None:
    hub.repositories["datasets/me/tiny"].commit({INFO: None})
    with pytest.raises(HubError, match=r"me/tiny holds nothing of iebench"):
        receive("me/tiny")
    hub.repositories["datasets/me/tiny"].commit({INFO: tiny[INFO], "a/../../b": b"x"})
    with pytest.raises(HubError, match=r"a name that leads out of it"):
        receive("me/tiny")


@pytest.mark.parametrize(
    ("text", "name", "type"),
    [
        ("me/mini", "me/mini", ""),
        ("models/me/mini-1.0_a", "me/mini-1.0_a", "model"),
        ("hf://datasets/me/mini/", "me/mini", "dataset"),
        ("https://huggingface.co/spaces/me/board", "me/board", "space"),
        ("https://huggingface.co/me/run", "me/run", ""),
    ],
)
def test_addresses(text: str, name: str, type: str) -> None:
    address = Address.read(text)
    assert address == Address(name, type) and Address.read(str(address)) == address


@pytest.mark.parametrize("text", ["", "mini", "a/b/c", "datasets/mini", "../x", "a/..", "me/mini?x", "s3://a/b"])
def test_texts_that_are_no_addresses(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a repository of the Hub"):
        Address.read(text)
