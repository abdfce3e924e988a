"""The small vision transformer: published sizes, and features against loops over tokens and heads."""

import math

import pytest
import torch
from torch import Tensor

from iebench.baselines.errors import SettingError
from iebench.baselines.networks.vit import HEAD, positions, vit_small


def restated(images: Tensor, state: dict[str, Tensor], patch: int) -> Tensor:
    """Return features (B, dim): pre-norm blocks with exact GELU and softmax attention; the class token at the end."""
    features = []
    for image in images:
        rows, columns = image.shape[1] // patch, image.shape[2] // patch
        kernel, bias = state["patch_embed.proj.weight"], state["patch_embed.proj.bias"]
        tokens = [state["cls_token"][0, 0]]
        for row in range(rows):
            for column in range(columns):
                piece = image[:, row * patch : (row + 1) * patch, column * patch : (column + 1) * patch]
                tokens.append((kernel * piece).sum((1, 2, 3)) + bias + position_embedding(row, column, len(bias)))
        x = torch.stack(tokens)
        for block in range(max(int(name.split(".")[1]) for name in state if name.startswith("blocks.")) + 1):
            own = {name.split(".", 2)[2]: value for name, value in state.items() if name.startswith(f"blocks.{block}.")}
            x = x + attention(layer_norm(x, own, "norm1"), own)
            hidden = layer_norm(x, own, "norm2") @ own["mlp.fc1.weight"].T + own["mlp.fc1.bias"]
            hidden = hidden * (1 + torch.erf(hidden / math.sqrt(2))) / 2
            x = x + hidden @ own["mlp.fc2.weight"].T + own["mlp.fc2.bias"]
        features.append(layer_norm(x, state, "norm")[0])
    return torch.stack(features)


def position_embedding(row: int, column: int, dim: int) -> Tensor:
    """Position embedding: sines, then cosines of row, then column, at dim / 4 wavelengths, 2 pi to almost 20,000 pi."""
    quarter = dim // 4
    speeds = [10_000 ** (-i / quarter) for i in range(quarter)]
    waves = [wave(at * speed) for at in (row, column) for wave in (math.sin, math.cos) for speed in speeds]
    return torch.tensor(waves, dtype=torch.float64)


def attention(x: Tensor, own: dict[str, Tensor]) -> Tensor:
    dim = x.shape[1]
    query, key, value = (x @ own["attn.qkv.weight"].T + own["attn.qkv.bias"]).split(dim, dim=1)
    heads = []
    for start in range(0, dim, HEAD):
        q, k, v = (part[:, start : start + HEAD] for part in (query, key, value))
        heads.append(torch.softmax(q @ k.T / math.sqrt(HEAD), dim=1) @ v)
    return torch.cat(heads, dim=1) @ own["attn.proj.weight"].T + own["attn.proj.bias"]


def layer_norm(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    centred = x - x.mean(1, keepdim=True)
    scale = torch.sqrt(centred.square().mean(1, keepdim=True) + 1e-6)
    return centred / scale * state[f"{name}.weight"] + state[f"{name}.bias"]


@pytest.mark.parametrize("size", [(32, 32), (16, 24)])
def test_features_are_those_of_the_restatement(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    net = vit_small(0.5, "small").double().eval()
    for parameter in net.parameters():
        parameter.data.add_(0.05 * torch.randn_like(parameter))
    images = torch.randn(2, 3, *size, dtype=torch.float64)
    with torch.no_grad():
        # positions are float32 in any precision
        torch.testing.assert_close(net(images), restated(images, dict(net.state_dict()), 8), rtol=1e-5, atol=1e-5)


def test_the_stream_of_tokens_keeps_the_weights_precision_under_autocast() -> None:
    net = vit_small(0.5, "small").eval()
    seen: list[torch.dtype] = []
    for block in net.blocks:
        block.register_forward_hook(lambda module, inputs, out: seen.append(out.dtype))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        net(torch.rand(2, 3, 32, 32))
    assert set(seen) == {torch.float32} and len(seen) == 12


def test_positions_are_float32() -> None:
    expected = torch.stack([position_embedding(row, column, 64) for row in range(3) for column in range(4)])
    torch.testing.assert_close(positions(3, 4, 64), expected.float())


def test_the_transformer_is_vit_small() -> None:
    with torch.device("meta"):
        net = vit_small()
    published = 22_050_664 - 384 * 1000 - 1000 - 197 * 384  # less the classifier and the learned positions
    assert sum(p.numel() for p in net.parameters()) == published
    assert {"cls_token", "patch_embed.proj.weight", "blocks.11.attn.qkv.bias", "blocks.0.mlp.fc2.weight"} <= set(
        net.state_dict()
    )


def test_positions_differ_and_do_not_depend_on_the_size_of_the_image() -> None:
    small, large = positions(3, 4, 64).view(3, 4, 64), positions(5, 6, 64).view(5, 6, 64)
    assert torch.equal(small, large[:3, :4])
    flat = small.flatten(0, 1)
    assert float(torch.cdist(flat, flat).fill_diagonal_(9).min()) > 0.1


def test_it_sees_where_things_are() -> None:
    torch.manual_seed(0)
    net = vit_small(0.5, "small").eval()
    images = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert not torch.allclose(net(images), net(images.roll(8, 3)), atol=1e-4)
        assert net(torch.rand(1, 3, 64, 48)).shape == (1, 192)


def test_odd_sizes_and_widths_are_refused() -> None:
    with pytest.raises(SettingError, match="patches of 16 pixels"):
        vit_small(0.5)(torch.rand(1, 3, 40, 40))
    with pytest.raises(SettingError, match=r"whole heads, a multiple of 0\.5, not 0\.25"):
        vit_small(0.25)
