"""The registry, and the rotation that methods are conditioned on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from iebench.baselines import method as registry
from iebench.baselines.encoder import Encoder, EncoderSettings
from iebench.baselines.errors import MethodBroken, UnknownName
from iebench.baselines.method import ROTATION, Method, build, find, method, names, rotation_between
from iebench.manifests.conventions import pose


@dataclass(frozen=True)
class NoSettings:
    """Nothing to set."""


@pytest.fixture
def extra() -> Iterator[str]:
    method("extra", NoSettings)(type("Extra", (Method,), {"__init__": lambda self, e, s: Method.__init__(self, e)}))
    yield "extra"
    del registry._ENTRIES["extra"]


def test_the_shipped_methods_are_found_by_name() -> None:
    assert {"sie", "vicreg", "simclr", "sen", "equimod", "random"} <= set(names())
    for name in ("sie", "vicreg", "simclr", "sen", "equimod", "random"):
        assert find(name).name == name
        built = build(name, find(name).settings(), EncoderSettings(0.125, "small"))
        assert isinstance(built, Method) and built.dim == 64


def test_a_decorated_class_is_found(extra: str) -> None:
    assert extra in names() and isinstance(build(extra, NoSettings(), EncoderSettings(0.125)), Method)


def test_a_misspelt_method_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UnknownName, match=r"unknown method 'vicregg'; did you mean vicreg\?"):
        find("vicregg")


def test_a_module_that_registers_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    point = EntryPoint("ghost", "iebench.baselines.losses", "iebench.methods")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    with pytest.raises(MethodBroken, match="losses does not register the method 'ghost'"):
        find("ghost")


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


def test_the_rotation_leads_from_source_to_target() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.uniform(-1.5, 1.5, (2, 20, 3))
    as_latents = [{n: torch.from_numpy(a[:, i].copy()) for i, n in enumerate(ROTATION)} for a in (first, second)]
    quaternions = rotation_between(*as_latents).numpy()
    assert quaternions.shape == (20, 4) and (quaternions[:, 3] >= 0).all()
    step = type(pose(first)).from_quat(quaternions)
    np.testing.assert_allclose((pose(first) * step).as_matrix(), pose(second).as_matrix(), atol=1e-12)
