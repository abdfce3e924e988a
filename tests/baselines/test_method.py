"""The registry, and the rotation that methods are conditioned on."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch

from iebench.baselines import method as registry
from iebench.baselines import variants
from iebench.baselines.encoder import Encoder, EncoderSettings
from iebench.baselines.errors import MethodBroken, UnknownName
from iebench.baselines.method import Method, build, find, method, names


@dataclass(frozen=True)
class NoSettings:
    """Nothing to set."""


@pytest.fixture
def extra() -> Iterator[str]:
    method("extra", NoSettings)(type("Extra", (Method,), {"__init__": lambda self, e, s: Method.__init__(self, e)}))
    yield "extra"
    del registry._ENTRIES["extra"]


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


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def f(:", "SyntaxError: invalid syntax"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(7)", "SystemExit: 7"),
        ("raise KeyError", "KeyError"),
        (r"raise ValueError('boom\nand a long story')", r"ValueError: boom\): mend or remove that package$"),
    ],
)
def test_a_module_that_fails_to_import_is_named(
    code: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "poltergeist.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("ghost", "poltergeist", "iebench.methods")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    with pytest.raises(MethodBroken, match=rf"poltergeist, of the method 'ghost', cannot be imported \({reason}"):
        find("ghost")
    assert "ghost" in registry.names()  # it is listed, and the others can be trained
    assert find("sie").name == "sie"


def test_a_module_that_registers_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize("name", variants.load())
def test_a_variant_is_its_method_with_some_settings_changed(name: str) -> None:
    entry, variant = find(name), variants.load()[name]
    base = find(variant.method)
    assert (entry.base, entry.method, entry.settings) == (base.name, base.method, base.settings) and name in names()
    changed, plain = dataclasses.asdict(entry.defaults()), dataclasses.asdict(base.defaults())
    assert {key for key in plain if changed[key] != plain[key]} == set(variant.settings) != set()
    assert len(variant.about) > 20 and name.startswith(variant.method)


def test_a_variant_with_a_wrong_setting_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"bad": variants.Variant("sie", "wrong", {"covarance": 1})}
    monkeypatch.setattr(variants, "load", lambda: wrong)
    with pytest.raises(UnknownName, match=r"variant bad: unknown setting 'covarance'; did you mean .*covariance"):
        find("bad").defaults()
