"""E-SSL's loss equals a restatement in float64; crops are turned in the picture, and a fresh head guesses."""

import math

import numpy as np
import pytest
import torch
from contrast import one_by_one

from iebench.baselines.methods.pretext.essl import ESSL, ESSLSettings, info_nce
from iebench.baselines.networks.encoder import Encoder, EncoderSettings


def method_of(**settings: object) -> ESSL:
    torch.manual_seed(0)
    chosen = ESSLSettings((12, 10), hidden=(9, 7), temperature=0.3, turn=0.7, **settings)
    return ESSL(Encoder(EncoderSettings(0.125, "small")), chosen).double()


def contrast(left: np.ndarray, right: np.ndarray) -> float:
    left, right = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (left, right))
    near, rows = np.exp(left @ right.T / 0.3), range(len(left))
    losses = [-np.log(near[i, i] / near[i].sum()) - np.log(near[i, i] / near[:, i].sum()) for i in rows]
    return float(np.mean(losses) / 2)


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_equals_its_restatement(views: int) -> None:
    method = method_of(crop=(1.0, 1.0), size=1.0)  # the crop is the image
    images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
    ours = {name: float(term.detach()) for name, term in method.loss(images, {}).items()}
    with torch.no_grad():
        e = one_by_one(images, method.encoder, method.projector).numpy()
        turned = np.stack([np.rot90(images[:, 0].numpy(), turn, (2, 3)) for turn in range(4)], axis=1)
        h = method.encoder(torch.from_numpy(turned.copy()).flatten(0, 1)).numpy()
    (w1, b1, g1, s1, w2, b2, g2, s2, w3, b3) = (p.detach().numpy() for p in method.head.parameters())
    for weight, bias, scale, shift in ((w1, b1, g1, s1), (w2, b2, g2, s2)):
        h = h @ weight.T + bias
        h = (h - h.mean(1, keepdims=True)) / np.sqrt(h.var(1, keepdims=True) + 1e-5) * scale + shift
        h = np.maximum(h, 0)
    logits = h @ w3.T + b3
    turn = np.mean([np.log(np.exp(row).sum()) - row[i % 4] for i, row in enumerate(logits)])
    expected = sum(contrast(e[:, k], e[:, k + 1]) for k in range(views - 1))
    assert ours == pytest.approx({"loss": expected + 0.7 * turn, "contrast": expected, "turn": turn}, rel=1e-9)


def test_the_crop_is_turned_in_the_picture_counterclockwise() -> None:
    method = method_of(crop=(1.0, 1.0), size=1.0)
    images = torch.zeros(1, 3, 4, 4, dtype=torch.float64)
    images[..., 0, 3] = 1  # the upper right corner
    corners = [tuple(int(i) for i in turn[0].nonzero()[0]) for turn in method.turned(images)[0]]
    assert corners == [(0, 3), (0, 0), (3, 0), (3, 3)]


def test_a_fresh_head_is_right_once_in_four() -> None:
    method = method_of()
    images = torch.rand(64, 2, 3, 16, 16, dtype=torch.float64)
    with torch.no_grad():
        guesses = method.head(method.encoder(method.turned(images[:, 0]).flatten(0, 1))).argmax(1)
        term = float(method.loss(images, {})["turn"])
    assert 0.15 < float((guesses == torch.arange(4).repeat(64)).double().mean()) < 0.35  # 256 guesses: 0.25 +- 0.03
    assert term == pytest.approx(math.log(4), rel=0.2)


def test_steps_and_objects_have_crops_of_their_own_at_half_the_size() -> None:
    method = method_of()
    images = torch.rand(1, 3, 16, 16, dtype=torch.float64).expand(4, -1, -1, -1)
    first = method.turned(images)
    assert first.shape == (4, 4, 3, 8, 8) and not torch.equal(first[0], first[1])
    torch.testing.assert_close(method.turned(images), first)
    method.after_step(1, 10)
    later = method.turned(images)
    assert not torch.allclose(later[0], first[0])
    resumed = method_of()
    resumed.load_state_dict(method.state_dict())
    torch.testing.assert_close(resumed.turned(images), later)


def test_only_the_other_view_is_a_candidate() -> None:
    """Equal embeddings within a view cost NT-Xent something, and this contrast nothing beyond the other view's."""
    left, right = torch.eye(4, dtype=torch.float64), torch.eye(4, dtype=torch.float64)
    assert float(info_nce(left, right, 0.5)) == pytest.approx(math.log(1 + 3 * math.exp(-2)))


@pytest.mark.parametrize("crop", [(0.0, 1.0), (0.5, 0.2), (0.5, 1.5)])
def test_areas_that_are_none_are_refused(crop: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="crop needs two areas above 0 and at most 1, the smaller first"):
        ESSLSettings(crop=crop)
