"""The registry of methods, and the rotation that methods are conditioned on."""

import dataclasses
from dataclasses import dataclass
from itertools import pairwise

import pytest
import torch
from plugins import forget

from iebench.baselines import variants
from iebench.baselines.errors import UnknownName
from iebench.baselines.method import Method, build, find, method, names
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.registry import METHODS


@dataclass(frozen=True)
class NoSettings:
    """Settings without fields."""


@pytest.fixture
def extra(monkeypatch: pytest.MonkeyPatch) -> str:
    forget(monkeypatch, METHODS, "extra")
    method("extra", NoSettings)(type("Extra", (Method,), {"__init__": lambda self, e, s: Method.__init__(self, e)}))
    return "extra"


@pytest.mark.slow
def test_the_shipped_methods_are_found_by_name() -> None:
    shipped = {"sie", "vicreg", "simclr", "sen", "equimod", "augself", "byol", "conditional-byol", "vicreg-traj"}
    assert shipped | {"supervised", "random"} <= set(names())
    for name in names():
        assert find(name).name == name
        with torch.device("meta"):
            built = build(name, find(name).defaults(), EncoderSettings(0.125, "small"))
        assert isinstance(built, Method) and built.dim == 64


def test_a_decorated_class_is_found(extra: str) -> None:
    assert extra in names() and isinstance(build(extra, NoSettings(), EncoderSettings(0.125)), Method)


def test_a_misspelt_method_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UnknownName, match=r"unknown method 'vicregg'; did you mean vicreg"):
        find("vicregg")


def test_the_base_class_promises_nothing() -> None:
    base = Method(Encoder(EncoderSettings(0.125)))
    for call in (
        lambda: base.loss(torch.rand(2, 2, 3, 32, 32), {}),
        lambda: base.embed(torch.rand(2, 64)),
        lambda: base.predict(torch.rand(2, 4), {}, {}),
    ):
        with pytest.raises(NotImplementedError):
            call()


def test_views_are_represented_in_order() -> None:
    base = Method(Encoder(EncoderSettings(0.125, "small"))).eval()
    images = torch.rand(3, 2, 3, 32, 32)
    together = base.represent(images)
    assert together.shape == (3, 2, 64)
    torch.testing.assert_close(together[:, 1], base.encoder(images[:, 1]))


@pytest.mark.parametrize("name", variants.load())
def test_a_variant_is_its_method_with_some_settings_changed(name: str) -> None:
    entry, variant = find(name), variants.load()[name]
    base = find(variant.method)
    assert (entry.base, entry.method, entry.settings) == (base.name, base.method, base.settings) and name in names()
    changed, plain = dataclasses.asdict(entry.defaults()), dataclasses.asdict(base.defaults())
    assert {key for key in plain if changed[key] != plain[key]} == set(variant.settings) != set()
    assert len(variant.about) > 20 and name.startswith(variant.method)


def projecting(*sizes: int) -> int:
    """Number of parameters of a projector: linear, batch norm, ReLU; the last layer is linear without bias."""
    hidden = sum(a * b + 3 * b for a, b in pairwise(sizes[:-1]))
    return hidden + sizes[-2] * sizes[-1]


def layered(*sizes: int) -> int:
    """Number of parameters of linear layers with biases."""
    return sum(a * b + b for a, b in pairwise(sizes))


def decoding(inputs: int, *widths: int) -> int:
    """Number of parameters of a decoder: blocks of a 1x1, two 3x3 convolutions and two group norms."""
    blocks = sum(a * b + b + 2 * a + 2 * b + 9 * a * b + 9 * b * b + 2 * b for a, b in pairwise(widths))
    return layered(inputs, 16 * widths[0]) + blocks + 27 * widths[-1] + 3


WIDE, HALF = projecting(512, 2048, 2048, 2048), 2 * projecting(256, 1024, 1024, 1024)
HEADS = {  # of the sources' defaults on a representation of 512; a hypernetwork of k numbers has k d^2
    "sie": HALF + 4_194_304,
    "sie-no-variance": HALF + 4_194_304,
    "sie-only-equi": WIDE + 4 * 2048**2,
    "sie-rotation-colour": HALF + 6_291_456,
    "sie-all-latents": HALF + 8 * 1024**2,
    "sie-deep": HALF + 4_194_304 + 2 * 4 * 4,
    "sie-mlp": HALF + layered(1024 + 4, 1024),
    "sie-longer": HALF + 2 * 4_194_304,
    "sie-layer3": projecting(512, 1024, 1024, 1024) + HALF // 2 + 4_194_304,
    "sie-layer4": 2 * projecting(512, 1024, 1024, 1024) + 4_194_304,
    "vicreg": WIDE,
    "vicreg-part": WIDE,
    "vicreg-traj": WIDE,
    "simclr": WIDE,
    "sen": WIDE + 4 * 2048**2,
    "sen-rotation-colour": WIDE + 6 * 2048**2,
    "equimod": 2 * WIDE + 4 * 2048**2,
    "equimod-vicreg": 2 * WIDE + 4 * 2048**2,
    "equimod-rotation-colour": 2 * WIDE + 6 * 2048**2,
    "equimod-layer3": WIDE + projecting(256, 2048, 2048, 2048) + 4 * 2048**2,
    "augself": WIDE + layered(1024, 1024, 1024, 4),
    "augself-layer3": WIDE + layered(512, 1024, 1024, 4),
    "augself-rotation-colour": WIDE + layered(1024, 1024, 1024, 6),
    "byol": WIDE + projecting(2048, 512, 2048),
    "conditional-byol": projecting(512, 2048, 128) + 4 * 128 + projecting(256, 2048, 128),
    "conditional-byol-rotation-colour": projecting(512, 2048, 128) + 6 * 128 + projecting(256, 2048, 128),
    "supervised": layered(512, 55) + layered(1024, 1024, 1024, 4),
    "supervised-class": layered(512, 55),
    "supervised-rotation": layered(1024, 1024, 1024, 4),
    "random": 0,
    "equin": WIDE + projecting(512, 512, 6),
    "essl": 5_246_976 + 2048 + 5_263_364,  # the released projector has no bias in front of its batch norm
    "stl": 34_392_576 + 1280,  # the released heads have no bias in front of their batch norms
    "care": 328_832 + 512 - 128,  # the released head has no bias in front of its batch norm, and one at its end
    "la-sie": HALF + layered(512, 256, 256, 8) + 8 * 256**2,
    "equicaps": 7_438_976,
    "capsie-like": 5_726_752 + 262_144,
    "barlow": projecting(512, 8192, 8192, 8192),
    "tico": projecting(512, 4096, 256),
    "ivne": projecting(512, 2048, 2048, 256),
    "wigner": projecting(512, 512, 32 * 16),
    "g-nft": projecting(512, 512, 64 * 81) + decoding(64 * 81, 256, 256, 128, 64, 32),
    "msp": projecting(512, 512, 256 * 16) + decoding(256 * 16, 256, 256, 128, 64, 32),
    "contextssl": 153_190_912 + 1_581_062,
    "iwm": layered(512, 192)
    + 192
    + layered(192 + 4, 192, 192, 192)
    + 6 * (12 * 192**2 + 13 * 192)
    + 2 * 192
    + layered(192, 512),
    "seq-jepa": 16_086_272,  # of which the transformer 14,771,840, token 640, P 512, predictor 1,313,280
    "seq-jepa-3": 16_086_272,
    "seq-jepa-no-action": 10_509_824,
    "seq-jepa-rotation-colour": 16_086_272 + 2 * 128,
    "obow": 512 * 1024 + 2 * 1024 + layered(1024, 512),
    "invariance-propagation": projecting(512, 128),
    "dino-like": layered(512, 2048, 2048, 256) + 65536 * 256,
}


@pytest.mark.parametrize("name", names())
def test_heads_have_the_sizes_of_their_sources(name: str) -> None:
    with torch.device("meta"):
        method = build(name, find(name).defaults(), EncoderSettings())
    learning = {key: p.numel() for key, p in method.named_parameters() if p.requires_grad}
    assert sum(size for key, size in learning.items() if not key.startswith("encoder.")) == HEADS[name]


WEIGHTS = {  # facebookresearch/SIE for all but the last two rows, which are Grill et al. 2020 and seq-JEPA's paper
    "sie": {"invariance": 10.0, "equivariance": 4.5, "variance": 10.0, "prediction_variance": 10.0, "covariance": 1.0},
    "sie-no-variance": {"prediction_variance": 0.0, "equivariance": 4.5},
    "sie-only-equi": {"equivariant": 1.0, "equivariance": 10.0},
    "vicreg": {"invariant": 1.0, "invariance": 10.0, "variance": 10.0, "covariance": 1.0},
    "vicreg-part": {"invariant": 0.5},
    "simclr": {"temperature": 0.1},
    "sen": {"temperature": 0.1},
    "equimod": {"base": "simclr", "temperature": 0.1, "equivariance": 4.5},
    "equimod-vicreg": {"base": "vicreg", "similarity": 10.0, "variance": 10.0, "covariance": 1.0, "equivariance": 4.5},
    "equimod-rotation-colour": {"equivariance": 1.0},
    "augself": {"temperature": 0.1, "regression": 1.0},
    "byol": {"momentum": 0.996},
    "essl": {"temperature": 0.5, "turn": 0.4, "crop": (0.2, 1.0), "size": 0.5},  # rdangovs/essl
    "stl": {"temperature": 0.2, "equivariance": 1.0, "sharing": 0.1},  # jaemyung-u/stl
    "g-nft": {"degrees": 8, "channels": 64, "latent": 0.0},  # masomatics/NFTPublic
    "msp": {"vectors": 256, "size": 16},  # takerum/meta_sequential_prediction
    "care": {"temperature": 0.5, "chunk": 16, "equivariance": 0.03},  # Sharut/CARE, CIFAR-10
    "la-sie": {"generators": 8, "invariance": 10.0, "equivariance": 4.5, "inverse": 1.0},  # kaminocode/LA-SIE
    "equicaps": {"invariance": 0.1, "equivariance": 5.0, "variance": 10.0, "covariance": 1.0, "spread": 1.0},
    "capsie-like": {"capsules": 16, "temperature": 0.1, "target_temperatures": (0.025, 0.1)},  # AberdeenML/CapsIE
    "contextssl": {"width": 2048, "layers": 3, "pairs": 64, "keep": 0.1, "temperature": 0.1, "regression": 5.0},
    "iwm": {"momentum": 0.996, "layers": 6, "width": 192},  # the momentum is seq-JEPA's
    "seq-jepa": {"action_size": 128, "layers": 3, "heads": 4, "dropout": 0.1, "hidden": 1024, "momentum": 0.996},
    "barlow": {"redundancy": 0.0051},  # facebookresearch/barlowtwins
    "tico": {"memory": 0.9, "contrast": 8.0, "momentum": 0.99},  # Zhu et al. 2022
    "ivne": {"agreement": None, "entropy": 1.0},  # jaeill/CVPR23-VNE
    "obow": {"words": 8192, "sharpness": 15.0, "scale": 8.0, "momentum": 0.99},  # valeoai/obow
    "invariance-propagation": {  # WangFeng18/InvariancePropagation
        "projector": (128,), "temperature": 0.07, "background": 4096, "neighbours": 4, "depth": 3, "positives": 50,
        "propagation": 0.6, "ramp": 30, "memory": 0.5,
    },
    "dino-like": {  # facebookresearch/dino
        "projector": (2048, 2048, 256), "prototypes": 65536, "temperature": 0.1, "target_temperature": 0.04,
        "memory": 0.9, "momentum": 0.996,
    },
    "vicreg-traj": {"invariance": 10.0, "variance": 10.0, "covariance": 1.0, "trajectory": 0.01},
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_those_of_their_sources(name: str) -> None:
    defaults = dataclasses.asdict(find(name).defaults())
    assert {key: defaults[key] for key in WEIGHTS[name]} == WEIGHTS[name]


def test_a_variant_with_a_wrong_setting_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"bad": variants.Variant("sie", "wrong", {"covarance": 1})}
    monkeypatch.setattr(variants, "load", lambda: wrong)
    with pytest.raises(UnknownName, match=r"variant bad: unknown setting 'covarance'; did you mean .*covariance"):
        find("bad").defaults()
