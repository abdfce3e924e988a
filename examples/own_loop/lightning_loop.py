"""A training loop with Lightning, which continues after the last batch that it saved.

python lightning_loop.py ../../data/builtin runs/lightning
"""

import sys
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from network import contrast, small_network
from torch import Tensor

from iebench.benchmark import open_dataset


class Contrast(lightning.LightningModule):
    """The network with its batches, which Lightning saves and continues because they have a `state_dict`."""

    def __init__(self, data: str, batch: int, workers: int) -> None:
        super().__init__()
        self.network = small_network()
        self.data, self.batch, self.workers = data, batch, workers

    def train_dataloader(self) -> Any:
        """Make the batches, once Lightning knows the number of its processes."""
        objects = open_dataset(self.data).torch("train", views=2)
        return objects.batches(self.batch, self.workers, self.trainer.global_rank, self.trainer.world_size)

    def training_step(self, objects: dict[str, Any], number: int) -> Tensor:
        """Compute the loss of a batch."""
        return contrast(self.network, objects["images"])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Make the optimizer."""
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def train(data: str, out: str, epochs: int = 2, batch: int = 64, workers: int = 0) -> torch.nn.Module:
    """Train for a number of epochs; the state is in OUT/last.ckpt."""
    lightning.seed_everything(0, verbose=False)
    model, path = Contrast(data, batch, workers), Path(out) / "last.ckpt"
    saving = ModelCheckpoint(dirpath=out, save_last=True, every_n_train_steps=1)
    trainer = lightning.Trainer(
        max_epochs=epochs, callbacks=[saving], logger=False, enable_progress_bar=False, enable_model_summary=False
    )
    trainer.fit(model, ckpt_path=str(path) if path.exists() else None)
    return model.network


if __name__ == "__main__":
    train(*sys.argv[1:3])
