"""Maps beside the representation: each is what the layers up to its stage give, of every backbone."""

import pytest
import torch
from torch import Tensor, nn
from zoos import package

from iebench.baselines.errors import SettingError
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.networks.maps import timm_channels, timm_maps
from iebench.baselines.networks.resnet import ResNet
from iebench.baselines.networks.vit import VisionTransformer, positions

BACKBONES = [
    EncoderSettings(0.125, "small"), EncoderSettings(0.125, "small", "resnet50"),
    EncoderSettings(0.125, backbone="resnet18-vicreg"), EncoderSettings(0.5, "small", "vit-small"),
]  # fmt: skip


def encoder_of(settings: EncoderSettings) -> Encoder:
    torch.manual_seed(0)
    encoder = Encoder(settings).double().eval()
    for module in encoder.modules():  # else every block of a ResNet is near the identity
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1)
    return encoder


def up_to(backbone: nn.Module, pixels: Tensor, stage: int) -> Tensor:
    """Return the map after a stage by walking through the layers."""
    if isinstance(backbone, ResNet):
        return nn.Sequential(*(getattr(backbone, f"layer{number}") for number in range(1, stage + 1)))(
            backbone.stem(pixels)
        )
    assert isinstance(backbone, VisionTransformer)
    side = pixels.shape[-1] // backbone.patch
    tokens = backbone.patch_embed.proj(pixels).flatten(2).mT + positions(side, side, backbone.dim)
    tokens = backbone.blocks[:stage](torch.cat([backbone.cls_token.expand(len(pixels), -1, -1), tokens], dim=1))
    tokens = backbone.norm(tokens) if stage == len(backbone.blocks) else tokens
    return torch.stack([torch.stack([t[1 + r * side : 1 + (r + 1) * side].T for r in range(side)], 1) for t in tokens])


@pytest.mark.parametrize("settings", BACKBONES, ids=lambda settings: settings.backbone)
def test_a_map_is_that_of_its_stage_and_the_representation_stays(settings: EncoderSettings) -> None:
    encoder, images = encoder_of(settings), torch.rand(2, 3, 32, 32, dtype=torch.float64)
    last, channels = encoder.last_stage, encoder.backbone.channels
    with torch.no_grad():
        representation, late, early = encoder.with_maps(images, (last, last - 1))
        assert torch.equal(representation, encoder(images))
        for output, stage in ((late, last), (early, last - 1)):
            assert output.shape[:2] == (2, channels[stage - 1]) and output.shape[2] == output.shape[3]
            torch.testing.assert_close(output, up_to(encoder.backbone, encoder.normalise(images), stage))
    if isinstance(encoder.backbone, ResNet):
        torch.testing.assert_close(late.mean((2, 3)), representation)


@pytest.mark.parametrize("settings", BACKBONES[::3], ids=lambda settings: settings.backbone)
def test_pieces_change_no_map_and_no_gradient(settings: EncoderSettings) -> None:
    encoder, images = encoder_of(settings), torch.rand(4, 3, 16, 16, dtype=torch.float64)
    outcomes = []
    for encoder.pieces in (1, 2):
        maps = encoder.with_maps(images, (2, encoder.last_stage))
        outcomes.append([*maps, *torch.autograd.grad(sum(m.sin().sum() for m in maps), list(encoder.parameters()))])
    torch.testing.assert_close(outcomes[1], outcomes[0])


def test_a_backbone_without_maps_and_a_stage_that_is_none_are_refused() -> None:
    encoder = encoder_of(BACKBONES[0])
    for stage in (0, 5):
        with pytest.raises(SettingError, match=f"backbone=resnet18 has the stages 1 to 4, and no stage {stage}"):
            encoder.with_maps(torch.rand(2, 3, 16, 16).double(), (stage,))
    encoder.backbone.channels = ()
    with pytest.raises(SettingError, match=r"backbone=resnet18 gives no maps.*choose a ResNet"):
        encoder.last_stage  # noqa: B018  the property raises


def tokens(model: "Timm", grid: Tensor) -> Tensor:
    prefix = torch.full((len(grid), model.prefix, grid.shape[1]), 9.0)
    return torch.cat([prefix, grid.flatten(2).mT], dim=1)


FORMS = {
    "channels first": lambda model, grid: grid,
    "channels last": lambda model, grid: grid.permute(0, 2, 3, 1),
    "tokens": tokens,
    "class token alone": lambda model, grid: tokens(model, grid)[:, :1],
    "finer tokens": lambda model, grid: grid.repeat(1, 1, 2, 2).flatten(2).mT,
    "list": lambda model, grid: [grid],
    "pooled": lambda model, grid: grid.mean((2, 3)),
}


class Timm(nn.Module):
    """A model with timm's interface, of two stages, whose last norm subtracts 1; maps have 3 rows and 5 columns.

    form : shape of the features behind the norm; prefix : number of tokens in front of the patches'
    counts : True for a model that tells the number, as timm's ViTs
    """

    feature_info = ({"num_chs": 3}, {"num_chs": 3})

    def __init__(self, form: str, prefix: int = 0, counts: bool = False) -> None:
        super().__init__()
        self.form, self.prefix = form, prefix
        if counts:
            self.num_prefix_tokens = prefix

    def forward_intermediates(
        self, images: Tensor, indices: list[int], norm: bool, output_fmt: str
    ) -> tuple[object, list[Tensor]]:
        assert not norm and output_fmt == "NCHW"
        grid = nn.functional.adaptive_avg_pool2d(images, (3, 5))
        return FORMS[self.form](self, 2 * grid - 1), [(index + 1) * grid for index in indices]

    def forward_head(self, features: object) -> Tensor:
        return torch.zeros(2, 3)


@pytest.mark.parametrize(("form", "prefix", "counts", "normed"), [
    ("channels first", 0, False, True), ("channels last", 0, False, True), ("tokens", 0, False, True),
    ("tokens", 1, True, True), ("tokens", 2, True, True), ("tokens", 5, True, True), ("tokens", 1, False, True),
    ("tokens", 4, False, False), ("finer tokens", 0, False, False), ("finer tokens", 1, True, False),
    ("class token alone", 1, False, False), ("list", 0, False, False), ("pooled", 0, False, False),
])  # fmt: skip
def test_the_last_map_of_timm_is_behind_the_norm_where_its_output_has_places(
    form: str, prefix: int, counts: bool, normed: bool
) -> None:
    """As of Swin, ViT, distilled DeiT, DINOv2 with four registers, VOLO, PiT and CoaT, in this order of forms."""
    model, images = Timm(form, prefix, counts), torch.rand(2, 3, 30, 30, generator=torch.Generator().manual_seed(0))
    grid = nn.functional.adaptive_avg_pool2d(images, (3, 5))
    assert timm_channels(model) == (3, 3)
    last, first, again = timm_maps(model, images, (2, 1, 2))[1:]
    torch.testing.assert_close(first, grid)
    torch.testing.assert_close(last, 2 * grid - 1 if normed else 2 * grid)
    assert torch.equal(last, again)


@pytest.mark.filterwarnings("ignore")  # timm gives warnings of its own
@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "vit_tiny_patch16_224",
        "swin_tiny_patch4_window7_224",
        "efficientnet_b0",
        "convnext_atto",
        "pit_ti_224",
    ],
)
def test_models_of_timm_give_their_maps_where_the_picture_changes(name: str) -> None:
    package("timm")
    encoder, images = Encoder(EncoderSettings(backbone=f"timm:{name}")).eval(), torch.rand(1, 3, 224, 224)
    stages = tuple(range(1, encoder.last_stage + 1))
    with torch.no_grad():
        representation, *maps = encoder.with_maps(images, stages)
        torch.testing.assert_close(representation, encoder(images))
    changed = images.clone()
    changed[:, :, 168:184, 28:44] = 3
    with torch.no_grad():
        moved = (encoder.with_maps(changed, (1,))[1] - maps[0]).abs().sum(1)[0]
    row, column = divmod(int(moved.argmax()), moved.shape[1])
    assert 160 <= (row + 0.5) * 224 / moved.shape[0] <= 192 and 20 <= (column + 0.5) * 224 / moved.shape[1] <= 52
    assert tuple(m.shape[1] for m in maps) == encoder.backbone.channels
    assert [m.shape[2] for m in maps] == sorted((m.shape[2] for m in maps), reverse=True)
