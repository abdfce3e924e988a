"""A Hub on loopback, a pushed run and scores: what the tests of push and pull share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import Hub
from made_once import shared
from scoring import measured, score_of, untrained_run
from serving import OneInTen, served

NEVER = 10**9  # requests between two that fail


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[str, OneInTen]]:
    """Address of the server, and the wrapper whose application each test sets."""
    with served(None) as (url, wrapper):
        yield url, wrapper


@pytest.fixture
def hub(server: tuple[str, OneInTen], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    """An empty Hub, to which this process pushes as the owner of a token; the working folder is empty too."""
    url, wrapper = server
    wrapper.application, wrapper.every = Hub(name=""), NEVER
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)  # the stand-in knows LFS only
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("iebench.benchmark.hub.repository.Repository.pauses", (0.01, 0.05))
    monkeypatch.setenv("HF_TOKEN", "x")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return wrapper.application


@pytest.fixture
def dataset(hub: Hub, tiny_dataset: Path) -> Path:
    """A copy of `tiny_dataset`, in which a push may leave its note."""
    return Path(shutil.copytree(tiny_dataset, "dataset"))


@pytest.fixture(scope="session")
def finished_run(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with a score, a smoke score, and what is not pushed. Read only."""

    def make(folder: Path) -> None:
        untrained_run(folder, tiny_dataset)
        values = {"top1": measured(0.5), "rotation_degrees_mean": measured(60.0, 4.0, 80.0)}
        parts = {"whole": values, "invariant": values, "equivariant": values}
        score_of("sie-tiny", parts).save(folder / "score.json")
        for name in ("checkpoint.pt", "features/val.npy", "metrics.csv", "scores.txt", "tensorboard/events"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(b"step,loss\n1,0.5\n")

    return shared(tmp_path_factory, "hub-run", make)
