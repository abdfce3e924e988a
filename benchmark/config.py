"""The settings of a training run: from a preset and `--set`, to the config.json that its folder keeps."""

import dataclasses
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from iebench.baselines.encoder import EncoderSettings
from iebench.baselines.method import find, names
from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.settings import build, override, read_toml

from .errors import RunError, SettingError, UnknownName

CONFIG = "config.json"
LENGTH = ("steps", "epochs")  # may differ when a run goes on, unless the method's steps depend on it
FREE = ("log_every", "checkpoint_every")  # may differ when a run goes on: they change no step
PACKAGES = ("iebench", "torch", "numpy", "scipy", "simplejpeg")


@dataclass(frozen=True)
class TrainSettings:
    """Everything about training but the method and its own settings.

    resolution : side of the images in pixels, at most; the dataset's own where that is smaller, or with None
    batch : objects in a batch
    views : distinct views of each object in a batch, K
    epochs, steps : how long, by passes over the objects or by batches; give one of them
    learning_rate, weight_decay : of Adam, both constant; the decay is an L2 term in the gradient
    precision : of the forward pass; "auto" is bf16 on a GPU and float32 on a CPU
    log_every, checkpoint_every : in steps
    """

    resolution: int | None = None
    batch: int = 1024
    views: int = 2
    epochs: int | None = None
    steps: int | None = None
    learning_rate: float = 1e-3
    weight_decay: float = 1e-6
    precision: Literal["auto", "float32", "bf16"] = "auto"
    log_every: int = 10
    checkpoint_every: int = 500
    encoder: EncoderSettings = field(default_factory=EncoderSettings)

    def __post_init__(self) -> None:
        for name in ("resolution", "batch", "epochs", "steps", "log_every", "checkpoint_every"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        if self.batch < 2 or self.views < 2:
            raise ValueError("batch and views must be at least 2: the losses compare objects and views")

    def side(self, stored: int) -> int:
        """The side of the images to train on, in pixels, given that of the stored ones."""
        return min(self.resolution or stored, stored)

    def total_steps(self, objects: int) -> int:
        """How many steps the run takes with a training split of that many objects.

        Raises
        ------
        SettingError : not exactly one of epochs and steps is given.
        """
        if self.steps is not None and self.epochs is None:
            return self.steps
        if self.epochs is not None and self.steps is None:
            return -(-self.epochs * objects // self.batch)
        raise SettingError("give either epochs or steps, and not both: --set steps=300")


@dataclass(frozen=True)
class RunConfig:
    """What a run is, as its config.json holds it.

    method : name; settings, method_settings : everything that was chosen
    data : the dataset's folder; fingerprint : of that dataset
    resolution : side of the images in pixels
    device, versions : where it was last trained and with what; no part of the run's identity
    """

    method: str
    method_settings: dict[str, Any]
    settings: TrainSettings
    data: Path
    fingerprint: str
    resolution: int
    seed: int
    device: str
    versions: dict[str, str]

    def save(self, run: Path) -> None:
        """Write run/config.json, complete or not at all."""
        table = {**dataclasses.asdict(self), "data": str(self.data)}
        write_atomic(run / CONFIG, json.dumps(table, indent=2) + "\n")

    @staticmethod
    def load(run: Path) -> "RunConfig":
        """Read run/config.json.

        Raises
        ------
        RunError : there is none, or it is damaged.
        """
        path = run / CONFIG
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            settings = build(TrainSettings, table.pop("settings"), str(path))
            return RunConfig(settings=settings, data=Path(table.pop("data")), **table)
        except FileNotFoundError:
            raise RunError(
                f"{run} is no run folder (no {CONFIG}): train with `iebench train`, or name another"
            ) from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RunError(f"{path} is damaged ({error}): remove {run} and train again") from error

    def differences(self, other: "RunConfig") -> list[str]:
        """What keeps two configurations from being one run: "batch: 64 there, 32 here", self being there."""
        here, there = other._identity(), self._identity()
        return [
            f"{key}: {there.get(key)} there, {here.get(key)} here"
            for key in sorted(here.keys() | there.keys())
            if here.get(key) != there.get(key)
        ]

    def _identity(self) -> dict[str, Any]:
        settings = dataclasses.asdict(self.settings)
        encoder = {f"encoder.{key}": value for key, value in settings.pop("encoder").items()}
        method = {f"method.{key}": _listed(value) for key, value in self.method_settings.items()}
        free = FREE if find(self.method).method.scheduled else (*FREE, *LENGTH)
        chosen = {key: value for key, value in settings.items() if key not in free}
        named = {"method": self.method, "dataset fingerprint": self.fingerprint, "seed": self.seed}
        return {**chosen, **encoder, **method, **named, "resolution": self.resolution}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value  # as JSON gives it back


def presets() -> list[str]:
    """The names of the presets that come with iebench."""
    folder = files("iebench.manifests.presets")
    return sorted(item.name[: -len(".toml")] for item in folder.iterdir() if item.name.endswith(".toml"))


def resolve(method: str, preset: str, assignments: Sequence[str]) -> tuple[TrainSettings, Any]:
    """The training settings and the method's own, from a preset and `--set` assignments.

    method : a method's or a variant's name
    preset : a shipped one's name, or the path of a TOML file with tables [train] and [method.NAME]; a variant takes
        its method's table, then what makes it a variant, then its own table
    assignments : "batch=64", "encoder.width=0.5"; the method's own as "method.covariance=1"

    Raises
    ------
    UnknownName : no such method, preset or setting; suggests near ones.
    SettingError : a value that does not fit.
    """
    entry = find(method)
    source = f"preset {preset}"
    table = read_toml(_preset_path(preset))
    own_tables = table.pop("method", {})
    train_table = table.pop("train", {})
    for key in table:
        raise UnknownName("table", key, ["train", "method"], f"{source}: ")
    for key in own_tables:
        if key not in names():
            raise UnknownName("method", key, names(), f"{source}: ")
    train = build(TrainSettings, train_table, source)
    own_table = {**own_tables.get(entry.base, {}), **entry.changed, **own_tables.get(method, {})}
    own = build(entry.settings, own_table, f"{source}: method.{method}")
    assigned = {text.partition("=")[0].strip() for text in assignments}
    if "views" not in assigned:
        train = dataclasses.replace(train, views=max(train.views, entry.method.fewest_views))
    if "steps" in assigned and "epochs" not in assigned:  # a length replaces the preset's, in whichever unit that is
        train = dataclasses.replace(train, epochs=None)
    if "epochs" in assigned and "steps" not in assigned:
        train = dataclasses.replace(train, steps=None)
    prefix = "method."
    to_method = [text.strip().removeprefix(prefix) for text in assignments if text.strip().startswith(prefix)]
    train = override(train, [text for text in assignments if not text.strip().startswith(prefix)])
    return train, override(own, to_method, f"--set (of method {method})")


def _preset_path(preset: str) -> Path:
    if preset in presets():
        return Path(str(files("iebench.manifests.presets") / f"{preset}.toml"))
    if not preset.endswith(".toml"):
        raise UnknownName("preset", preset, presets())
    return Path(preset)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a run's numbers."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
