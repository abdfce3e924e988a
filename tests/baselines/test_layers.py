"""Equivariant branches after an earlier stage: the default hangs on the last, and no gradient goes beyond the stage."""

import pytest
import torch
from together import batch, method_of
from torch import nn

from iebench.baselines.errors import SettingError
from iebench.baselines.methods.sie import SIESettings

METHODS = {"sie": "equivariance", "equimod": "equivariance", "augself": "regression"}
"""Methods with the setting, and the term of the branch."""


@pytest.mark.parametrize("name", ["equimod", "augself"])
def test_after_the_last_stage_is_the_default(name: str) -> None:
    default, hung = (method_of(name, *changes)[0] for changes in ((), ("method.equivariant_layer=4",)))
    torch.testing.assert_close(dict(hung.state_dict()), dict(default.state_dict()), rtol=0, atol=0)
    images, latents = batch(views=3)
    torch.testing.assert_close(hung.loss(images, latents), default.loss(images, latents))


@pytest.mark.parametrize(("name", "term"), METHODS.items())
def test_no_gradient_of_the_branch_goes_beyond_its_stage(name: str, term: str) -> None:
    method, _ = method_of(name, "method.equivariant_layer=3")
    for module in method.modules():  # else the residual branches are zero and have no gradient
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
    images, latents = batch(views=2)
    backbone, terms = method.encoder.backbone, method.loss(images, latents)
    weights = [backbone.layer3[-1].conv1.weight, backbone.layer4[0].conv1.weight]
    inside, beyond = torch.autograd.grad(terms[term], weights, retain_graph=True, allow_unused=True)
    assert beyond is None or not beyond.any()
    assert inside.any() and torch.autograd.grad(terms["loss"], weights)[1].any()


@pytest.mark.parametrize("name", METHODS)
def test_the_branch_is_a_part_beside_the_representation(name: str) -> None:
    method, _ = method_of(name, "method.equivariant_layer=3")
    assert (method.dim, method.beside, method.parts) == (64, 32, {"equivariant": slice(64, 96)})
    images = batch(views=2)[0][:, 0]
    features = method.eval().features(images)
    representation, maps = method.encoder.with_maps(images, (3,))
    torch.testing.assert_close(features, torch.cat([representation, maps.mean((2, 3))], dim=1))
    if method.has_predictor:
        torch.testing.assert_close(method.embed(features), method.equivariant_projector(maps.mean((2, 3))))


def test_a_stage_that_is_none_and_a_split_beside_a_stage_are_refused() -> None:
    with pytest.raises(SettingError, match="resnet18 has the stages 1 to 4, and no stage 5"):
        method_of("equimod", "method.equivariant_layer=5")
    with pytest.raises(ValueError, match=r"equivariant=1\.0 splits the representation"):
        SIESettings(equivariant=1.0, equivariant_layer=3)
