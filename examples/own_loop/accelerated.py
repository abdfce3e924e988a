"""A training loop with Accelerate, on one process or several, which continues after the last batch that it saved.

python accelerated.py ../../data/builtin runs/accelerated
accelerate launch --num_processes 2 accelerated.py ../../data/builtin runs/accelerated
"""

import sys
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from network import contrast, small_network
from torch import nn

from iebench.benchmark import open_dataset


def train(data: str, out: str, epochs: int = 2, batch: int = 64, workers: int = 0) -> nn.Module:
    """Train for a number of epochs; the state is in OUT/state. batch : objects of all processes together."""
    set_seed(0)
    accelerator = Accelerator()
    network = small_network()
    network, optimizer = accelerator.prepare(network, torch.optim.Adam(network.parameters(), lr=1e-3))
    # no `prepare` for the batches: they know their share, and Accelerate would split them again
    objects = open_dataset(data).torch("train", views=2)
    batches = objects.batches(batch, workers, accelerator.process_index, accelerator.num_processes)
    accelerator.register_for_checkpointing(batches)
    path = Path(out) / "state"
    if path.exists():
        accelerator.load_state(str(path))
    while batches.epoch < epochs:
        for views in batches:
            loss = contrast(network, views["images"].to(accelerator.device))
            optimizer.zero_grad()
            accelerator.backward(loss)
            optimizer.step()
            accelerator.save_state(str(path))
    return accelerator.unwrap_model(network)


if __name__ == "__main__":
    train(*sys.argv[1:3])
