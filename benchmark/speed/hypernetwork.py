"""How much faster the factored hypernetwork is than the materialised one, measured in one run.

python benchmark/speed/hypernetwork.py --batch 64 --dim 1024
"""

import os
import time
from collections.abc import Callable

import click
import torch
from torch import Tensor, nn

from iebench.baselines.predictor import LinearHypernetwork


class Materialised(nn.Module):
    """The released form: a linear layer from the action to the entries of one d x d matrix a sample."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        actions, self.dim, _ = weight.shape
        self.generate = nn.Linear(actions, self.dim**2, bias=False)
        self.generate.weight.data.copy_(weight.flatten(1).T)

    def forward(self, action: Tensor, embedding: Tensor) -> Tensor:
        matrices = self.generate(action).view(-1, self.dim, self.dim)
        product: Tensor = torch.bmm(matrices, embedding.unsqueeze(-1)).squeeze(-1)
        return product


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The best of several runs, after one to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


@click.command()
@click.option("--batch", default=64, show_default=True)
@click.option("--dim", default=1024, show_default=True)
@click.option("--repeats", default=5, show_default=True)
def main(batch: int, dim: int, repeats: int) -> None:
    """Time forward and backward of both forms on the same numbers, on the CPU."""
    torch.manual_seed(0)
    factored = LinearHypernetwork(4, dim)
    reference = Materialised(factored.weight.detach())
    action, embedding = torch.randn(batch, 4), torch.randn(batch, dim, requires_grad=True)

    def step(net: nn.Module) -> Callable[[], Tensor]:
        def work() -> Tensor:
            for parameter in net.parameters():
                parameter.grad = None
            out: Tensor = net(action, embedding)
            torch.autograd.backward(out.square().sum())  # for the weights and the embedding, as in training
            return out

        return work

    expected = reference(action, embedding)
    difference = (factored(action, embedding) - expected).abs().max() / expected.abs().max()
    ours, theirs = (seconds(step(net), repeats) for net in (factored, reference))
    click.echo(f"batch {batch}, dim {dim}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}")
    click.echo(f"materialised {1e3 * theirs:.1f} ms, factored {1e3 * ours:.1f} ms: {theirs / ours:.1f} times faster")
    click.echo(f"largest difference of an output, relative to the largest output: {float(difference.detach()):.1e}")


if __name__ == "__main__":
    main()
