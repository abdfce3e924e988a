"""`passes = apart` is one forward pass per view, `together` one pass for all; only batch norms tell them apart."""

from copy import deepcopy

import pytest
import torch
from together import OBJECTS, TRAINED, batch, difference, method_of, outcome
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from iebench.baselines.method import Method, find
from iebench.benchmark.distributed.ranks import ALONE

Outcome = tuple[dict[str, float], dict[str, Tensor], dict[str, Tensor]]


class Grouped(nn.Module):
    """Batch norm that receives all views at once (grouped by object) and normalises each view by its own moments."""

    def __init__(self, norm: _BatchNorm, views: int) -> None:
        super().__init__()
        self.norm, self.views = norm, views

    def forward(self, values: Tensor) -> Tensor:
        norm, outputs = self.norm, []
        views = len(values) // OBJECTS  # seq-JEPA's encoder sees all but one
        if views > self.views:  # E-SSL's crops, which are not views
            return norm(values)
        others = [d for d in range(values.dim()) if d != 1]
        shape = (1, -1, *(1 for _ in values.shape[2:]))
        for k in range(views):
            view = values[k::views]
            mean, count = view.mean(others), view.numel() // view.shape[1]
            variance = (view - mean.view(shape)).square().mean(others)
            out = (view - mean.view(shape)) / (variance.view(shape) + norm.eps).sqrt()
            outputs.append(out * norm.weight.view(shape) + norm.bias.view(shape) if norm.affine else out)
            with torch.no_grad():
                norm.running_mean.mul_(0.9).add_(mean, alpha=0.1)
                norm.running_var.mul_(0.9).add_(variance * count / (count - 1), alpha=0.1)
                norm.num_batches_tracked.add_(1)
        return torch.stack(outputs, dim=1).flatten(0, 1)


def grouped(method: Method, views: int) -> Method:
    """Return a copy of the method that runs in one pass, with batch norms that treat each view on its own."""
    method = deepcopy(method)
    method.passes = "together"
    for name, module in list(method.named_modules()):
        # the predictor is called for one view at a time, as in the papers
        conditioned = name.startswith(("predictor", "action_layer")) and method.has_predictor
        for child, norm in list(module.named_children()):
            if isinstance(norm, _BatchNorm) and not conditioned:
                setattr(module, child, Grouped(norm, views))
    return method


def result(method: Method, images: Tensor, latents: dict[str, Tensor]) -> Outcome:
    terms, gradients, buffers = outcome(method, method, images, latents, ALONE.mean)
    return terms, *({n.replace(".norm.", "."): v for n, v in part.items()} for part in (gradients, buffers))


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.slow
def test_apart_is_one_pass_whose_norms_see_one_view_at_a_time(name: str, views: int) -> None:
    if views < find(name).needs(find(name).defaults()).views:
        pytest.skip("compares three views")
    images, latents = batch(views=views)
    method, _ = method_of(name, "passes=apart")
    reference = result(grouped(method, views), images, latents)
    together = deepcopy(method)
    together.passes = "together"
    others = result(together, images, latents)
    for mine, expected, other in zip(result(method, images, latents), reference, others, strict=True):
        assert difference(mine, expected) < 1e-8
        if views > 2 or name not in ("seq-jepa", "iwm"):  # with two views their encoder sees one
            assert difference(mine, other) > 1e-5  # otherwise the setting would have no effect


def test_apart_is_a_plain_loop_over_views() -> None:
    images, _ = batch(views=3)
    method, _ = method_of("simclr", "passes=apart")
    other = deepcopy(method)
    ours = method.by_view(method.projector, method.represent(images))
    looped = [other.encoder(images[:, k]) for k in range(3)]
    looped = [other.projector(view) for view in looped]
    for mine, expected in zip(ours, looped, strict=True):
        assert torch.equal(mine, expected)
    weights = [torch.randn_like(view) for view in looped]
    for views in (ours, looped):
        torch.stack([(w * view).sum() for w, view in zip(weights, views, strict=True)]).sum().backward()
    torch.testing.assert_close(dict(method.named_buffers()), dict(other.named_buffers()), rtol=0, atol=0)
    for (name, mine), expected in zip(method.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, expected.grad, rtol=1e-12, atol=1e-14, msg=name)
    assert method.encoder.backbone.bn1.num_batches_tracked == 3


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.slow
def test_without_batch_statistics_both_are_the_same(name: str) -> None:
    images, latents = batch(views=3)
    method, _ = method_of(name)
    method.eval()
    results = []
    for passes in ("apart", "together"):
        method.passes = passes
        method.zero_grad()
        results.append(result(method, images, latents))
    for result_apart, other in zip(*results, strict=True):
        assert difference(result_apart, other) < 1e-9
