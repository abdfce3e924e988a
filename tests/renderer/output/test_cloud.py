"""A dataset in a cloud store: the same bytes as in a folder, despite the store's errors."""

import json
import os
import socket
import time

import fsspec
import pytest
from observe import content
from servers import gs_server, hub_server, s3_server

from iebench.renderer.blender.interface import FAKE
from iebench.renderer.errors import DiskError, MissingPart, OutputError, UsageError
from iebench.renderer.output import cloud
from iebench.renderer.output.cloud import CloudStore
from iebench.renderer.output.hub import HubStore
from iebench.renderer.output.lock import LOCK
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow


@pytest.fixture
def memory():
    """URL of an empty folder in this process's memory."""
    url = f"memory://tests/{time.monotonic_ns()}/tiny"
    yield url
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def s3(monkeypatch):
    """Bucket on a real server that fails one request in ten, and the server."""
    with s3_server() as (url, server):
        settings = {"ENDPOINT_URL": url, "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x", "DEFAULT_REGION": "us-east-1"}
        settings["MAX_ATTEMPTS"] = "1"  # all retries are iebench's own
        for name, value in settings.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setattr(CloudStore, "pauses", (0.01, 0.1))
        files = fsspec.filesystem("s3", skip_instance_cache=True)
        files.mkdir("bucket")
        yield "s3://bucket/some/tiny", server
        type(files).clear_instance_cache()


@pytest.fixture
def gs(monkeypatch):
    """Bucket on a server with Google's protocol."""
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # asks for the bucket's type, which it cannot tell
    with gs_server("bucket") as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        monkeypatch.setitem(fsspec.config.conf, "gs", {"token": "anon", "skip_instance_cache": True})
        yield "gs://bucket/some/tiny"


@pytest.fixture
def hub(monkeypatch):
    """Repository of a Hub that fails one request in ten, its content, and the server."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)  # tests/helpers/hub.py knows LFS only
    monkeypatch.setattr(HubStore, "pauses", (0.01, 0.1))
    with hub_server() as (url, server):
        monkeypatch.setitem(fsspec.config.conf, "hf", {"endpoint": url, "token": "x", "skip_instance_cache": True})
        yield "hf://datasets/some/data/tiny", server


def held_by(url):
    """Return every file of a dataset by its path, listed and read as another program would."""
    files, root = fsspec.core.url_to_fs(url)
    files.invalidate_cache()
    return {path.partition("tiny/")[2]: files.cat_file(path) for path in files.find(root)}


def test_a_store_in_memory_equals_a_folder_and_a_lost_shard_is_made_again(tiny_plan, tiny_dataset, memory):
    render_dataset(tiny_plan(), memory, workers=1, backend=FAKE)
    assert held_by(memory) == content(tiny_dataset)
    CloudStore(memory).remove("train/00000.tar")
    render_dataset(tiny_plan(), memory, workers=1, backend=FAKE)
    assert held_by(memory) == content(tiny_dataset)
    with pytest.raises(OutputError, match="seed is 0 in it and 1 in this command"):
        render_dataset(tiny_plan(seed=1), memory, workers=1, backend=FAKE)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # botocore's and moto's own
def test_an_s3_server_that_fails_one_request_in_ten_does_not_matter(tiny_plan, tiny_dataset, s3):
    url, server = s3
    info = render_dataset(tiny_plan(), url, workers=1, backend=FAKE)
    first = server.failed
    render_dataset(tiny_plan(), url, workers=1, backend=FAKE)  # nothing to do, also in a store with errors
    assert min(first, server.failed - first) >= 3
    server.every = 10**9
    assert held_by(url) == content(tiny_dataset)
    assert info.counts["failures"] == 0


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning", "ignore::ResourceWarning"
)  # the server's
def test_google_s_store_holds_the_same(tiny_plan, tiny_dataset, gs):
    render_dataset(tiny_plan(), gs, workers=1, backend=FAKE)
    assert held_by(gs) == content(tiny_dataset)
    CloudStore(gs).remove("train/00000.tar")
    render_dataset(tiny_plan(), gs, workers=1, backend=FAKE)
    assert held_by(gs) == content(tiny_dataset)


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # the Hub library's own
def test_a_hub_that_fails_one_request_in_ten_holds_the_same_in_one_commit_a_shard(tiny_plan, tiny_dataset, hub):
    url, server = hub
    render_dataset(tiny_plan(), url, workers=1, backend=FAKE)
    server.every, library = 10**9, server.application
    assert server.failed >= 3
    assert held_by(url) == content(tiny_dataset)
    assert not library.unknown
    first, *shards, last = library.commits
    assert first == ["tiny/.plan.json"]
    assert last[-1] == "tiny/dataset.json"
    assert {tuple(paths) for paths in shards if "dataset.json" not in paths[-1]} == {
        (f"tiny/{split}/00000.tar", f"tiny/{split}/00000.parquet") for split in ("train", "val")
    }
    render_dataset(tiny_plan(), url, workers=1, backend=FAKE)
    with pytest.raises(OutputError, match="seed is 0 in it and 1 in this command"):
        render_dataset(tiny_plan(seed=1), url, workers=1, backend=FAKE)
    assert held_by(url) == content(tiny_dataset)


def test_a_missing_repository_is_one_sentence(tiny_plan, hub):
    with pytest.raises(DiskError, match="make the bucket or repository first"):
        render_dataset(tiny_plan(), hub[0].replace("data", "nothing"), workers=1, backend=FAKE)


def test_dataset_json_comes_last_and_a_parquet_after_its_tar(tiny_plan, memory, monkeypatch):
    order = []
    upload = CloudStore._upload
    monkeypatch.setattr(CloudStore, "_upload", lambda self, files: (order.extend(files), upload(self, files)))
    render_dataset(tiny_plan(), memory, workers=1, backend=FAKE)
    assert order[0] == ".plan.json"
    assert order[-1] == "dataset.json"
    for split in ("train", "val"):
        assert (
            order.index(f"{split}/00000.tar") < order.index(f"{split}/00000.parquet") < order.index("objects.parquet")
        )


def test_a_store_that_never_answers_is_one_sentence(memory, monkeypatch, tmp_path):
    monkeypatch.setattr(CloudStore, "pauses", (0.001, 0.001))
    store, calls = CloudStore(memory), []

    def refuse(*arguments, **more):
        calls.append(arguments)
        raise OSError("Slow Down")

    monkeypatch.setattr(type(store._files), "put_file", refuse)
    with (
        pytest.raises(DiskError, match=rf"cannot write {memory}/a: the store gives no reason \(8 times\)"),
        store.writing("a") as folder,
    ):
        (folder / "a").write_text("x")
    assert len(calls) == 8


def test_truncated_uploads_are_repeated(memory, monkeypatch):
    monkeypatch.setattr(CloudStore, "pauses", (0.001, 0.001))
    store, sent = CloudStore(memory), []

    def half(self, local, remote, **more):
        sent.append(remote)
        with open(local, "rb") as file:  # noqa: PTH123
            self.pipe_file(remote, file.read()[: 3 if len(sent) < 3 else None])

    monkeypatch.setattr(type(store._files), "put_file", half)
    with store.writing("a") as folder:
        (folder / "a").write_text("whole")
    assert store.size("a") == 5
    assert len(sent) == 3


@pytest.mark.parametrize(
    ("url", "error", "words"), [("nonsense://x/y", UsageError, "nonsense"), ("abfs://x/y", MissingPart, "iebench")]
)
def test_urls_that_cannot_be_opened_are_one_sentence(url, error, words):
    with pytest.raises(error, match=words):
        CloudStore(url)


def held(**changed):
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "beat": 1, **changed}).encode()


def test_a_living_holder_is_respected_and_a_dead_one_is_not(memory, monkeypatch):
    monkeypatch.setattr(cloud, "BEAT", 0.2)
    first, second = CloudStore(memory), CloudStore(memory)
    with first.lock(), pytest.raises(OutputError, match=f"process {os.getpid()} on "), second.lock():
        pass
    second._put(LOCK, held(host="elsewhere"))  # and never renews the lock
    with first.lock():
        pass
    second._put(LOCK, held(pid=2**22 + 1))  # no such process here
    monkeypatch.setattr(cloud, "BEAT", 60.0)
    with first.lock():
        assert first.size(LOCK)
    assert first.size(LOCK) is None


@pytest.mark.parametrize("url", ["s3://", "gs://", "memory://", "memory:///"])
def test_a_url_without_a_folder_is_a_usage_error_at_once(tiny_plan, url):
    with pytest.raises(UsageError, match=rf"^{url} names no bucket or folder: write it as \w+://BUCKET/NAME$"):
        render_dataset(tiny_plan(), url, workers=1, backend=FAKE)
