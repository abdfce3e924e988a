"""Batches of objects for a training loop of one's own, with a state: `data.torch(views=2).batches(256)`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed
from torch.utils.data import DataLoader

from iebench.manifests.brief import few
from iebench.manifests.common.settings import differences

from ..data.order import permutation
from ..errors import UsageError


class Split(Protocol):
    """A split whose items are objects: `Objects`."""

    folder: Path
    fingerprint: str
    split: str
    views: int | None
    resolution: int | None
    seed: int

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...

    def set_epoch(self, epoch: int) -> None: ...


class ObjectBatches:
    """Iterates over the batches of one epoch; the next iteration is the next epoch, or the rest of one that was left.

    An epoch is a permutation of the objects, and batch number s has objects s * batch .. (s + 1) * batch - 1 of it; the
    objects left over come in other epochs. It is a pure function of (seed, epoch), as the views of an object are, so
    batches do not depend on workers, and ranks have equal shares of the batch that one process would have.

    The state is the position of the next batch. Saved in the loop's body, it counts the batch of that body as done.
    A state may be loaded with another number of workers or ranks, and then continues with the same batches.

    objects : the split; its seed decides the order too
    batch : objects of all ranks together
    workers : processes that decode; 0 for this one
    rank, ranks : number of this process, and of all; default those of torch.distributed, if it is initialised

    Raises
    ------
    UsageError : a batch that is larger than the split or does not divide among the ranks; no such rank.
    """

    def __init__(
        self, objects: Split, batch: int, workers: int = 0, rank: int | None = None, ranks: int | None = None
    ) -> None:
        group = torch.distributed.is_available() and torch.distributed.is_initialized()
        self.ranks = ranks if ranks is not None else torch.distributed.get_world_size() if group else 1
        self.rank = rank if rank is not None else torch.distributed.get_rank() if group else 0
        if not 0 <= self.rank < self.ranks:
            raise UsageError(f"rank is {self.rank}, and there are {self.ranks}: give a whole number from 0")
        if not 1 <= batch <= len(objects):
            raise UsageError(
                f"batch is {batch}, and {objects.folder} has {len(objects)} objects in {objects.split}: give a whole "
                f"number from 1 to {len(objects)}"
            )
        if batch % self.ranks:
            raise UsageError(f"batch is {batch}, and does not divide among {self.ranks} ranks: give a multiple")
        self.objects, self.batch = objects, batch
        self.epoch, self.step = 0, 0  # of the next batch
        self._plan = _Plan(self)
        self._loader: DataLoader[Any] = DataLoader(
            objects,  # type: ignore[arg-type]  # torch's class of datasets is not a protocol
            batch_sampler=self._plan,
            num_workers=workers,
            persistent_workers=workers > 0,
            generator=torch.Generator(),  # else each start would draw from the generator of the user's model
        )

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(self.objects) // self.batch

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the rest of the epoch: items of `Objects`, stacked by `torch.utils.data.DataLoader`."""
        epoch = self.epoch
        self.objects.set_epoch(epoch)
        for number, batch in enumerate(self._loader, start=self.step):
            last = number + 1 == len(self)
            self.epoch, self.step = (epoch + 1, 0) if last else (epoch, number + 1)
            yield batch

    def state_dict(self) -> dict[str, Any]:
        """Return the position of the next batch, and what it depends on: numbers and texts."""
        return {"epoch": self.epoch, "step": self.step, **self._identity()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue with the batch after the one that was the last when the state was taken.

        Raises
        ------
        UsageError : the state is of another dataset, split, seed, batch or number of views.
        """
        own = self._identity()
        if wrong := differences({name: state_dict.get(name) for name in own}, own):
            raise UsageError(f"the state of the batches is another one's: {few(wrong, between='; ')}")
        self.epoch, self.step = int(state_dict["epoch"]), int(state_dict["step"])

    def _identity(self) -> dict[str, Any]:
        objects = self.objects
        return {
            "dataset": objects.fingerprint, "split": objects.split, "views": objects.views,
            "resolution": objects.resolution, "seed": objects.seed, "batch": self.batch,
        }  # fmt: skip


class _Plan:
    """Numbers of the objects of each remaining batch of the epoch, this rank's share of them."""

    def __init__(self, batches: ObjectBatches) -> None:
        self._of = batches

    def __iter__(self) -> Iterator[list[int]]:
        of = self._of
        order = permutation(of.objects.seed, of.epoch, len(of.objects))
        share = of.batch // of.ranks
        for number in range(of.step, len(of)):
            first = number * of.batch + of.rank * share
            yield order[first : first + share].tolist()

    def __len__(self) -> int:
        return len(self._of)
