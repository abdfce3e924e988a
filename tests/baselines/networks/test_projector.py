"""Projectors equal functions of their weights."""

import torch

from iebench.baselines.networks.projector import perceptron, projector


def test_a_projector_is_linear_norm_relu_and_a_last_layer_without_bias() -> None:
    torch.manual_seed(0)
    net = projector((6, 8, 10, 12)).double()
    norms = [f"{i}.{name}" for i in (0, 1, 3, 4) for name in ("weight", "bias")]
    assert [name for name, _ in net.named_parameters()] == [*norms, "6.weight"]
    state, x = net.state_dict(), torch.randn(5, 6, dtype=torch.float64)
    output = net(x)
    for linear, norm in ((0, 1), (3, 4)):
        x = x @ state[f"{linear}.weight"].T + state[f"{linear}.bias"]
        x = (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + 1e-5)  # of the batch, while it trains
        x = (x * state[f"{norm}.weight"] + state[f"{norm}.bias"]).clamp(min=0)
    torch.testing.assert_close(output, x @ state["6.weight"].T)


def test_it_may_end_in_a_norm_without_scale() -> None:
    torch.manual_seed(0)
    plain = projector((6, 8, 10))
    torch.manual_seed(0)
    ending, x = projector((6, 8, 10), norm=True), torch.randn(5, 6)
    norm = [f"4.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")]
    assert list(ending.state_dict()) == [*plain.state_dict(), *norm]
    expected = plain(x)
    expected = (expected - expected.mean(0)) / torch.sqrt(expected.var(0, correction=0) + 1e-5)
    torch.testing.assert_close(ending(x), expected)


def test_one_width_is_a_linear_map() -> None:
    net, x = projector((4, 5)), torch.randn(3, 4)
    torch.testing.assert_close(net(2 * x), 2 * net(x))


def test_a_perceptron_is_linear_relu_linear_with_biases() -> None:
    torch.manual_seed(0)
    net, x = perceptron((6, 8, 3)), torch.randn(5, 6)
    state = net.state_dict()
    hidden = (x @ state["0.weight"].T + state["0.bias"]).clamp(min=0)
    expected = hidden @ state["2.weight"].T + state["2.bias"]
    torch.testing.assert_close(net(x), expected)
    assert len(state) == 4 and float(expected.min()) < 0
