"""IWM's loss equals a restatement with loops over tokens; an identity action becomes the identity on still pairs."""

import itertools
import math
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from iebench.baselines.action import ROTATION, steps
from iebench.baselines.methods.world_model.iwm import IWM, IWMSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.networks.vit import positions

RESNET, VIT = EncoderSettings(0.125, "small"), EncoderSettings(0.5, "small", "vit-small")
FORMS = [
    IWMSettings(layers=2, width=64), IWMSettings(layers=2, width=64, conditioning="sequence"),
    IWMSettings(layers=2, width=16, predictor="convolution"),
]  # fmt: skip


def method_of(settings: IWMSettings, encoder: EncoderSettings = RESNET) -> IWM:
    torch.manual_seed(0)
    return IWM(Encoder(encoder), settings).double()


def data(views: int, objects: int = 3, side: int = 32) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    values = torch.rand(len(ROTATION), objects, views, dtype=torch.float64) * math.pi - math.pi / 2
    return torch.rand(objects, views, 3, side, side, dtype=torch.float64), dict(zip(ROTATION, values, strict=True))


def linear(x: Tensor, state: Mapping[str, Tensor], name: str) -> Tensor:
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def norm(x: Tensor, state: Mapping[str, Tensor], name: str) -> Tensor:
    deviation = torch.sqrt(((x - x.mean(-1, keepdim=True)) ** 2).mean(-1, keepdim=True) + 1e-6)
    return (x - x.mean(-1, keepdim=True)) / deviation * state[f"{name}.weight"] + state[f"{name}.bias"]


def restated(state: Mapping[str, Tensor], maps: Tensor, action: Tensor) -> Tensor:
    """Predict one object's map (C, h, w) from another, token by token; one head of 64 dimensions."""
    _, rows, columns = maps.shape
    grid = positions(rows, columns, 64).double()
    source = [linear(maps[:, i // columns, i % columns], state, "tokens") + grid[i] for i in range(rows * columns)]
    target = [state["mask"][0, 0] + spot for spot in grid]
    if "mix.0.weight" in state:
        for i, token in enumerate(target):
            hidden = linear(torch.cat([token, action]), state, "mix.0").clamp(min=0)
            target[i] = linear(linear(hidden, state, "mix.2").clamp(min=0), state, "mix.4")
    extra = [linear(action, state, "action")] if "action.weight" in state else []
    x = torch.stack([*source, *extra, *target])
    for layer in range(2):
        own = {key.split(".", 2)[2]: value for key, value in state.items() if key.startswith(f"blocks.{layer}.")}
        query, key, value = linear(norm(x, own, "norm1"), own, "attn.qkv").split(64, dim=1)
        x = x + linear(torch.softmax(query @ key.T / 8, dim=1) @ value, own, "attn.proj")
        hidden = linear(norm(x, own, "norm2"), own, "mlp.fc1")
        x = x + linear(hidden * (1 + torch.erf(hidden / math.sqrt(2))) / 2, own, "mlp.fc2")
    out = linear(norm(x[-rows * columns :], state, "norm"), state, "out")
    return out.T.reshape(-1, rows, columns)


def restated_convolutions(state: Mapping[str, Tensor], maps: Tensor, action: Tensor) -> Tensor:
    """Predict one object's map (C, h, w) from another, position by position; 16 channels in 8 groups."""
    _, rows, columns = maps.shape
    spots = list(itertools.product(range(rows), range(columns)))
    enter, leave = (state[f"{name}.weight"][:, :, 0, 0] for name in ("enter", "leave"))
    x = torch.stack([enter @ torch.cat([maps[:, i, j], action]) + state["enter.bias"] for i, j in spots])
    for layer in range(2):
        own = {key.split(".", 2)[2]: value for key, value in state.items() if key.startswith(f"blocks.{layer}.")}
        groups = x.T.reshape(8, -1)  # two channels at all positions
        centred = groups - groups.mean(1, keepdim=True)
        groups = centred / torch.sqrt((centred**2).mean(1, keepdim=True) + 1e-5)
        y = groups.reshape(16, -1).T * own["0.weight"] + own["0.bias"]
        at = dict(zip(spots, y * (1 + torch.erf(y / math.sqrt(2))) / 2, strict=True))
        near = list(itertools.product((-1, 0, 1), repeat=2))
        sums = [
            sum(own["2.weight"][:, :, a + 1, b + 1] @ at[i + a, j + b] for a, b in near if (i + a, j + b) in at)
            for i, j in spots
        ]
        x = x + torch.stack([own["2.bias"] + spot for spot in sums])
    return (x @ leave.T + state["leave.bias"]).T.reshape(-1, rows, columns)


@pytest.mark.parametrize("encoder", [RESNET, VIT], ids=["resnet", "vit"])
@pytest.mark.parametrize("settings", FORMS, ids=["feature", "sequence", "convolution"])
@pytest.mark.slow
def test_the_loss_equals_its_restatement(settings: IWMSettings, encoder: EncoderSettings) -> None:
    method = method_of(settings, encoder).eval()
    for weight in method.encoder.parameters():  # the target is another network
        weight.data.add_(0.01 * torch.randn(weight.shape, dtype=weight.dtype))
    images, latents = data(3)
    state = {key: value.detach() for key, value in method.predictor.state_dict().items()}
    actions, expected = steps("rotation", latents), 0.0
    predict = restated_convolutions if settings.predictor == "convolution" else restated
    with torch.no_grad():
        for k, turn in enumerate(actions):
            before = method.encoder.with_maps(images[:, k], (method.map_stage,))[1]
            after = method.target.network[0].with_maps(images[:, k + 1], (method.map_stage,))[1]
            pairs = zip(before, turn, after, strict=True)
            expected += sum(float(((predict(state, x, a) - y) ** 2).mean()) for x, a, y in pairs) / len(images)
        assert float(method.loss(images, latents)["loss"]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("settings", FORMS, ids=["feature", "sequence", "convolution"])
@pytest.mark.slow
def test_an_identity_action_becomes_the_identity_on_still_pairs(settings: IWMSettings) -> None:
    """The target stays, so that it cannot collapse; the prediction then explains nearly all of its variance."""
    method = method_of(IWMSettings(**{**vars(settings), "momentum": 1.0})).float()
    for module in method.modules():  # maps that differ from place to place
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(module.weight)
    images, latents = data(1, objects=3)
    images = images.float().expand(-1, 2, -1, -1, -1)
    rate = 1e-2 if settings.predictor == "convolution" else 2e-3
    still = {name: value.expand(-1, 2) for name, value in latents.items()}
    optimizer = torch.optim.Adam([p for p in method.parameters() if p.requires_grad], rate)
    for step in range(130):
        optimizer.zero_grad()
        loss = method.loss(images, still)["loss"]
        loss.backward()
        optimizer.step()
        method.after_step(step + 1, 130)
    target = method.target_map(images[:, 0])
    assert float(loss.detach()) < 0.1 * float((target - target.mean(0)).square().mean())


@pytest.mark.parametrize("settings", FORMS, ids=["feature", "sequence", "convolution"])
def test_the_action_moves_the_prediction_of_every_position(settings: IWMSettings) -> None:
    predictor = method_of(settings).predictor
    maps = torch.rand(1, 64, 2, 2, dtype=torch.float64)
    outputs = [predictor(maps, torch.tensor([q], dtype=torch.float64)) for q in ((0, 0, 0, 1), (1, 0, 0, 0))]
    assert ((outputs[0] - outputs[1]).abs().amax(1) > 1e-4).all()


def test_the_target_follows_the_encoder_alone_and_gets_no_gradient() -> None:
    method = method_of(FORMS[0])
    before = [p.clone() for p in method.target.parameters()]
    method.loss(*data(2))["loss"].backward()
    assert all(p.grad is None for p in method.target.parameters())
    with torch.no_grad():
        for weight in method.encoder.parameters():
            weight.add_(1)
    method.after_step(1, 10)
    moved = [now - then for now, then in zip(method.target.parameters(), before, strict=True)]
    assert all(torch.allclose(step, torch.full_like(step, 0.004)) for step in moved)


def test_tokens_are_a_part_of_a_transformer_alone() -> None:
    assert method_of(FORMS[0]).parts == {}
    assert method_of(FORMS[0], VIT).parts == {"tokens": slice(192, 384)}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"width": 100}, "a multiple of 64, not 6 and 100"),
        ({"predictor": "convolution", "width": 12}, "a multiple of 8, not 6 and 12"),
        ({"predictor": "convolution", "conditioning": "sequence"}, "sequence needs tokens: set predictor=transformer"),
        ({"momentum": 2}, "momentum must be between 0 and 1"),
    ],
)
def test_contradictions_are_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        IWMSettings(**changed)
