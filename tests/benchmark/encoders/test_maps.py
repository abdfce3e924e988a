"""Maps of scored encoders: of every kind, after the stage that was named, in float32; or one clear sentence."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from small_runs import config as small
from torch import Tensor, nn
from zoos import package

from iebench.baselines.networks.backbone import build
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.benchmark.encoders.maps.hidden import HiddenMaps
from iebench.benchmark.encoders.maps.layers import LayerMaps
from iebench.benchmark.encoders.maps.reader import MapReader, NetworkMaps, tokens_as_map
from iebench.benchmark.encoders.prepared import PreparedEncoder, prepare
from iebench.benchmark.encoders.registry import LoadedEncoder, load
from iebench.benchmark.errors import EncoderError
from iebench.benchmark.training.train import train

CPU = torch.device("cpu")
IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))


class Own(nn.Module):
    """An encoder with one stage whose map has two channels; it averages the map."""

    map_stages: Any = 1
    maps: Any = lambda self, images, stages: [images[:, :2, ::4, ::4] for _ in stages]

    def forward(self, images: Tensor) -> Tensor:
        return images[:, :2, ::4, ::4].mean((2, 3))


def prepared(module: nn.Module, reader: MapReader | None = None) -> PreparedEncoder:
    return prepare(LoadedEncoder("mine", module, maps=reader), 32, CPU)


def test_a_modules_own_maps_are_those_that_are_scored() -> None:
    encoder = prepared(Own())
    [last] = encoder.maps(IMAGES)
    assert encoder.map_stages == 1 and last.shape == (2, 2, 8, 8)
    torch.testing.assert_close(last.mean((2, 3)), encoder.module(IMAGES))
    torch.testing.assert_close(encoder.maps(IMAGES, (1, 1)), (last, last))


@pytest.mark.parametrize(
    ("changes", "stages", "words"),
    [
        ({"maps": None}, (), "encoder mine gives no maps, .*: choose a ResNet, .* or a module with `maps`"),
        ({}, (2,), "encoder mine has maps after the stages 1 to 1, and no stage 2"),
        ({}, (0,), "the stages 1 to 1, and no stage 0"),
        ({"map_stages": None}, (), "encoder mine: .* its `map_stages` must be the number of its stages, not None"),
        ({"maps": lambda images, stages: 1 / 0}, (), r"encoder mine failed on images \(2, 3, 32, 32\) \(.*\): mend it"),
        ({"maps": lambda images, stages: images}, (), "`maps` must return a tuple with a map for each of 1 stages"),
        ({"maps": lambda images, stages: [images[:1]]}, (), r"gives torch.float32 \(1, 3, 32, 32\) after stage 1"),
        ({"maps": lambda images, stages: [images.flatten(2)]}, (), r"\(2, 3, 1024\) after stage 1 .*: a map is floats"),
        ({"maps": lambda images, stages: [images.long()]}, (), "gives torch.int64"),
        ({"maps": lambda images, stages: [images / 0]}, (), "after stage 1 that are not finite"),
    ],
)
def test_what_is_no_map_is_one_sentence(changes: dict[str, Any], stages: tuple[int, ...], words: str) -> None:
    module = Own()
    for name, value in changes.items():
        setattr(module, name, value)
    with pytest.raises(EncoderError, match=words) as error:
        prepared(module).maps(IMAGES, stages)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "stages"), [("resnet18", 4), ("vit-small", 12)])
def test_a_converted_or_trained_network_gives_its_backbones_maps(name: str, stages: int) -> None:
    network = Encoder(EncoderSettings(0.5, "small", name)).eval()
    encoder = prepared(network, NetworkMaps(network.backbone, network))
    assert encoder.map_stages == stages
    with torch.no_grad():
        expected = network.with_maps(IMAGES, (2, stages))[1:]
    torch.testing.assert_close(encoder.maps(IMAGES, (2, stages)), expected)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["simclr", "equicaps"])
def test_a_run_gives_maps_whose_mean_is_its_representation(method: str, tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", small(tiny_dataset, "steps=1", method=method))
    loaded = load(str(tmp_path / "run"), {})
    encoder = prepare(loaded, 16, CPU)
    early, last = encoder.maps(IMAGES, (3, 4))
    assert early.shape[1] * 2 == last.shape[1] == encoder.dim and early.dtype == torch.float32
    torch.testing.assert_close(last.mean((2, 3)), encoder.module(IMAGES)[:, : encoder.dim])


def test_maps_are_float32_whatever_the_precision() -> None:
    model = Features()
    exact, rounded = (
        prepare(LoadedEncoder("mine", model, maps=LayerMaps(model)), 32, CPU, p).maps(IMAGES)[0]
        for p in ("float32", "bf16")
    )
    assert rounded.dtype == torch.float32 and not torch.equal(exact, rounded)
    torch.testing.assert_close(exact, rounded, atol=0.02, rtol=0.02)


class Features(nn.Module):
    """A CNN with torchvision's structure, whose ReLU works in place."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(inplace=True), nn.Conv2d(4, 6, 3, 2, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.features(images).mean((2, 3))


class Tokens(nn.Module):
    """A transformer with torchvision's structure: a class token, blocks, a last norm."""

    patch_size = 8

    def __init__(self) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, 6, 8, 8)
        self.encoder = nn.Module()
        self.encoder.layers = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6))
        self.encoder.ln = nn.LayerNorm(6)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.conv_proj(images).flatten(2).mT
        tokens = torch.cat([torch.zeros(len(images), 1, 6), patches], dim=1)
        out: Tensor = self.encoder.ln(self.encoder.layers(tokens))[:, 0]
        return out


class Windows(nn.Module):
    """A model with the structure of torchvision's Swin: channels last until the end."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 6))
        self.norm, self.permute = nn.LayerNorm(6), nn.Module()
        self.permute.forward = lambda x: x.permute(0, 3, 1, 2)

    def forward(self, images: Tensor) -> Tensor:
        out: Tensor = self.permute(self.norm(self.features(images.permute(0, 2, 3, 1)))).mean((2, 3))
        return out


def test_layers_of_a_cnn_are_caught_before_a_relu_changes_them() -> None:
    model = Features()
    encoder = prepared(model, LayerMaps(model))
    first, second, last = encoder.maps(IMAGES, (1, 2, 3))
    with torch.no_grad():
        torch.testing.assert_close(first, model.features[0](IMAGES))
        torch.testing.assert_close(second, first.relu())
        torch.testing.assert_close(last.mean((2, 3)), model(IMAGES))
    assert first.min() < 0 and not model.features[0]._forward_hooks


def test_tokens_stand_where_their_patches_are() -> None:
    """A patch that alone is bright changes the tokens of its own place."""
    torch.manual_seed(0)
    model = Tokens()
    encoder, other = prepared(model, LayerMaps(model)), IMAGES.clone()
    other[:, :, 8:16, 24:] += 1
    for before, after in zip(encoder.maps(IMAGES, (1, 2)), encoder.maps(other, (1, 2)), strict=True):
        changed = ((before - after).abs().amax((0, 1)) > 1e-6).nonzero().tolist()
        assert before.shape == (2, 6, 4, 4) and changed == [[1, 3]]
    [last] = encoder.maps(IMAGES)
    torch.testing.assert_close(last.mean(1), torch.zeros(2, 4, 4))  # behind the last norm
    with pytest.raises(EncoderError, match=r"9 tokens are fewer than 4 x 4 patches"):
        tokens_as_map(torch.zeros(1, 9, 2), 4, 4)


def test_channels_come_first_whatever_the_model_has() -> None:
    model = Windows()
    early, last = prepared(model, LayerMaps(model)).maps(IMAGES, (1, 2))
    assert early.shape == (2, 5, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(early[:, :, 3, 5], model.features[0](IMAGES[:, :, 3, 5]))
        torch.testing.assert_close(last.mean((2, 3)), model(IMAGES))


def test_a_model_of_another_structure_gives_none() -> None:
    assert LayerMaps(nn.Sequential(nn.Conv2d(3, 4, 1))).stages == 0


@pytest.mark.parametrize(("count", "patch", "stages"), [(17, 8, 2), (9, 8, 0), (17, None, 0)])
def test_hidden_states_that_have_no_positions_are_no_maps(count: int, patch: int | None, stages: int) -> None:
    """A score with the suite "full" then has a note, and no error after all probes."""
    model: Any = nn.Linear(1, 1)
    state = torch.zeros(1, count, 6)
    result = SimpleNamespace(last_hidden_state=state, hidden_states=(state, state, state))
    model.forward, model.config = lambda **_: result, SimpleNamespace(patch_size=patch)
    assert HiddenMaps(model, 32).stages == stages


@pytest.mark.slow
def test_models_of_transformers_give_tokens_and_stages_as_maps() -> None:
    from transformers import ResNetConfig, ResNetModel, SwinConfig, SwinModel, ViTConfig, ViTModel

    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8}
    vit = ViTModel(ViTConfig(image_size=32, patch_size=8, **sizes)).eval()
    swin = SwinModel(
        SwinConfig(image_size=32, patch_size=4, embed_dim=4, depths=[1, 1], num_heads=[1, 2], window_size=4)
    ).eval()
    resnet = ResNetModel(
        ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic", hidden_act="relu")
    ).eval()
    shapes = {"vit": [(8, 4, 4), (8, 4, 4)], "swin": [(8, 4, 4), (8, 4, 4)], "resnet": [(4, 8, 8), (8, 4, 4)]}
    for name, model in {"vit": vit, "swin": swin, "resnet": resnet}.items():
        reader = HiddenMaps(model, 32)
        assert reader.stages == 2
        with torch.no_grad():
            maps, last = reader.read(IMAGES, (1, 2)), model(pixel_values=IMAGES).last_hidden_state
        assert [tuple(output.shape[1:]) for output in maps] == shapes[name]
        flat = last if last.ndim == 4 else last[:, last.shape[1] - 16 :].mT.reshape(2, 8, 4, 4)
        torch.testing.assert_close(maps[1], flat)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("spec", "stages", "shape"),
    [
        ("torchvision:resnet18", 4, (512, 7, 7)),
        ("torchvision:vit_b_16", 12, (768, 14, 14)),
        ("torchvision:swin_t", 8, (768, 7, 7)),
        ("timm:resnet18", 5, (512, 7, 7)),
        ("timm:vit_tiny_patch16_224", 12, (192, 14, 14)),
        ("open_clip:ViT-B-32", 12, (768, 7, 7)),
        ("open_clip:RN50", 4, (2048, 7, 7)),
    ],
)
def test_the_packages_models_give_maps(spec: str, stages: int, shape: tuple[int, ...]) -> None:
    package(spec.partition(":")[0])
    name = {"torchvision": "weights", "timm": "pretrained", "open_clip": "pretrained"}[spec.partition(":")[0]]
    encoder = prepare(load(spec, {name: False if name == "pretrained" and "timm" in spec else "none"}), 64, CPU)
    assert encoder.map_stages == stages
    assert encoder.maps(torch.rand(1, 3, 64, 64))[0].shape[1:] == shape


def test_a_bare_resnet_gives_maps_of_normalised_images(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    network = build("resnet18", 0.125, "small").eval()
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    arguments = {"stem": "small", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    encoder = prepare(load(str(tmp_path / "w.safetensors"), arguments), 32, CPU)
    with torch.no_grad():
        expected = network((IMAGES - 0.5) / 0.5, (1, 4))
    torch.testing.assert_close((encoder.module(IMAGES), *encoder.maps(IMAGES, (1, 4))), expected)
