"""Cost of a training step under different settings, in one run on one machine: the ratios for the choice of settings.

python -m iebench.benchmark.speed.settings
python -m iebench.benchmark.speed.settings precision=bf16 "precision=bf16 kernels=fast" encoder.stem=small

Each argument is one or more `--set` values, compared with the preset as it is. Settings take turns, a step each, so
that a busy machine slows all alike. Pictures are random bytes: loading, which runs beside the steps, is not included.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import click
import torch

from iebench.baselines.action import LABEL, OBJECT
from iebench.baselines.method import build

from ..data.batches import Batch
from ..distributed.device import pick
from ..distributed.ranks import ALONE
from ..training.config import resolve
from ..training.optimizer import optimizer
from ..training.step import autocast, descend, prepare, scaler_of
from .clock import in_turns, machine

DEFAULT = ("", "kernels=fast", "precision=bf16", "precision=bf16 kernels=fast")
PARTS = ("pixels", "forward", "backward, update")


@dataclass(frozen=True)
class StepCost:
    """Seconds of one step: CPU time of each of PARTS, and wall time."""

    parts: tuple[float, ...]
    wall: float

    @property
    def cpu(self) -> float:
        """CPU seconds of the whole step."""
        return sum(self.parts)


def step_of(method: str, preset: str, assignments: str) -> Callable[[], StepCost]:
    """Return a function that takes one training step on random pictures and returns its cost.

    assignments : `--set` values with spaces between them
    """
    settings, own = resolve(method, preset, assignments.split())
    torch.manual_seed(0)
    device, side = pick("auto"), settings.resolution or 64
    trained = build(method, own, settings.encoder).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network = prepare(trained.train(), settings, ALONE)
    descent, scaler = optimizer(trained.parameters(), settings), scaler_of(settings, device)
    shape = (settings.batch, settings.views)
    images = torch.randint(0, 256, (*shape, side, side, 3), dtype=torch.uint8).permute(0, 1, 4, 2, 3)
    numbers = torch.arange(settings.batch)[:, None].expand(shape)
    latents = {name: torch.rand(shape, dtype=torch.float64) for name in trained.latents}
    latents |= {name: numbers for name in (LABEL, OBJECT) if name in trained.latents}
    batch = Batch(images, latents)

    def step() -> StepCost:
        start, times = time.perf_counter(), [time.process_time()]
        pixels = batch.pixels(device)
        times.append(time.process_time())
        with autocast(settings, device):
            loss = network(pixels, batch.latents)["loss"]
        times.append(time.process_time())
        descend(loss, descent, scaler)
        float(loss.detach())  # a GPU computes in the background; this waits for it
        times.append(time.process_time())
        return StepCost(tuple(b - a for a, b in pairwise(times)), time.perf_counter() - start)

    return step


def report(costs: dict[str, list[StepCost]], images: int) -> list[str]:
    """Format medians of the costs, and ratios to the first setting.

    images : number of images in a step
    """
    first = next(iter(costs.values()))
    lines = [f"{'setting':32} {'CPU ms':>8}  times  {'wall ms':>8}  times  images/s   CPU ms of {', '.join(PARTS)}"]
    for name, steps in costs.items():
        cpu, wall = (median(getattr(step, kind) for step in steps) for kind in ("cpu", "wall"))
        cpus = median(a.cpu / b.cpu for a, b in zip(first, steps, strict=True))  # of one turn each
        walls = median(a.wall / b.wall for a, b in zip(first, steps, strict=True))
        parts = " ".join(f"{1e3 * median(part):6.0f}" for part in zip(*(step.parts for step in steps), strict=True))
        lines.append(
            f"{name or '(as the preset is)':32} {1e3 * cpu:8.0f} {cpus:6.2f}  {1e3 * wall:8.0f} {walls:6.2f} "
            f"{images / wall:9.0f}   {parts}"
        )
    return lines


@click.command(context_settings={"show_default": True})
@click.argument("assignments", nargs=-1)
@click.option("--method", default="sie", help="Method to train.")
@click.option("--preset", default="quick", help="Preset to start from.")
@click.option("--rounds", default=8, help="Steps of each setting; medians are printed, and medians of ratios.")
def main(assignments: tuple[str, ...], method: str, preset: str, rounds: int) -> None:
    """Measure steps under the preset, then under each of ASSIGNMENTS, such as 'precision=bf16 kernels=fast'."""
    settings = resolve(method, preset, [])[0]
    names = dict.fromkeys(("", *assignments) if assignments else DEFAULT)
    steps = {name: step_of(method, preset, name) for name in names}
    for step in steps.values():
        step()  # allocates and compiles
    click.echo(machine())
    click.echo("\n".join(report(in_turns(steps, rounds), settings.batch * settings.views)))


if __name__ == "__main__":
    main()
