"""ContextSSL's loss equals a restatement in float64 with loops over rows; the mask and the memory are as described."""

import math

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_actions, restated_nt_xent
from torch import Tensor

from iebench.baselines.action import columns, view
from iebench.baselines.errors import SettingError
from iebench.baselines.methods.world_model.context_ssl import ContextSSL, ContextSSLSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.networks.pair_decoder import PairDecoder, pair_mask, thinned
from iebench.manifests.conventions import pose

NAMES = columns("rotation-colour")
SIZES = {"width": 16, "layers": 2, "heads": 4, "pairs": 4, "hidden": (12,), "keep": 0.5}


def method_of(**changes: object) -> ContextSSL:
    torch.manual_seed(0)
    method = ContextSSL(Encoder(EncoderSettings(0.125, "small")), ContextSSLSettings(**{**SIZES, **changes})).double()
    with torch.no_grad():
        for name, parameter in method.decoder.named_parameters():
            scale = 0.3 if "weight" in name else 0.1  # far from a decoder that hardly mixes
            parameter.add_(torch.randn_like(parameter), alpha=scale)
    return method


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    values = torch.rand(len(NAMES), batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 16, 16, dtype=torch.float64), dict(zip(NAMES, values, strict=True))


def normed(rows: np.ndarray, layer: torch.nn.LayerNorm) -> np.ndarray:
    centred = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-5)
    return centred * layer.weight.detach().numpy() + layer.bias.detach().numpy()


def linear(layer: torch.nn.Linear, rows: np.ndarray) -> np.ndarray:
    return rows @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()


def restated_decoder(decoder: PairDecoder, tokens: np.ndarray, seen: list[np.ndarray]) -> np.ndarray:
    """Run one sequence (T, inputs), row by row and head by head; seen : (T, T) bool of each block."""
    x = linear(decoder.read_in, tokens)
    for block, mask in zip(decoder.blocks, seen, strict=True):
        q, k, v = np.split(linear(block.attention, normed(x, block.norm1)), 3, axis=1)
        mixed, size = np.zeros_like(x), x.shape[1] // block.heads
        for row in range(len(x)):
            for head in range(block.heads):
                part, rows = slice(head * size, head * size + size), np.flatnonzero(mask[row])
                weight = np.exp(k[rows, part] @ q[row, part] / np.sqrt(size))
                mixed[row, part] = weight / weight.sum() @ v[rows, part]
        x = x + linear(block.merge, mixed)
        wide = linear(block.widen, normed(x, block.norm2))
        wide = wide * (1 + np.vectorize(math.erf)(wide / np.sqrt(2))) / 2
        x = x + linear(block.narrow, wide)
    return linear(decoder.read_out, normed(x, decoder.norm))


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.mark.parametrize(("views", "colour"), [(2, 0.0), (2, 1.0), (3, 0.0)])
def test_the_loss_equals_its_restatement(views: int, colour: float) -> None:
    """Six pairs are a sequence of four and one of two."""
    method = method_of(colour=colour)
    method.after_step(3, 10)
    images, latents = data(views)
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    with torch.no_grad():
        h = one_by_one(images, method.encoder).numpy()
    generator = torch.Generator().manual_seed(int(method.start) + 3)
    torch.rand((), generator=generator)  # the environment
    part, contrast, regression = slice(4, 6) if colour else slice(0, 4), 0.0, 0.0
    for k in range(views - 1):
        seen = []
        for _ in range(2):
            drawn = torch.rand(8, 4, generator=generator).numpy() < 0.5
            seen.append(np.array([[visible(i, j, drawn) for j in range(8)] for i in range(8)]))
        action = np.zeros((6, 6))
        action[:, part] = restated_actions(latents, k, colour=True)[:, part]
        first, second = np.concatenate([h[:, k], action], 1), np.concatenate([h[:, k + 1], np.zeros((6, 6))], 1)
        tokens = np.stack([first, second], 1).reshape(12, -1)
        outputs = [restated_decoder(method.decoder, tokens[:8], seen)]
        outputs.append(restated_decoder(method.decoder, tokens[8:], [mask[:4, :4] for mask in seen]))
        out = np.concatenate(outputs).reshape(6, 2, -1)
        contrast += restated_nt_xent(out[:, 0], out[:, 1], 0.1)
        angles = np.stack([latents[name][:, k + 1].numpy() for name in NAMES[:3]], 1)
        truth = np.concatenate(
            [pose(angles).as_quat(canonical=True), *(latents[n][:, k + 1 :][:, :1] for n in NAMES[3:])], 1
        )
        regressed = method.regressor(torch.from_numpy(unit(out))).detach().numpy()
        regression += ((regressed[..., part] - truth[:, None, part]) ** 2).mean()
    expected = {"loss": contrast + 5 * regression, "contrast": contrast, "regression": regression}
    assert ours == pytest.approx(expected, rel=1e-8)


def visible(row: int, column: int, drawn: np.ndarray) -> bool:
    """Say whether a row sees a column: earlier, not the first token of its own pair, and in a pair that is kept."""
    if row == column:
        return True
    own = row % 2 == 1 and column == row - 1
    return column < row and not own and bool(drawn[row, column // 2])


def test_a_tenth_of_the_pairs_is_kept_and_every_row_sees_itself() -> None:
    mask = thinned(pair_mask(128), 0.1, torch.Generator().manual_seed(0))
    assert bool(mask.diagonal().all())
    others = pair_mask(128) & ~torch.eye(128, dtype=torch.bool)
    assert float(mask[others].float().mean()) == pytest.approx(0.1, abs=0.02)
    pairs = mask[100:, :100].unflatten(1, (-1, 2))
    assert bool((pairs[..., 0] == pairs[..., 1]).all())  # pairs are kept or hidden as a whole
    torch.testing.assert_close(thinned(pair_mask(8), 1.0, torch.Generator()), pair_mask(8))


@pytest.mark.parametrize("pairs", [0, 1, 3])
def test_a_remembered_context_gives_the_outputs_of_the_whole_sequence(pairs: int) -> None:
    method, (images, latents) = method_of().eval(), data(2)
    with torch.no_grad():
        h = method.represent(images)
        source, target = view(latents, 0), view(latents, 1)
        some = [{name: values[:pairs] for name, values in side.items()} for side in (source, target)]
        memory = method.remember(h[:pairs, 0], h[:pairs, 1], *some, "colour")
        tokens = method._tokens(h[:, 0], h[:, 1], source, target, "colour")
        context = tokens[:pairs].flatten(0, 1)
        mask = pair_mask(2 * pairs + 2)
        for i in range(3, 6):
            whole = method.decoder(torch.cat([context, tokens[i]])[None], [mask, mask])[0, -2:]
            whole = torch.nn.functional.normalize(whole, dim=1)
            torch.testing.assert_close(method.read(h[i : i + 1, 1], memory)[0], whole[1])
            action = [{name: values[i : i + 1] for name, values in side.items()} for side in (source, target)]
            torch.testing.assert_close(method.foresee(h[i : i + 1, 0], *action, "colour", memory)[0], whole[0])


def test_actions_and_latents_of_the_other_environment_have_no_part() -> None:
    images, latents = data(2)
    for colour, moved in ((0.0, "floor_hue"), (1.0, "rot_x")):
        method = method_of(colour=colour)
        other = {**latents, moved: latents[moved] + 0.3}
        assert method.loss(images, latents)["loss"].detach() == method.loss(images, other)["loss"].detach()


def test_equal_pairs_have_the_least_contrast_and_every_step_draws_anew() -> None:
    method, (images, latents) = method_of(colour=0.0, keep=1.0), data(2)
    still = {name: values[:, :1].expand(-1, 2) for name, values in latents.items()}
    with torch.no_grad():
        method.decoder.read_in.weight[:, -6:] = 0  # a decoder that does not see actions
        for block in method.decoder.blocks:
            block.merge.weight.zero_()  # nor its context
        same = method.loss(images[:, :1].expand(-1, 2, -1, -1, -1), still)["contrast"]
        out = method.read(
            method.encoder(images[:, 0]), method.decoder.remember(torch.empty(0, 70, dtype=torch.float64))
        ).numpy()
    cosines = out @ out.T / 0.1
    near = [np.log(2 * np.exp(row).sum() - np.exp(row[i])) - row[i] for i, row in enumerate(cosines)]
    assert float(same) == pytest.approx(np.mean(near), rel=1e-8)
    fresh = method_of()
    losses = []
    for step in range(8):
        fresh.after_step(step, 8)
        losses.append(float(fresh.loss(images, latents)["loss"].detach()))
    assert len(set(losses)) == 8


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"pairs": 0}, {"keep": 0.0}, {"colour": 2.0}, {"temperature": 0.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ContextSSLSettings(**wrong)
    with pytest.raises(SettingError, match="a token of 18 numbers does not divide into heads=4"):
        method_of(width=18)
