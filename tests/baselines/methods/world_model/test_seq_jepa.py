"""seq-JEPA's loss equals a restatement in float64 with the attention written out; limits of the aggregate."""

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_actions
from torch import Tensor

from iebench.baselines.action import columns, view
from iebench.baselines.errors import SettingError
from iebench.baselines.methods.world_model.seq_jepa import SeqJEPA, SeqJEPASettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SIZES = {"action_size": 8, "layers": 2, "hidden": 16, "dropout": 0.0}
NAMES = columns("rotation-colour")


def method_of(**changes: object) -> SeqJEPA:
    torch.manual_seed(0)
    settings = SeqJEPASettings(**{**SIZES, **changes})
    method = SeqJEPA(Encoder(EncoderSettings(0.125, "small")), settings).double()
    with torch.no_grad():
        for parameter in (*method.target.parameters(), method.aggregator.token):
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    return method


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    values = torch.rand(len(NAMES), batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 16, 16, dtype=torch.float64), dict(zip(NAMES, values, strict=True))


def normed(rows: np.ndarray, axis: int) -> np.ndarray:
    return (rows - rows.mean(axis, keepdims=True)) / np.sqrt(rows.var(axis, keepdims=True) + 1e-5)


def restated_aggregate(method: SeqJEPA, tokens: np.ndarray) -> np.ndarray:
    """Run one object's tokens (1 + M, W) through the transformer, with a loop over heads: (W,)."""
    heads = method.settings.heads
    for layer in method.aggregator.layers:
        weight = {name: value.detach().numpy() for name, value in layer.named_parameters()}
        q, k, v = np.split(tokens @ weight["self_attn.in_proj_weight"].T + weight["self_attn.in_proj_bias"], 3, axis=1)
        outputs = []
        for query, key, value in zip(*(np.split(x, heads, axis=1) for x in (q, k, v)), strict=True):
            share = np.exp(query @ key.T / np.sqrt(query.shape[1]))
            outputs.append(share / share.sum(1, keepdims=True) @ value)
        mixed = np.concatenate(outputs, 1) @ weight["self_attn.out_proj.weight"].T + weight["self_attn.out_proj.bias"]
        tokens = normed(tokens + mixed, 1) * weight["norm1.weight"] + weight["norm1.bias"]
        wide = np.maximum(tokens @ weight["linear1.weight"].T + weight["linear1.bias"], 0)
        narrow = wide @ weight["linear2.weight"].T + weight["linear2.bias"]
        tokens = normed(tokens + narrow, 1) * weight["norm2.weight"] + weight["norm2.bias"]
    return normed(tokens[:1], 1)[0] * method.aggregator.norm.weight.detach().numpy()


@pytest.mark.parametrize(
    ("views", "action"), [(2, "rotation"), (3, "rotation"), (4, "rotation"), (5, "rotation-colour"), (3, ""), (2, "")]
)
def test_the_loss_equals_its_restatement(views: int, action: str) -> None:
    """M = 1 to 4 context views; an empty action is none."""
    method = method_of(action=action) if action else method_of(action_size=0)
    images, latents = data(views)
    ours = float(method.loss(images, latents)["loss"].detach())
    context = views - 1
    with torch.no_grad():
        h = one_by_one(images[:, :context], method.encoder).numpy()
        goal = method.target.network[0](images[:, -1]).numpy()
    p = [np.zeros((6, 0))] * context
    last = p[0]
    if action:
        weight = method.action_layer[0].weight.detach().numpy()
        raw = [restated_actions(latents, k, action == "rotation-colour") @ weight.T for k in range(context)]
        p = [*np.split(normed(np.concatenate(raw), 0), context)[:-1], np.zeros((6, 8))]
        last = normed(raw[-1], 0)
    token = method.aggregator.token.detach().numpy()
    sequences = [np.stack([token, *(np.r_[h[i, k], p[k][i]] for k in range(context))]) for i in range(6)]
    aggregate = np.stack([restated_aggregate(method, sequence) for sequence in sequences])
    first, norm, _, second = method.predictor
    hidden = normed(np.concatenate([aggregate, last], 1) @ first.weight.detach().numpy().T, 0)
    hidden = np.maximum(hidden * norm.weight.detach().numpy() + norm.bias.detach().numpy(), 0)
    predicted = hidden @ second.weight.detach().numpy().T + second.bias.detach().numpy()
    cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(predicted, goal, strict=True)]
    assert ours == pytest.approx(1 - np.mean(cosines), rel=1e-8)


def test_perfect_predictions_cost_nothing_and_opposite_ones_two() -> None:
    """The predictor's last layer ignores its input, and the target gives one vector for all images."""
    for sign, cost in ((1, 0), (-1, 2)):
        method, (images, latents) = method_of(), data(3)
        with torch.no_grad():
            goal = method.target(images[:1, -1].expand(6, -1, -1, -1))
            method.predictor[3].weight.zero_()
            method.predictor[3].bias.copy_(sign * goal[0])
        method.target.forward = lambda images, goal=goal: goal  # type: ignore[method-assign]
        assert float(method.loss(images, latents)["loss"].detach()) == pytest.approx(cost, abs=1e-9)


def test_the_online_network_learns_and_the_target_follows_it_along_a_cosine() -> None:
    method, (images, latents) = method_of(), data(3)
    method.loss(images, latents)["loss"].backward()
    for name, parameter in method.named_parameters():
        assert (parameter.grad is None) == name.startswith("target."), name
    before = [parameter.clone() for parameter in method.target.parameters()]
    method.after_step(6, 20)  # a quarter of the way
    share = 0.004 * (1 + 0.5**0.5) / 2
    for mine, old, online in zip(method.target.parameters(), before, method.encoder.parameters(), strict=True):
        torch.testing.assert_close(mine, (1 - share) * old + share * online.detach())


def test_the_aggregate_of_one_view_is_that_of_the_predictor_and_actions_give_the_order() -> None:
    method, (images, latents) = method_of().eval(), data(4)
    with torch.no_grad():
        h = method.represent(images)
        first, others = view(latents, 0), {n: v[:, 1:].flatten() for n, v in latents.items()}
        repeated = {name: values.repeat_interleave(3) for name, values in first.items()}
        several = method.predict(method.embed(h[:, 0]), repeated, others).unflatten(0, (6, 3))
        for k in range(3):
            single = method.predict(h[:, 0], first, view(latents, k + 1))
            torch.testing.assert_close(several[:, k], single)
        swap = [1, 0, 2]
        swapped = {name: values[:, swap] for name, values in latents.items()}
        still = {name: torch.zeros_like(values[:, :3]) for name, values in latents.items()}
        ordered = method.aggregate(h[:, :3], {name: values[:, :3] for name, values in latents.items()})
        assert (ordered - method.aggregate(h[:, swap], swapped)).abs().max() > 1e-3
        method.action_layer[1].running_mean.copy_(method._projected(method_still(still))[0])  # P(no action) is 0
        torch.testing.assert_close(method.aggregate(h[:, :3], still), method.aggregate(h[:, swap], still))


def method_still(latents: dict[str, Tensor]) -> Tensor:
    """Return the quaternions of no rotation, for each object."""
    return torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=torch.float64).expand(len(latents[NAMES[0]]), 4)


def test_without_actions_it_needs_no_latents_and_predicts_no_view_by_name() -> None:
    method = method_of(action_size=0)
    assert not method.has_predictor and method.latents == () and method_of().has_predictor
    assert method.aggregate(torch.rand(2, 3, 64, dtype=torch.float64), {}).shape == (2, 64)


@pytest.mark.parametrize(
    "settings", [{"action_size": -1}, {"dropout": 1.0}, {"heads": 0}, {"momentum": 1.5}, {"context": 0}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"from 0 on|from 1 on|between 0 and 1"):
        SeqJEPASettings(**settings)


def test_tokens_that_do_not_divide_into_heads_are_refused() -> None:
    with pytest.raises(SettingError, match="a token of 67 numbers does not divide into heads=4"):
        method_of(action_size=3)
