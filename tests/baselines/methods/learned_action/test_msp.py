"""MSP's loss equals a restatement in float64; on pictures whose latents move by one matrix it is zero."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from contrast import one_by_one
from torch import Tensor, nn
from toy import SIDE, ToyDecoder, ToyEncoder

from iebench.baselines.methods.learned_action.msp import MSP, MSPSettings, least_squares, swapped
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SMALL = MSPSettings((12,), vectors=5, size=3, decoder=(8, 6, 4))


def method_of(**settings: object) -> MSP:
    torch.manual_seed(0)
    return MSP(Encoder(EncoderSettings(0.125, "small")), replace(SMALL, **settings)).double()


def random(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("views", "partners"), [(3, 1), (5, 3)])
def test_the_loss_equals_its_restatement(views: int, partners: int) -> None:
    method, images = method_of(partners=partners), torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
    ours = {name: float(term.detach()) for name, term in method.loss(images, {}).items()}
    with torch.no_grad():
        h = one_by_one(images, method.encoder, method.latent_head).numpy().reshape(6, views, 5, 3)
    matrices = [np.linalg.inv(x[0].T @ x[0]) @ x[0].T @ x[1] for x in h]  # the normal equations

    def error(matrices: list[np.ndarray]) -> float:
        total = 0.0
        for t in range(2, views):
            moved = [x[1] @ np.linalg.matrix_power(m, t - 1) for x, m in zip(h, matrices, strict=True)]
            with torch.no_grad():
                logits = method.decoder(torch.from_numpy(np.stack(moved)).flatten(1), 32).numpy()
            total += ((1 / (1 + np.exp(-logits)) - images[:, t].numpy()) ** 2).sum() / 6 / (views - 2)
        return total

    expected = {"loss": error(matrices), "pixels": error(matrices)}
    if partners > 1:
        others = [i // partners * partners + (i - 1) % partners for i in range(6)]
        expected["swapped"] = error([matrices[i] for i in others])
    assert ours == pytest.approx(expected, rel=1e-8)


def toy(matrices: Tensor, views: int = 4, partners: int = 2) -> tuple[MSP, Tensor]:
    """Return a method with the exact encoder and decoder, and pictures of latents H0 M^t: (B, 4, 4) -> (B, K, ...)."""
    method = method_of(vectors=12, size=4, partners=partners)
    method.encoder, method.latent_head, method.decoder = ToyEncoder(True), nn.Identity(), ToyDecoder()  # type: ignore[assignment]
    latent, pictures = random(0, len(matrices), 12, 4), []
    for _ in range(views):
        pictures.append(method.decoder(latent.flatten(1), SIDE).sigmoid())
        latent = latent @ matrices
    return method, torch.stack(pictures, dim=1)


def test_a_toy_with_a_known_linear_action_has_no_loss_and_swaps_its_matrices() -> None:
    """Partners with one step have one matrix; with another one for each object only its own serves."""
    each = torch.linalg.qr(random(1, 4, 4, 4))[0]
    shared = each[::2].repeat_interleave(2, dim=0)
    method, images = toy(shared)
    terms = {name: float(term) for name, term in method.loss(images, {}).items()}
    assert terms == pytest.approx(dict.fromkeys(("loss", "pixels", "swapped"), 0), abs=1e-18)
    latents = [method.encoder(images[:, k]).unflatten(1, (12, 4)) for k in (0, 1)]
    torch.testing.assert_close(least_squares(*latents), shared)
    code = method.code(*(method.encoder(images[:, k]) for k in (0, 1)))
    torch.testing.assert_close(code, shared.flatten(1))
    assert code.shape[1] == method.code_size
    method, images = toy(each)
    terms = {name: float(term) for name, term in method.loss(images, {}).items()}
    assert terms["pixels"] == pytest.approx(0, abs=1e-18) and terms["swapped"] > 1e-2


def test_the_gradient_flows_through_the_matrix() -> None:
    start, end = (random(seed, 2, 6, 3).requires_grad_() for seed in (2, 3))
    assert torch.autograd.gradcheck(least_squares, (start, end))


def test_partners_pass_their_matrices_on() -> None:
    rows = torch.arange(6.0).view(6, 1, 1)
    assert swapped(rows, 3).flatten().tolist() == [2, 0, 1, 5, 3, 4]


def test_sequences_of_a_constant_step_are_needed_and_partners_need_one_list_of_poses() -> None:
    assert (MSP.needs(SMALL).views, MSP.needs(SMALL).group) == (3, 1)
    assert MSP.needs(SMALL).pictures == ("still", "runs")
    together = MSP.needs(replace(SMALL, partners=2))
    assert together.group == 2 and together.pictures == ("still", "runs", "shared poses")
    with pytest.raises(ValueError, match="size must be between 1 and vectors=5, not 6"):
        replace(SMALL, size=6)
    with pytest.raises(ValueError, match="partners must be at least 1, not 0"):
        replace(SMALL, partners=0)
