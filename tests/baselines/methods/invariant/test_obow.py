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
from iebench.baselines.methods.invariant.words import Words
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


def generated(method: Words, words: np.ndarray) -> np.ndarray:
    """Return the unit weights of words; the generator's batch norm uses the statistics of all words."""
    (first, scale, shift, second, bias) = (p.detach().numpy() for p in method.generator.parameters())
    hidden = (words / np.linalg.norm(words, axis=1, keepdims=True)) @ first.T
    hidden = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + 1e-5) * scale + shift
    weights = np.maximum(hidden, 0) @ second.T + bias
    return weights / np.linalg.norm(weights, axis=1, keepdims=True)


def last_maps(method: OBoW, images: Tensor) -> Tensor:
    return method.target.maps(images, (4,))[0]


def test_two_levels_are_the_mean_of_their_losses_and_patches_add_that_of_small_squares() -> None:
    """The loss from its parts: the same cross-entropies, level by level and patch by patch."""
    torch.manual_seed(0)
    method, images = method_of(levels=2, patches=3), torch.rand(4, 2, 3, 32, 32, dtype=torch.float64)
    assert [level.words.shape[1] for level in method.levels] == [32, 64]
    with torch.no_grad():
        maps = [[method.target.maps(images[:, k], (stage,))[0].numpy() for k in (0, 1)] for stage in (3, 4)]
        h = one_by_one(images, method.encoder)
        patches = method._patches(images)
        g = one_by_one(patches, method.encoder)
    ours = values(method.loss(images, {}))
    assert patches.shape == (12, 2, 3, 19, 19)
    whole, small = 0.0, 0.0
    for views, level in zip(maps, method.levels, strict=True):
        weights, words = generated(level, level.words.numpy()), level.words.numpy()
        features = np.stack(views, axis=1).reshape(4, 2, words.shape[1], -1)
        distances = ((features[:, :, None] - words[None, None, :, :, None]) ** 2).sum(3)
        codes = np.exp(-3.0 / (0.99 * 0.5 + 0.01 * distances.min(2).mean()) * distances)
        best = (codes / codes.sum(2, keepdims=True)).max(3)
        bags = best / best.sum(2, keepdims=True)
        for view, row in np.ndindex(2, 4):
            for sources, count in ((h, 1), (g, 3)):
                for number in range(count):
                    logits = 2.0 * weights @ sources[row * count + number, view].numpy()
                    term = -bags[row, 1 - view] @ (logits - np.log(np.exp(logits).sum())) / (16 * count)
                    whole, small = (whole + term, small) if count == 1 else (whole, small + term)
    assert (ours["patches"], ours["loss"]) == pytest.approx((small, whole + small), rel=1e-8)
    method.after_step(1, 2)
    assert all(torch.equal(level.words, level.next_words) for level in method.levels)


def test_patches_are_squares_of_the_views_at_other_places_in_each_step() -> None:
    """On a picture of its own coordinates, a patch shows where it lies: 0.29 to 0.375 of the side."""
    method = method_of(patches=4)
    line = (torch.arange(160, dtype=torch.float64) + 0.5) / 160
    picture = torch.stack([*torch.meshgrid(line, line, indexing="ij"), torch.zeros(160, 160, dtype=torch.float64)])
    images = picture.expand(8, 2, -1, -1, -1)
    patches = method._patches(images)
    assert patches.shape == (32, 2, 3, 96, 96)
    torch.testing.assert_close(patches[:, 0], patches[:, 1])
    sides = patches[:, 0, 0, -1, 0] - patches[:, 0, 0, 0, 0]
    assert 0.28 < sides.min() < sides.max() < 0.376
    assert len({round(float(corner), 6) for corner in patches[:, 0, 0, 0, 0]}) == 32
    method.done.fill_(1)
    assert not torch.allclose(method._patches(images), patches)


@pytest.mark.parametrize("passes", ["apart", "together"])
def test_maps_of_several_levels_are_the_same_in_one_pass_or_two(passes: str) -> None:
    """In eval mode no norm sees the batch."""
    method = method_of(levels=2).eval()
    method.passes = passes  # type: ignore[assignment]
    images = torch.rand(3, 2, 3, 32, 32, dtype=torch.float64)
    by_view = method.by_view(lambda view: method.target.maps(view, (3, 4)), images)
    for number, maps in enumerate(by_view):
        for ours, alone in zip(maps, method.target.maps(images[:, number], (3, 4)), strict=True):
            torch.testing.assert_close(ours, alone)


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
    maps = torch.cat([last_maps(method, images[:, k]) for k in range(2)])  # (6, 64, 2, 2)
    method.loss(images, {})
    method.loss(images, {})  # a look at the loss changes nothing
    assert torch.equal(method.words, before)
    method.after_step(1, 10)
    torch.testing.assert_close(method.words[:6], before[6:])
    torch.testing.assert_close(method.words[6:], maps.mean(dim=(2, 3)))  # 2 x 2 positions lie in every 3 x 3 window


def drawn(method: OBoW, maps: Tensor) -> Tensor:
    return Words.drawn(method, maps, method._points(len(maps), 1, maps.device))


def test_positions_differ_between_steps_and_objects_and_continue_exactly() -> None:
    method = method_of()
    maps = torch.rand(1, 64, 8, 8, dtype=torch.float64).expand(4, -1, -1, -1)
    first = drawn(method, maps)
    assert len({tuple(row.tolist()) for row in first}) == 4
    method.loss(torch.rand(2, 2, 3, 32, 32, dtype=torch.float64), {})
    method.after_step(1, 10)
    assert not torch.allclose(drawn(method, maps), first)
    resumed = method_of()
    resumed.load_state_dict(method.state_dict())
    torch.testing.assert_close(drawn(resumed, maps), drawn(method, maps), rtol=0, atol=0)
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
    method.words.copy_(last_maps(method, images[:, 0]).flatten(1))
    method.nearest.zero_()
    assert all(math.isfinite(value) for value in values(method.loss(images, {})).values())


def test_a_backbone_without_maps_and_settings_that_are_none_are_refused() -> None:
    encoder = Encoder(EncoderSettings(0.125, "small"))
    encoder.backbone.channels = ()
    with pytest.raises(SettingError, match="gives no maps, which this method reads"):
        OBoW(encoder, OBoWSettings())
    with pytest.raises(SettingError, match="levels=5 is more than the 4 maps"):
        method_of(levels=5)
    for name, value in (("words", 1), ("sharpness", 0.0), ("scale", 0.0), ("levels", 0), ("patches", -1)):
        with pytest.raises(ValueError, match=name):
            OBoWSettings(**{name: value})  # type: ignore[arg-type]
