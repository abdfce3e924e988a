"""Push: what arrives, in which order, and what travels again."""

import json
import shutil
from pathlib import Path

import pytest
from hub import Hub
from serving import OneInTen

from iebench.benchmark.errors import DatasetError, HubError, RunError, UsageError
from iebench.benchmark.hub import push
from iebench.manifests.folder.checksums import INFO, SUMS, files

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # the Hub library's own


def send(folder: Path, address: str, private: bool = False, checkpoint: bool = False) -> push.Push:
    plan = push.planned(folder, address, private, checkpoint)
    plan.send(private)
    return plan


def copied(folder: Path, to: str) -> Path:
    return Path(shutil.copytree(folder, to))


def stored(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in [*files(folder), SUMS, INFO]}


def test_a_dataset_arrives_byte_for_byte_and_travels_once(hub: Hub, dataset: Path) -> None:
    plan = send(copied(dataset, "tiny"), "me/tiny")
    repository = hub.repositories["datasets/me/tiny"]
    assert repository.files == stored(dataset)
    assert plan.bytes == sum(map(len, repository.files.values()))
    sent = hub.sent
    assert send(Path("tiny"), "datasets/me/tiny").sent == []
    assert (len(repository.commits), hub.sent) == (1, sent) and not hub.unknown and not repository.private


def test_a_large_dataset_is_complete_with_its_last_commit(
    hub: Hub, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "FILES", 3)
    send(dataset, "me/tiny")
    commits = hub.repositories["datasets/me/tiny"].commits
    assert len(commits) > 2 and max(map(len, commits)) == 3
    assert commits[-1][-1] == INFO and not any(INFO in commit for commit in commits[:-1])


def test_a_push_that_was_stopped_continues(hub: Hub, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "FILES", 3)
    commit = push.Repository.commit

    def stopped(self: push.Repository, *arguments: object) -> None:
        if hub.repositories["datasets/me/tiny"].commits:
            raise KeyboardInterrupt
        commit(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(push.Repository, "commit", stopped)
        send(dataset, "me/tiny")
    repository = hub.repositories["datasets/me/tiny"]
    arrived, sent = set(repository.files), hub.sent
    assert len(arrived) == 3 and INFO not in arrived
    plan = send(dataset, "me/tiny")
    assert arrived.isdisjoint(plan.sent) and repository.files == stored(dataset)
    large = sum(len(data) for name, data in repository.files.items() if name.endswith((".tar", ".parquet")))
    assert sent > 0 and hub.sent == large  # large files of the commit that did not come are not sent again


def test_a_changed_dataset_is_incomplete_between_its_commits(
    hub: Hub, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(dataset, "me/tiny")
    repository = hub.repositories["datasets/me/tiny"]
    changed = {**repository.files, INFO: repository.files[INFO] + b"\n", "README.md": b"", "croissant.json": b""}
    repository.commit(changed)  # an older version of the same dataset, with three other files
    monkeypatch.setattr(push, "FILES", 2)
    monkeypatch.setattr(push.DatasetKind, "identity", lambda *_: "the same")
    before = len(repository.history)
    send(dataset, "me/tiny")
    middle, last = list(repository.history.values())[before:]
    assert INFO not in middle and last == stored(dataset)


def test_a_run_arrives_with_what_scoring_needs(hub: Hub, finished_run: Path) -> None:
    send(finished_run, "me/run", private=True)
    repository = hub.repositories["models/me/run"]
    names = ["README.md", "config.json", "metrics.csv", "score.json", "model.safetensors"]
    assert repository.private and [sorted(names)] == [sorted(commit) for commit in repository.commits]
    assert all(repository.files[name] == (finished_run / name).read_bytes() for name in names[1:])
    assert send(finished_run, "me/run", checkpoint=True).sent == ["checkpoint.pt"]


@pytest.mark.slow  # the library waits between its own attempts
def test_requests_that_fail_are_repeated(hub: Hub, dataset: Path, server: tuple[str, OneInTen]) -> None:
    server[1].every = 4
    send(dataset, "me/tiny")
    assert server[1].failed >= 2 and hub.repositories["datasets/me/tiny"].files == stored(dataset)


def test_a_damaged_file_is_not_pushed(hub: Hub, dataset: Path) -> None:
    folder = copied(dataset, "tiny")
    (folder / "val/00000.tar").write_bytes(b"x")
    with pytest.raises(DatasetError, match=r"tiny/val/00000.tar does not have the SHA-256 of SHA256SUMS: restore it"):
        send(folder, "me/tiny")
    (folder / "val/00000.tar").unlink()
    with pytest.raises(DatasetError, match=r"tiny/val/00000.tar is missing"):
        send(folder, "me/other")
    assert INFO not in hub.repositories["datasets/me/tiny"].files


def test_nothing_of_another_thing_is_replaced(hub: Hub, dataset: Path, finished_run: Path) -> None:
    send(dataset, "me/tiny")
    send(finished_run, "me/run")
    other = copied(finished_run, "other")
    settings = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**settings, "seed": 1}))
    with pytest.raises(HubError, match=r"me/run holds another run .*seed 0.*seed 1.*choose another name"):
        send(other, "me/run")
    Path("scores").mkdir()
    shutil.copy(finished_run / "score.json", "scores/a.json")
    with pytest.raises(HubError, match=r"me/tiny holds a dataset and scores is a folder of scores"):
        send(Path("scores"), "me/tiny")
    hub.repositories["models/me/run"].commit({"config.json": b'{"architectures": []}'})
    with pytest.raises(HubError, match=r"me/run holds something else, not a run of iebench"):
        send(finished_run, "me/run")
    with pytest.raises(HubError, match=r"me/tiny exists and is public: make it private on"):
        send(dataset, "me/tiny", private=True)


def test_what_cannot_be_pushed_is_one_sentence(hub: Hub, dataset: Path, finished_run: Path) -> None:
    with pytest.raises(UsageError, match=r"is a dataset, which goes to datasets/me/tiny, not to models/me/tiny"):
        send(dataset, "models/me/tiny")
    with pytest.raises(UsageError, match=r"'tiny' is not a repository of the Hub: write it as USER/NAME"):
        send(dataset, "tiny")
    with pytest.raises(UsageError, match=r"--checkpoint pushes checkpoint.pt of a run, and .* is a dataset"):
        send(dataset, "me/tiny", checkpoint=True)
    with pytest.raises(UsageError, match=r"is not a folder: give the folder of a dataset, a run"):
        send(dataset / INFO, "me/tiny")
    with pytest.raises(UsageError, match=r"is not one of ours: give the folder of a dataset, a run"):
        send(dataset / "train", "me/tiny")
    unfinished = copied(finished_run, "unfinished")
    (unfinished / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"unfinished is not finished: run the same `iebench train` with --resume"):
        send(unfinished, "me/run")
    assert not hub.repositories
