"""The released ResNet-18 and heads as functions of a state: the reference for converted weights."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

State = Mapping[str, Tensor]


def normalised(x: Tensor, state: State, name: str) -> Tensor:
    """Apply batch norm with running statistics."""
    mean, var = (state[f"{name}.{part}"] for part in ("running_mean", "running_var"))
    shape = (1, -1) + (1,) * (x.ndim - 2)
    x = (x - mean.view(shape)) / torch.sqrt(var.view(shape) + 1e-5)
    if f"{name}.weight" not in state:  # batch norm without a scale
        return x
    return x * state[f"{name}.weight"].view(shape) + state[f"{name}.bias"].view(shape)


def vicreg_resnet18(x: Tensor, state: State) -> Tensor:
    """Return features (B, 512) of normalised images by the released network."""
    return vicreg_map(x, state).mean(dim=(2, 3))


def vicreg_map(x: Tensor, state: State) -> Tensor:
    """Return the last map (B, 512, h, w) of normalised images by the released network, with explicit padding."""
    x = functional.conv2d(functional.pad(x, (2, 3, 2, 3)), state["conv1.weight"], stride=2)
    x = normalised(x, state, "bn1").clamp(min=0)
    x = functional.max_pool2d(functional.pad(x, (0, 1, 0, 1), value=-1e4), 3, stride=2)
    for stage in range(1, 5):
        for block in range(2):
            head = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            y = functional.conv2d(functional.pad(x, (1, 1, 1, 1)), state[f"{head}.conv1.weight"])
            y = normalised(y, state, f"{head}.bn1").clamp(min=0)
            border = (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1)
            y = functional.conv2d(functional.pad(y, border), state[f"{head}.conv2.weight"], stride=stride)
            y = normalised(y, state, f"{head}.bn2")
            if block == 0:
                x = functional.conv2d(x, state[f"{head}.downsample.0.weight"], stride=stride)
                x = normalised(x, state, f"{head}.downsample.1")
            x = (x + y).clamp(min=0)
    return x


def resnet(x: Tensor, state: State) -> Tensor:
    """Return features (B, D) of normalised images by torchvision's ResNet-18 or 50, or by those with CIFAR's stem."""
    small = state["conv1.weight"].shape[-1] == 3
    x = functional.conv2d(x, state["conv1.weight"], stride=1 if small else 2, padding=1 if small else 3)
    x = normalised(x, state, "bn1").clamp(min=0)
    x = x if small else functional.max_pool2d(x, 3, stride=2, padding=1)
    blocks = sorted({name.rpartition(".conv")[0] for name in state if name.startswith("layer") and ".conv" in name})
    for head in blocks:  # at most six in a stage, so that their names are in order
        last = 3 if f"{head}.conv3.weight" in state else 2
        stride = 2 if head.endswith(".0") and not head.startswith("layer1") else 1
        y = x
        for number in range(1, last + 1):
            weight = state[f"{head}.conv{number}.weight"]
            step = stride if number == last - 1 else 1  # in the first of two convolutions, the second of three
            y = functional.conv2d(y, weight, stride=step, padding=weight.shape[-1] // 2)
            y = normalised(y, state, f"{head}.bn{number}")
            y = y if number == last else y.clamp(min=0)
        if f"{head}.downsample.0.weight" in state:
            x = functional.conv2d(x, state[f"{head}.downsample.0.weight"], stride=stride)
            x = normalised(x, state, f"{head}.downsample.1")
        x = (x + y).clamp(min=0)
    return x.mean(dim=(2, 3))


def projected(x: Tensor, state: State) -> Tensor:
    """Return an embedding by a released projector: linear, batch norm, ReLU twice; then a linear layer without bias."""
    for linear, norm in ((0, 1), (3, 4)):
        x = x @ state[f"{linear}.weight"].T + state[f"{linear}.bias"]
        x = normalised(x, state, str(norm)).clamp(min=0)
    return x @ state["6.weight"].T


def projected_without_bias(x: Tensor, state: State) -> Tensor:
    """Return an embedding by seq-JEPA's projector: three linear layers without biases, each before a batch norm."""
    for linear in (0, 3):
        x = normalised(x @ state[f"{linear}.weight"].T, state, str(linear + 1)).clamp(min=0)
    return normalised(x @ state["6.weight"].T, state, "7")


def random_like(shapes: Mapping[str, tuple[int, ...]], seed: int = 0) -> dict[str, Tensor]:
    """Return a random float64 state that differs from any initial state, so that every tensor affects the output."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
            continue
        fan = max(1, torch.Size(shape[1:]).numel())
        value = torch.randn(shape, generator=generator, dtype=torch.float64) / fan**0.5
        state[name] = value.abs() + 0.5 if name.endswith(("running_var", "bn1.weight", "bn2.weight")) else value
    return state


def resnet_shapes(shortcuts: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Return names and shapes of a ResNet-18's state; `shortcuts` : stages whose first block has shortcut weights."""

    def norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
        parts = ("weight", "bias", "running_mean", "running_var")
        return {**{f"{name}.{part}": (size,) for part in parts}, f"{name}.num_batches_tracked": ()}

    shapes = {"conv1.weight": (64, 3, 7, 7), **norm("bn1", 64)}
    inputs = 64
    for stage, size in enumerate((64, 128, 256, 512), start=1):
        for block in range(2):
            head = f"layer{stage}.{block}"
            shapes |= {f"{head}.conv1.weight": (size, inputs, 3, 3), **norm(f"{head}.bn1", size)}
            shapes |= {f"{head}.conv2.weight": (size, size, 3, 3), **norm(f"{head}.bn2", size)}
            if block == 0 and stage in shortcuts:
                shapes |= {f"{head}.downsample.0.weight": (size, inputs, 1, 1), **norm(f"{head}.downsample.1", size)}
            inputs = size
    return shapes
