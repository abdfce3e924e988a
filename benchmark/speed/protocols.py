"""Cost of scoring by several protocols on the same features, in CPU time of one process.

python -m iebench.benchmark.speed.protocols --run runs/sie --data data/builtin

The features are computed first and not counted. Each protocol is scored as by `iebench score`.
"""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import torch

from ..distributed.ranks import ALONE
from ..encoders import registry
from ..encoders.prepared import prepare
from ..protocol import load
from ..scoring.score import encode_splits, score

CPU = torch.device("cpu")


@click.command()
@click.option("--run", "folder", type=click.Path(path_type=Path), required=True, help="A run's folder.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="The dataset that it is scored on.")
@click.option("--protocol", "names", multiple=True, default=("strict", "converged"), show_default=True)
@click.option("--limit", type=int, help="Objects of each split, for a quick look.")
def main(folder: Path, data: Path, names: tuple[str, ...], limit: int | None) -> None:
    """Score a run by each protocol and print the CPU seconds of its probes."""
    loaded = registry.load(f"run:{folder}", {})
    encoder = prepare(loaded, loaded.side(0), CPU)
    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # its first use imports modules for seconds
    with TemporaryDirectory() as cache:
        encode_splits(encoder, data, Path(cache), CPU, load(names[0]), 0, limit, ALONE)
        for name in names:
            start = time.process_time()
            score(encoder, data, Path(cache), CPU, load(name), limit=limit)
            spent = time.process_time() - start
            click.echo(f"{name}: {spent:.1f} CPU seconds, {encoder.dim} columns, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
