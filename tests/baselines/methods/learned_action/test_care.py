"""CARE's loss equals a restatement in float64 by loops; equal Gram matrices cost nothing, and chunks stay apart."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_nt_xent
from torch import Tensor

from iebench.baselines.methods.learned_action.care import CARE, CARESettings, gram_distance
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SMALL = CARESettings((12, 10), temperature=0.3, chunk=3, equivariance=0.7)


def rows(seed: int, batch: int = 6) -> Tensor:
    return torch.randn(batch, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_equals_its_restatement(views: int) -> None:
    torch.manual_seed(0)
    method = CARE(Encoder(EncoderSettings(0.125, "small")), SMALL).double()
    images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
    ours = {name: float(term.detach()) for name, term in method.loss(images, {}).items()}
    with torch.no_grad():
        e = one_by_one(images, method.encoder, method.projector).numpy()
    contrast = sum(restated_nt_xent(e[:, k], e[:, k + 1], 0.3) for k in range(views - 1))
    unit, gram = e / np.linalg.norm(e, axis=2, keepdims=True), 0.0
    for k in range(views - 1):
        for chunk in (range(3), range(3, 6)):
            for i in chunk:
                others = [j for j in chunk if j != i]
                row = [(unit[i, k] @ unit[j, k] - unit[i, k + 1] @ unit[j, k + 1]) ** 2 for j in others]
                gram += 2 * sum(row) / 3 / 2  # a mean over the objects of a chunk, and over two chunks
    expected = {"loss": contrast + 0.7 * gram, "contrast": contrast, "equivariance": gram}
    assert ours == pytest.approx(expected, rel=1e-9)


def test_equal_gram_matrices_cost_nothing() -> None:
    """Each chunk has a rotation or reflection of its own, and lengths do not count."""
    start = rows(0)
    turns = [torch.linalg.qr(rows(seed, 10))[0] for seed in (1, 2)]
    end = torch.cat([start[:3] @ turns[0], start[3:] @ turns[1]]) * rows(3)[:, :1].abs()
    assert float(gram_distance(start, end, 3)) == pytest.approx(0, abs=1e-25)
    assert float(gram_distance(start, end, 6)) > 1e-2  # one rotation does not serve both
    assert float(gram_distance(start, rows(4), 3)) > 1e-2


def test_the_term_grows_with_the_chunk_and_its_gradient_flows_into_both_views() -> None:
    start, end = (rows(seed, 240).requires_grad_() for seed in (0, 1))
    small, large = (float(gram_distance(start, end, n).detach()) for n in (3, 60))
    assert large / small == pytest.approx(59 / 2, rel=0.2)
    gram_distance(start, end, 3).backward()
    assert all(bool(side.grad.any()) for side in (start, end) if side.grad is not None)
    assert start.grad is not None and end.grad is not None


def test_the_chunk_is_the_group_that_shares_its_views() -> None:
    needs = CARE.needs(SMALL)
    assert (needs.group, needs.pictures) == (3, ("shared poses", "shared appearance"))
    with pytest.raises(ValueError, match="it must be at least 2, not 1"):
        replace(SMALL, chunk=1)
