"""OBoW's loss equals a float64 loop; its words are a queue that changes with steps alone, and continues exactly."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from contrast import one_by_one
from torch import Tensor

from iebench.baselines.errors import SettingError
from iebench.baselines.methods.invariant.obow import OBoW, OBoWSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


def method_of(**settings: float) -> OBoW:
    torch.manual_seed(0)
    chosen = OBoWSettings(**{"words": 12, "sharpness": 3.0, "scale": 2.0, **settings})  # type: ignore[arg-type]
    method = OBoW(Encoder(EncoderSettings(0.125, "small")), chosen).double()
    with torch.no_grad():
        for parameter in method.target.parameters():  # as some training steps would
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    return method


def values(terms: Mapping[str, Tensor]) -> dict[str, float]:
    return {name: float(term.detach()) for name, term in terms.items()}


def generated(method: OBoW, words: np.ndarray) -> np.ndarray:
    """Return the unit weights of words; the generator's batch norm uses the statistics of all words."""
    (first, scale, shift, second, bias) = (p.detach().numpy() for p in method.generator.parameters())
    hidden = (words / np.linalg.norm(words, axis=1, keepdims=True)) @ first.T
    hidden = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + 1e-5) * scale + shift
    weights = np.maximum(hidden, 0) @ second.T + bias
    return weights / np.linalg.norm(weights, axis=1, keepdims=True)


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_of_two_steps_equals_its_restatement(views: int) -> None:
    method, last = method_of(), lambda x: method.target.network[0].with_maps(x, (4,))[1]
    nearest = 0.5
    for step in (1, 2):
        images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
        words = method.words.numpy().copy()
        with torch.no_grad():
            maps = [last(images[:, k]).numpy() for k in range(views)]  # (6, 64, 2, 2) each
            h = one_by_one(images, method.encoder).numpy()
        ours = values(method.loss(images, {}))
        features = np.stack(maps, axis=1).reshape(6, views, 64, -1)  # (6, K, 64, positions)
        distances = ((features[:, :, None] - words[None, None, :, :, None]) ** 2).sum(3)  # (6, K, words, positions)
        nearest = 0.99 * nearest + 0.01 * distances.min(2).mean()
        bags, weights, loss, entropy = np.zeros((6, views, 12)), generated(method, words), 0.0, 0.0
        for i, k in np.ndindex(6, views):
            codes = np.exp(-3.0 / nearest * distances[i, k])
            best = (codes / codes.sum(0)).max(1)
            bags[i, k] = best / best.sum()
        for i, k in np.ndindex(6, views - 1):
            for source, goal in ((k, k + 1), (k + 1, k)):
                logits = 2.0 * weights @ h[i, source]
                loss -= bags[i, goal] @ (logits - np.log(np.exp(logits).sum())) / 12
                entropy -= bags[i, goal] @ np.log(bags[i, goal]) / 12
        assert ours == pytest.approx({"loss": loss, "entropy": entropy, "divergence": loss - entropy}, rel=1e-8)
        method.after_step(step, 2)
        assert float(method.nearest) == pytest.approx(nearest, rel=1e-10)


def test_words_are_a_queue_of_means_over_the_maps_of_a_step() -> None:
    method = method_of()
    before, images = method.words.clone(), torch.rand(3, 2, 3, 32, 32, dtype=torch.float64)
    maps = torch.cat([method.target.maps(images[:, k]) for k in range(2)])  # (6, 64, 2, 2)
    method.loss(images, {})
    method.loss(images, {})  # a look at the loss changes nothing
    assert torch.equal(method.words, before)
    method.after_step(1, 10)
    torch.testing.assert_close(method.words[:6], before[6:])
    torch.testing.assert_close(method.words[6:], maps.mean(dim=(2, 3)))  # 2 x 2 positions lie in every 3 x 3 window


def test_positions_differ_between_steps_and_objects_and_continue_exactly() -> None:
    method = method_of()
    maps = torch.rand(1, 64, 8, 8, dtype=torch.float64).expand(4, -1, -1, -1)
    first = method._drawn(maps)
    assert len({tuple(row.tolist()) for row in first}) == 4
    method.loss(torch.rand(2, 2, 3, 32, 32, dtype=torch.float64), {})
    method.after_step(1, 10)
    assert not torch.allclose(method._drawn(maps), first)
    resumed = method_of()
    resumed.load_state_dict(method.state_dict())
    torch.testing.assert_close(resumed._drawn(maps), method._drawn(maps), rtol=0, atol=0)
    images = torch.rand(3, 2, 3, 32, 32, dtype=torch.float64)
    assert values(resumed.loss(images, {})) == values(method.loss(images, {}))


def test_a_bag_of_one_word_has_no_entropy_and_an_even_one_the_largest() -> None:
    images = torch.rand(4, 2, 3, 32, 32, dtype=torch.float64)
    sharp, flat = method_of(sharpness=1e9), method_of(sharpness=1e-9)
    assert float(sharp.loss(images, {})["entropy"]) <= math.log(4) + 1e-9  # as many words as positions, at most
    terms = values(flat.loss(images, {}))
    assert terms["entropy"] == pytest.approx(math.log(12)) and terms["divergence"] > 0


def test_only_the_online_network_learns() -> None:
    method = method_of()
    method.loss(torch.rand(4, 2, 3, 32, 32, dtype=torch.float64), {})["loss"].backward()
    for name, parameter in method.named_parameters():
        assert (parameter.grad is None) == name.startswith("target."), name
    assert method.scheduled and not method.has_predictor


def test_features_that_are_words_have_a_bag() -> None:
    method = method_of()
    images = torch.rand(12, 2, 3, 16, 16, dtype=torch.float64)  # maps of one position
    method.words.copy_(method.target.maps(images[:, 0]).flatten(1))
    method.nearest.zero_()
    assert all(math.isfinite(value) for value in values(method.loss(images, {})).values())


def test_a_backbone_without_maps_and_settings_that_are_none_are_refused() -> None:
    encoder = Encoder(EncoderSettings(0.125, "small"))
    encoder.backbone.channels = ()
    with pytest.raises(SettingError, match="gives no maps, which this method reads"):
        OBoW(encoder, OBoWSettings())
    for name, value in (("words", 1), ("sharpness", 0.0), ("scale", 0.0)):
        with pytest.raises(ValueError, match=name):
            OBoWSettings(**{name: value})  # type: ignore[arg-type]
