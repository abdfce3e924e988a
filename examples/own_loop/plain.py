"""A training loop in PyTorch alone, which continues after the last batch that it saved.

python plain.py ../../data/builtin runs/plain
"""

import sys
from pathlib import Path

import torch
from network import contrast, small_network
from torch import nn

from iebench.benchmark import open_dataset


def train(data: str, out: str, epochs: int = 2, batch: int = 64, workers: int = 0) -> nn.Module:
    """Train for a number of epochs; the state is in OUT/state.pt."""
    torch.manual_seed(0)
    network = small_network()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    batches = open_dataset(data).torch("train", views=2).batches(batch, workers)
    parts = {"network": network, "optimizer": optimizer, "batches": batches}
    path = Path(out) / "state.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        state = torch.load(path, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(state[name])
    while batches.epoch < epochs:
        for objects in batches:
            loss = contrast(network, objects["images"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            torch.save({name: part.state_dict() for name, part in parts.items()}, path)
    return network


if __name__ == "__main__":
    train(*sys.argv[1:3])
