"""Ranks: the processes that train one model together, and their communication.

torchrun --nproc-per-node 2 -m iebench train --method sie

torchrun, or `iebench train --gpus N`, starts the ranks and numbers them by environment variables. Each rank trains on
its share of every batch; DistributedDataParallel averages the gradients.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch import distributed as dist

from iebench.manifests.common.patience import PATIENCE, ends
from iebench.manifests.common.progress import say

from ..errors import IebenchError, MissingPart, RankFailed, UsageError
from .environment import numbers

T = TypeVar("T")

HEARD = 1.0  # seconds that a rank waits before it ends, so that the first rank's message is printed


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together; a single process by default.

    rank : number of this process, from 0; size : number of processes
    local : number of this process on this machine, and of its GPU, from 0
    local_size : number of processes on this machine
    """

    rank: int = 0
    size: int = 1
    local: int = 0
    local_size: int = 1

    @property
    def first(self) -> bool:
        """True for the rank that writes files and prints messages."""
        return self.rank == 0

    def device(self, name: str) -> torch.device:
        """Return the device of that name; with several ranks, "cuda" is this rank's own GPU in every thread."""
        return torch.device(name, self.local) if name == "cuda" and self.size > 1 else torch.device(name)

    def share(self, batch: int) -> slice:
        """Return this rank's slice of a batch, whose size `checks.check_shares` has checked to be divisible."""
        each = batch // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def seed(self, seed: int) -> None:
        """Seed the generator of every rank but the first, each differently; the first rank keeps its generator."""
        if not self.first:
            state = np.random.SeedSequence([seed, self.rank]).generate_state(1, np.uint64)
            torch.manual_seed(int(state[0]))

    def mean(self, terms: Mapping[str, Tensor]) -> dict[str, float]:
        """Return scalars by name, averaged over ranks."""
        values = torch.stack([term.detach().double() for term in terms.values()])
        if self.size > 1:
            values = values.cpu()
            dist.all_reduce(values)
        return dict(zip(terms, (values / self.size).tolist(), strict=True))

    def largest(self, value: int) -> int:
        """Return the maximum of a whole number over ranks."""
        if self.size == 1:
            return value
        values = torch.tensor(value)
        dist.all_reduce(values, dist.ReduceOp.MAX)
        return int(values)

    def collect(self, item: T) -> list[T]:
        """Return every rank's item, in rank order."""
        if self.size == 1:
            return [item]
        items: list[T | None] = [None] * self.size
        dist.all_gather_object(items, item)
        return items  # type: ignore[return-value]

    @contextmanager
    def agreed(self) -> Iterator[None]:
        """Turn an error on one rank into an end of all: the first rank raises, the others exit silently.

        Ranks must not wait for one another inside, unless all preceding code in the block fails on all ranks alike.

        Raises
        ------
        IebenchError : the error of the first rank.
        RankFailed : the error of another rank.
        """
        error = None
        try:
            yield
        except IebenchError as raised:
            error = raised
        failures = self.collect(None if error is None else (str(error), error.exit_code))
        for rank, failed in enumerate(failures):
            if failed is not None:
                raise self.common(error or RankFailed(f"rank {rank}: {failed[0]}", failed[1])) from None

    def common(self, error: IebenchError) -> IebenchError | SystemExit:
        """Return the exception to raise for an error of all ranks: the error on the first, a silent exit elsewhere."""
        if self.first:
            return error
        time.sleep(HEARD)  # time for the first rank's message, before the launcher ends all ranks
        return SystemExit(error.exit_code)


ALONE = Ranks()


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """Join the group of ranks that the environment describes; yields a single process if it describes none.

    device : "auto", "cpu" or "cuda"

    Raises
    ------
    UsageError : only some of the variables are set; see `environment.numbers`.
    MissingPart : more ranks than GPUs on this machine, for training on GPUs.
    RankFailed : the other ranks cannot be reached, or one of them ended during the work.
    """
    values = numbers(os.environ)
    if not values:
        yield ALONE
        return
    size = values["WORLD_SIZE"]
    ranks = Ranks(values["RANK"], size, values.get("LOCAL_RANK", 0), values.get("LOCAL_WORLD_SIZE", size))
    on_gpus = device != "cpu" and torch.cuda.is_available()
    if on_gpus and "LOCAL_RANK" not in values and torch.cuda.device_count() > 1:
        raise UsageError(
            f"RANK={ranks.rank} of WORLD_SIZE={size} has no LOCAL_RANK, the number of its GPU on this machine: set it, "
            "or start ranks with torchrun, which does"
        )
    _meet(ranks, "cpu:gloo,cuda:nccl" if on_gpus else "gloo")
    try:
        with ranks.agreed():
            if on_gpus and ranks.local >= torch.cuda.device_count():
                raise MissingPart(
                    f"this machine has {torch.cuda.device_count()} GPUs for its {ranks.local + 1} ranks or more: start "
                    "one rank a GPU, or use --device cpu"
                )
        if on_gpus:
            torch.cuda.set_device(ranks.local)
        yield ranks
    except RuntimeError as error:  # gloo has no class of its own
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):
            raise
        lost = f"rank {ranks.rank} has lost the other ranks; one of them has ended and printed the reason"
        raise RankFailed(f"{lost}: the same command with --resume continues from the last checkpoint", 1) from error
    finally:
        _disconnect(ranks, on_gpus)


def _disconnect(ranks: Ranks, on_gpus: bool) -> None:
    """Close the connections between the ranks, with a time limit, since some releases of PyTorch can hang here."""

    def close() -> None:
        if on_gpus:
            torch.cuda.set_device(ranks.local)  # of this thread; else a rank would use memory of the first GPU
        dist.destroy_process_group()

    if not ends(close, PATIENCE):
        say(
            f"iebench: rank {ranks.rank}: the connections to the other ranks have not closed within {PATIENCE:.0f} s; "
            "this process ends without waiting for them, and its saved files are complete"
        )


def _meet(ranks: Ranks, backend: str) -> None:
    """Wait for all ranks. Python objects are exchanged on the CPU, so that messages do not wait for a GPU."""
    try:
        dist.init_process_group(backend)
    except (RuntimeError, ValueError, OSError) as error:  # no such machine, port in use, ranks missing
        where = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        raise RankFailed(
            f"rank {ranks.rank} of {ranks.size} could not connect to the others at {where}, its MASTER_ADDR and "
            "MASTER_PORT: name the machine of rank 0 and a port that is free there, and start each of the "
            f"{ranks.size} ranks once",
            1,
        ) from error
