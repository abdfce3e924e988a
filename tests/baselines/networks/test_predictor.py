"""The factored hypernetwork gives the same output as one that builds every matrix."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from iebench.baselines.equivariant import PredictorSettings
from iebench.baselines.networks.predictor import LinearHypernetwork, predictor


def materialised(weight: Tensor, action: Tensor, embedding: Tensor) -> Tensor:
    """Return W(z) x, with the matrix W(z) built for every sample: the definition of the hypernetwork."""
    matrices = torch.einsum("bk,koi->boi", action, weight)  # (B, d, d)
    return torch.bmm(matrices, embedding.unsqueeze(-1)).squeeze(-1)


def test_outputs_and_gradients_equal_the_materialised_form() -> None:
    torch.manual_seed(0)
    net = LinearHypernetwork(4, 24).double()
    action = torch.randn(9, 4, dtype=torch.float64, requires_grad=True)
    embedding = torch.randn(9, 24, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(9, 24, dtype=torch.float64)
    inputs = (action, embedding, net.weight)
    factored = net(action, embedding)
    reference = materialised(net.weight, action, embedding)
    torch.testing.assert_close(factored, reference, rtol=1e-13, atol=1e-13)
    ours = torch.autograd.grad(factored, inputs, upstream)
    expected = torch.autograd.grad(reference, inputs, upstream)
    for gradient, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(gradient, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("hidden", [(), (10,)])
def test_several_actions_for_an_embedding_share_its_products(hidden: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    net = predictor("linear", 4, 12, hidden).double()
    action, embedding = torch.randn(15, 4, dtype=torch.float64), torch.randn(3, 12, dtype=torch.float64)
    alone = net(action, embedding.repeat_interleave(5, dim=0))
    torch.testing.assert_close(net(action, embedding), alone, rtol=1e-12, atol=1e-12)


def test_no_tensor_is_larger_than_the_weights() -> None:
    net = LinearHypernetwork(4, 64)
    sizes: list[int] = []

    def pack(tensor: Tensor) -> Tensor:
        sizes.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        net(torch.randn(128, 4), torch.randn(128, 64, requires_grad=True))
    assert max(sizes) <= max(net.weight.numel(), 128 * 4 * 64) < 128 * 64 * 64


def test_it_is_linear_in_both_arguments_and_has_no_bias() -> None:
    torch.manual_seed(1)
    net = LinearHypernetwork(4, 8).double()
    z, x, y = (torch.randn(3, n, dtype=torch.float64) for n in (4, 8, 8))
    torch.testing.assert_close(net(2 * z, x), 2 * net(z, x))
    torch.testing.assert_close(net(z, x + y), net(z, x) + net(z, y))
    assert not net(torch.zeros(3, 4), x).any()


def test_it_starts_as_a_linear_layer_from_the_action_does() -> None:
    torch.manual_seed(2)
    ours = LinearHypernetwork(4, 64).weight.detach()
    linear = torch.nn.Linear(4, 64 * 64, bias=False).weight.detach()
    assert float(ours.abs().max()) <= 0.5
    assert math.isclose(float(ours.std()), float(linear.std()), rel_tol=0.02)


def test_autocast_keeps_the_sum_in_float32() -> None:
    net = LinearHypernetwork(4, 16)
    with torch.autocast("cpu", torch.bfloat16):
        assert net(torch.randn(2, 4), torch.randn(2, 16)).dtype == torch.float32


def test_a_relu_lies_between_the_matrices_where_it_is_asked_for() -> None:
    torch.manual_seed(0)
    net = predictor("linear", 4, 6, (5,), relu=True)
    action, embedding = torch.randn(3, 4), torch.randn(3, 6)
    inner = net.chain[0](action, embedding)
    assert float(inner.detach().min()) < 0
    torch.testing.assert_close(net(action, embedding), net.chain[1](action, inner.clamp(min=0)))
    with pytest.raises(ValueError, match="predictor_relu lies between the matrices of a hypernetwork: it needs predic"):
        PredictorSettings(predictor_relu=True)
    with pytest.raises(ValueError, match="predictor_relu lies between"):
        PredictorSettings(predictor="mlp", predictor_hidden=(5,), predictor_relu=True)


@pytest.mark.parametrize("hidden", [(), (7,), (7, 3)])
def test_the_deep_and_the_longer_one_equal_their_definition_sample_by_sample(hidden: tuple[int, ...]) -> None:
    torch.manual_seed(3)
    for kind in ("linear", "deep"):
        net = predictor(kind, 6, 5, hidden).double()  # type: ignore[arg-type]
        action, embedding = torch.randn(4, 6, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
        state = {name: value.numpy() for name, value in net.state_dict().items()}
        for z, x, out in zip(action.numpy(), embedding.numpy(), net(action, embedding).detach().numpy(), strict=True):
            for key in ("rework.0.weight", "rework.2.weight") if kind == "deep" else ():
                z = np.maximum(state[key] @ z, 0)  # noqa: PLW2901
            for key in sorted(key for key in state if not key.startswith("rework")):
                x = np.tensordot(z, state[key], 1) @ x  # noqa: PLW2901
            np.testing.assert_allclose(out, x, rtol=1e-10, atol=1e-12)
        assert all("bias" not in name for name in state)


@pytest.mark.parametrize("hidden", [(), (7,)])
def test_the_perceptron_sees_the_action_first(hidden: tuple[int, ...]) -> None:
    torch.manual_seed(4)
    net = predictor("mlp", 4, 5, hidden).double()
    action, embedding = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    state = [value.numpy() for value in net.state_dict().values()]
    x = np.concatenate([action.numpy(), embedding.numpy()], axis=1)
    for i in range(0, len(state), 2):
        x = x @ state[i].T + state[i + 1]
        if i + 2 < len(state):
            x = np.maximum(x, 0)
    np.testing.assert_allclose(net(action, embedding).detach().numpy(), x, rtol=1e-12)


def test_sizes_are_the_papers() -> None:
    for actions, count in ((4, 4_194_304), (6, 6_291_456)):
        with torch.device("meta"):
            assert sum(p.numel() for p in predictor("linear", actions, 1024).parameters()) == count
