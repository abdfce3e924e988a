"""Environment variables that give a process its rank: complete, absent, and incomplete in every way."""

from itertools import chain, combinations
from pathlib import Path

import pytest
import torch

from iebench.benchmark.distributed.environment import COPIES, NEEDED, check_once, numbers
from iebench.benchmark.distributed.ranks import joined
from iebench.benchmark.errors import RankFailed, UsageError
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.slow

WHOLE = {
    "RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "localhost",
    "MASTER_PORT": "29400",
}  # fmt: skip
HALVES = list(chain.from_iterable(combinations(NEEDED, size) for size in range(1, len(NEEDED))))


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*WHOLE, *COPIES):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_whole_environment_says_which_rank_this_is() -> None:
    assert numbers(WHOLE) == {"RANK": 1, "WORLD_SIZE": 2, "LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": 2}
    assert numbers({name: WHOLE[name] for name in NEEDED}) == {"RANK": 1, "WORLD_SIZE": 2}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PATH": "/bin"},
        {"WORLD_SIZE": "1"},
        {**WHOLE, "WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"},
        {"MASTER_ADDR": "node1", "MASTER_PORT": "29400"},  # what a job's script exports for its `srun`
        {"SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"},  # that script itself
        {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"},  # a job of a sweep
        {"SLURM_STEP_NUM_TASKS": "4", "WORLD_SIZE": "1"},  # a seed for each
    ],
)
def test_alone(environment: dict[str, str]) -> None:
    assert numbers(environment) == {}


@pytest.mark.parametrize("names", [names for names in HALVES if {"RANK", "WORLD_SIZE"} & set(names)])
def test_every_half_names_what_is_set_what_lacks_and_a_remedy(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as raised:
        numbers({name: WHOLE[name] for name in names})
    variables, lacks = str(raised.value).split(" means several processes, and ")
    assert set(variables.split(", ")) == {f"{name}={WHOLE[name]}" for name in names}
    lacking, remedy = lacks.split(" not set: ")
    assert lacking.rsplit(" ", 1)[0] == " and ".join(name for name in NEEDED if name not in names)
    assert remedy.startswith("start it with torchrun") and "or unset" in remedy


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"WORLD_SIZE": "two"},
            "WORLD_SIZE='two' is not a whole number from 1 on: start it with torchrun .* unset WORLD",
        ),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE='0' is not a whole number from 1 on"),
        ({"WORLD_SIZE": ""}, "WORLD_SIZE='' is not a whole number"),
        ({"RANK": "-1"}, "RANK='-1' is not a whole number from 0 on"),
        ({"LOCAL_RANK": "gpu0"}, "LOCAL_RANK='gpu0' is not a whole number"),
        ({"RANK": "2"}, r"RANK=2 is not below WORLD_SIZE=2: .* set RANK to at most 1, or WORLD_SIZE to their number"),
        ({"LOCAL_RANK": "5"}, "LOCAL_RANK=5 is not below LOCAL_WORLD_SIZE=2"),
        ({"WORLD_SIZE": "1"}, "RANK=1 is not below WORLD_SIZE=1"),
        ({"MASTER_PORT": "http"}, "MASTER_PORT='http' is not a whole number"),
        ({"MASTER_PORT": "70000"}, "MASTER_PORT=70000 is not a port: set one of 1 to 65535"),
        ({"MASTER_ADDR": ""}, "means several processes, and MASTER_ADDR is not set"),
    ],
)
def test_values_that_cannot_be_are_named(changed: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        numbers({**WHOLE, **changed})


def test_a_local_rank_alone_is_half_an_environment() -> None:
    with pytest.raises(
        UsageError, match=r"^LOCAL_RANK=0 means several processes, and RANK and WORLD_SIZE and MASTER_ADDR and"
    ):
        numbers({"LOCAL_RANK": "0"})


@pytest.mark.parametrize(("name", "launcher"), COPIES.items())
def test_copies_that_know_nothing_of_one_another_are_refused(name: str, launcher: str) -> None:
    with pytest.raises(UsageError, match=rf"^{launcher} started this 4 times \({name}=4\) and RANK, .*WORLD_SIZE=1"):
        numbers({name: "4"})


def test_what_starts_processes_of_its_own_is_started_once() -> None:
    check_once("sweep", {})
    with pytest.raises(UsageError, match=r"sweep starts .* was started 2 times .*: start it once, without torchrun"):
        check_once("sweep", WHOLE)


@pytest.mark.parametrize(
    "command", [["train"], ["score", "--encoder", "timm:x"], ["sweep", "results"], ["demo", "--out", "here"]]
)
def test_every_command_says_it_before_it_does_anything(
    command: list[str], bare: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare.setenv("WORLD_SIZE", "2")
    bare.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(command)
    message = capsys.readouterr().err
    assert ended.value.code == 2 and len(message.strip().splitlines()) == 1, message
    assert message.startswith("iebench: WORLD_SIZE=2 means several processes, and RANK and MASTER_ADDR and MASTER_PORT")
    assert not list(tmp_path.iterdir())


def test_several_gpus_need_a_local_rank(bare: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        bare.setenv(name, WHOLE[name])
    bare.setattr(torch.cuda, "is_available", lambda: True)
    bare.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(UsageError, match="RANK=1 of WORLD_SIZE=2 has no LOCAL_RANK"), joined("auto"):
        pass


def test_ranks_that_cannot_meet_say_where(bare: pytest.MonkeyPatch) -> None:
    for name, value in WHOLE.items():
        bare.setenv(name, value)

    def fails(backend: str) -> None:
        raise torch.distributed.DistNetworkError("The client socket has failed to connect to [h]:1 (errno: 98)")

    bare.setattr(torch.distributed, "init_process_group", fails)
    words = r"rank 1 of 2 could not connect to the others at localhost:29400, .* once$"
    with pytest.raises(RankFailed, match=words), joined("cpu"):
        pass
