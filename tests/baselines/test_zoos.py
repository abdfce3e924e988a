"""Backbones against the installed timm and torchvision, if they can be imported: names, weights, outputs."""

import pytest
import torch
from zoos import package

from iebench.baselines.networks import backbone
from iebench.baselines.networks.vit import positions

pytestmark = pytest.mark.filterwarnings("ignore")  # the packages give warnings of their own


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_weights_of_torchvision_load_and_answer_alike(name: str) -> None:
    torch.manual_seed(0)
    own = getattr(package("torchvision").models, name)(weights=None)
    for module in own.modules():  # otherwise every block is near the identity
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean), torch.nn.init.uniform_(module.running_var, 0.5, 2)
    own.fc = torch.nn.Identity()
    ours = backbone.build(name, 1.0, "imagenet")
    ours.load_state_dict(own.state_dict())
    pixels = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(pixels), own.eval()(pixels))


def test_the_small_transformer_has_timms_names_and_answers() -> None:
    torch.manual_seed(0)
    own = package("timm").create_model("vit_small_patch16_224", num_classes=0, img_size=96)
    with torch.no_grad():  # ours are fixed, timm's are learnt
        own.pos_embed.copy_(torch.cat([torch.zeros(1, 384), positions(6, 6, 384)])[None])
    ours = backbone.build("vit-small", 1.0, "imagenet")
    state = own.state_dict()
    del state["pos_embed"]
    ours.load_state_dict(state)
    pixels = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(pixels), own.eval()(pixels), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["mobilenetv3_small_100", "vgg11", "ghostnet_050", "convnext_atto"])
def test_a_model_of_timm_says_how_many_columns_it_has(name: str) -> None:
    package("timm")
    built = backbone.build(f"timm:{name}", 1.0, "imagenet").eval()
    with torch.no_grad():
        assert built(torch.randn(2, 3, 224, 224)).shape == (2, built.dim)
