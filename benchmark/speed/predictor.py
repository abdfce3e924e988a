"""Speed of the predictor and of an SIE step without encoder: our factored hypernetwork and the materialised one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from iebench.baselines import method as methods
from iebench.baselines.action import ROTATION
from iebench.baselines.methods.sie import SIE, SIESettings
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.baselines.networks.predictor import LinearHypernetwork
from iebench.manifests.common.machine import free_memory

from .clock import Spent, added_memory, in_turns, middle, watch
from .reference import Materialised

COLUMNS = "materialised -> ours (times faster, times less CPU time), memory added (times less)"
PARTS = ("predictor alone", "SIE step without encoder")


class Given(nn.Module):
    """Replaces an encoder by given representations: takes (B, dim, 1, 1), returns (B, dim)."""

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, dim, 1, 1) to (B, dim)."""
        return images.flatten(1)


@dataclass(frozen=True)
class Row:
    """Measurement of one part of training at one batch size; the first of two values is of the materialised form.

    wall, cpu : median seconds; memory : additional bytes
    gap : largest difference of outputs, relative to the largest output
    others : mean number of cores that other processes used meanwhile
    """

    part: str
    batch: int
    wall: tuple[float, float]
    cpu: tuple[float, float]
    memory: tuple[int, int]
    gap: float
    others: float

    @property
    def line(self) -> str:
        """Format the measurement as a line of a table."""
        faster, cheaper, less = (pair[0] / max(pair[1], 1e-9) for pair in (self.wall, self.cpu, self.memory))
        return (
            f"  {self.part:25s} batch {self.batch:5d}: {1e3 * self.wall[0]:9.1f} -> {1e3 * self.wall[1]:7.1f} ms "
            f"({faster:5.1f}, {cheaper:5.1f}), {self.memory[0] / 2**20:8.1f} -> {self.memory[1] / 2**20:6.1f} MiB "
            f"({less:5.1f}); outputs apart {self.gap:.0e}; others {self.others:.1f} cores"
        )


def measure(batch: int, dim: int, repeats: int, device: torch.device) -> list[Row]:
    """Measure forward and backward of both, alone and in a step of SIE with projectors of width `dim`.

    Empty if the matrices, their gradient and half as much again do not fit into free memory.
    """
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_memory()
    if 2.5 * 4 * batch * dim**2 > free:
        return []
    torch.manual_seed(0)
    settings = SIESettings(projector=(dim, dim, dim))
    sie = methods.build("sie", settings, EncoderSettings()).to(device)
    if not isinstance(sie, SIE) or not isinstance(sie.predictor, LinearHypernetwork):
        raise TypeError("sie has another predictor than this compares")
    sie.encoder = Given()  # type: ignore[assignment]
    factored, materialised = sie.predictor, Materialised(sie.predictor)
    action, embedding = torch.randn(batch, 4, device=device), torch.randn(batch, dim, device=device)
    images = torch.randn(batch, 2, sie.dim, 1, 1, device=device)
    latents = {name: torch.rand(batch, 2, dtype=torch.float64) for name in ROTATION}
    with torch.no_grad():
        expected = materialised(action, embedding)
        gap = float((factored(action, embedding) - expected).abs().max() / expected.abs().max())

    def alone(net: nn.Module) -> Callable[[], None]:
        x = embedding.clone().requires_grad_()
        return lambda: _backward(net, net(action, x).square().sum())

    def step(net: nn.Module) -> Callable[[], None]:
        def work() -> None:
            sie.predictor = net
            _backward(sie, sie.loss(images, latents)["loss"])

        return work

    rows = []
    for part, make in zip(PARTS, (alone, step), strict=True):
        work = {"theirs": make(materialised), "ours": make(factored)}
        spent = in_turns({name: partial(_timed, call, device) for name, call in work.items()}, repeats + 1)
        baseline, ours = (samples[1:] for samples in spent.values())  # the first warms up
        memory = []
        for call in work.values():
            sie.zero_grad(set_to_none=True)
            materialised.zero_grad(set_to_none=True)
            memory.append(added_memory(call, device))
        rows.append(
            Row(
                part=part,
                batch=batch,
                wall=(middle(baseline, "wall"), middle(ours, "wall")),
                cpu=(middle(baseline, "cpu"), middle(ours, "cpu")),
                memory=(memory[0], memory[1]),
                gap=gap,
                others=max(middle(baseline, "others"), middle(ours, "others")),
            )
        )
    return rows


def _backward(net: nn.Module, loss: Tensor) -> None:
    for parameter in net.parameters():
        parameter.grad = None
    loss.backward()  # type: ignore[no-untyped-call]


def _timed(call: Callable[[], None], device: torch.device) -> Spent:
    with watch() as spent:
        call()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
    return spent
