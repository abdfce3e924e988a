"""The run that tests of training compare theirs with."""

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def whole(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten steps of SIE without interruption."""
    from small_runs import config

    from iebench.benchmark.training.train import train

    run = tmp_path_factory.mktemp("runs") / "whole"
    train(run, config(tiny_dataset))
    return run
