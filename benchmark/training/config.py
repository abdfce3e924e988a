"""Settings of a training run: from a preset or a file and `--set`, to the config.json in the run's folder."""

import dataclasses
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from iebench.baselines.equivariant import ActionSettings
from iebench.baselines.method import ObjectSettings, Passes, find, names
from iebench.baselines.needs import Needs
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.manifests.brief import number
from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.settings import build, check_finite, differences, override
from iebench.manifests.common.shipped import called, extended
from iebench.manifests.common.versions import is_newer
from iebench.manifests.dataset import DatasetInfo, newest
from iebench.manifests.folder.nearby import nearby
from iebench.manifests.schema import MAX_VIEW
from iebench.manifests.text.plain_text import check_text

from ..distributed.device import pick
from ..errors import InvalidValue, RunError, SettingError, UnknownName, UsageError
from .online.settings import OnlineSettings
from .run_settings import BEFORE, FREE, recorded_settings
from .trackers import LogSettings

CONFIG = "config.json"
MEND = "restore it, or train again under another --name"
LENGTH = ("steps", "epochs")  # may change when a run is resumed, unless the method's steps depend on it
COUNTS = ("resolution", "batch", "epochs", "steps", "accumulate", "log_every", "checkpoint_every", "keep_every")
MOST = 10**12  # largest count: as many steps of a millisecond take 31 years
SEEDS = 2**63 - 1  # the largest seed that PyTorch accepts
LARGEST = {"learning_rate": 1e30, "weight_decay": 1e6}  # with larger values, numbers of the optimizers overflow float32
PACKAGES = ("iebench", "torch", "numpy", "scipy", "simplejpeg")


@dataclass(frozen=True)
class TrainSettings:
    """Settings of training, without the method and its own settings.

    resolution : largest side of the images in pixels; the dataset's own if that is smaller, or if None
    batch : objects per batch
    views : distinct views of each object per batch, K
    epochs, steps : length of training in passes over the objects, or in batches; give one of them
    optimizer : "adam", "adamw" (decoupled weight decay), "sgd" or "lars"; momentum : momentum of "sgd" and "lars"
    bias_rate : learning rate of biases and norms relative to that of the weights, with "lars"
    learning_rate, weight_decay : of the optimizer; the weight decay is constant
    schedule : of the learning rate after the warm-up, "constant" or "cosine"
    warmup : fraction of the steps over which the learning rate rises
    lowest : start of the warm-up and end of the cosine, as a fraction of the learning rate
    precision : of the forward pass; "auto" is bf16 on a GPU (fp16 if the GPU has no bf16) and float32 on a CPU
    passes : "apart" for one forward pass per view, so that batch norms see one view at a time, or "together"
    kernels : "plain", or "fast": a fused optimizer on a CPU too, and 3x3 convolutions of maps of at most 2x2 pixels as
        products; the same computation but for the last bits
    accumulate : number of pieces of a rank's share of a batch that pass the backbone one after the other, to save
        memory
    compile : whether to apply torch.compile to the backbone
    log_every, checkpoint_every : interval in steps
    keep_every : interval in steps of checkpoints that later ones do not replace; None for no such checkpoints
    log, online : additional logging services, and monitoring of the representation
    """

    resolution: int | None = None
    batch: int = 1024
    views: int = 2
    epochs: int | None = None
    steps: int | None = None
    optimizer: Literal["adam", "adamw", "sgd", "lars"] = "adam"
    momentum: float = 0.9
    bias_rate: float = 1.0
    learning_rate: float = 1e-3
    weight_decay: float = 1e-6
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: float = 0.0
    lowest: float = 0.0
    precision: Literal["auto", "float32", "bf16", "fp16"] = "auto"
    passes: Passes = "apart"
    kernels: Literal["plain", "fast"] = "plain"
    accumulate: int = 1
    compile: bool = False
    log_every: int = 10
    checkpoint_every: int = 500
    keep_every: int | None = None
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    log: LogSettings = field(default_factory=LogSettings)
    online: OnlineSettings = field(default_factory=OnlineSettings)

    def __post_init__(self) -> None:
        for name in COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidValue(f"{name} must be at least 1, not {value}")
            if value is not None and value > MOST:
                raise InvalidValue(f"{name} must be at most {MOST:,}, not {number(value)}")
        if self.views > MAX_VIEW + 1:
            raise InvalidValue(
                f"views must be at most {MAX_VIEW + 1}, as many as an object has, not {number(self.views)}"
            )
        if self.batch < 2 or self.views < 2:
            raise InvalidValue("batch and views must be at least 2: the losses compare objects and views")
        if self.learning_rate <= 0 or self.weight_decay < 0:
            raise InvalidValue("learning_rate must be above 0 and weight_decay at least 0")
        for name, most in LARGEST.items():
            if not getattr(self, name) <= most:
                raise InvalidValue(f"{name} must be at most {most:g}, not {getattr(self, name)}")
        for name in ("momentum", "warmup", "lowest", "bias_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidValue(f"{name} must lie in [0, 1], not {getattr(self, name)}")
        if self.bias_rate != 1 and self.optimizer != "lars":
            raise InvalidValue(f"bias_rate is for optimizer=lars, not {self.optimizer}: leave it out")

    def side(self, stored: int) -> int:
        """Return the side of the training images in pixels, given the side of the stored images."""
        return min(self.resolution or stored, stored)

    @property
    def scheduled(self) -> bool:
        """True if the learning rate of a step depends on the total number of steps."""
        return self.schedule != "constant" or self.warmup > 0

    def keeps(self, step: int) -> bool:
        """True if the checkpoint after that many steps is to be kept."""
        return self.keep_every is not None and step % self.keep_every == 0

    def total_steps(self, objects: int) -> int:
        """Return the number of steps of the run for a training split of that many objects.

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
    """Configuration of a run, as its config.json holds it.

    method : name; settings, method_settings : all settings of training and of the method
    data : the dataset's folder; fingerprint : the dataset's fingerprint
    resolution : side of the images in pixels
    device, versions : device and package versions of the last training session; not part of the run's identity
    subset : number of objects to train on, spread over the classes; None for all
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
    subset: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= SEEDS:
            raise SettingError(f"seed must lie in [0, {SEEDS}], not {self.seed}")

    @staticmethod
    def of(
        method: str,
        start: str,
        assignments: Sequence[str],
        data: Path | None,
        seed: int,
        device: str,
        subset: int | None = None,
    ) -> "RunConfig":
        """Make the configuration of a new run; see `resolve` and `device.pick`.

        data : the dataset's folder; None for the newest dataset under data/

        Raises
        ------
        UnknownName, SettingError : see `resolve`; an invalid seed; an action with a factor group that the dataset
            lacks.
        DatasetError : the folder holds no dataset.
        MissingPart : the device is not available.
        """
        settings, own = resolve(method, start, assignments)  # first: its errors are about spelling
        data = data or newest()
        info = DatasetInfo.load(data)
        if isinstance(own, ActionSettings):
            own = own.of_dataset(info.recipe.factors, str(data))
        if isinstance(own, ObjectSettings):
            stored = int(info.counts["train"]["objects"])
            own = own.of_objects(stored if subset is None else min(subset, stored))
        return RunConfig(
            method=method,
            method_settings=dataclasses.asdict(own),
            settings=settings,
            data=data.resolve(),
            fingerprint=info.fingerprint,
            resolution=settings.side(info.recipe.resolution),
            seed=seed,
            device=str(pick(device)),
            versions=versions(),
            subset=subset,
        )

    def save(self, run: Path) -> None:
        """Write run/config.json atomically."""
        table = {**dataclasses.asdict(self), "data": str(self.data)}
        write_atomic(run / CONFIG, json.dumps(table, indent=2) + "\n")

    @staticmethod
    def load(run: Path) -> "RunConfig":
        """Read run/config.json.

        Raises
        ------
        RunError : it is missing or damaged.
        """
        return RunConfig.read(run / CONFIG)

    @staticmethod
    def read(path: Path) -> "RunConfig":
        """Read a run's config.json, also from a file outside its run's folder.

        Raises
        ------
        RunError : it is missing or damaged.
        SettingError, UnknownName : settings that this version of iebench does not have; names the file.
        """
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            check_text({**table, "data": ""}, path, RunError, MEND)  # the path of the data may contain any characters
            settings = build(TrainSettings, {**BEFORE, **table.pop("settings")}, str(path))
        except (FileNotFoundError, NotADirectoryError):
            remedy = nearby(path.parent, path.name) or "train with `iebench train`, or name another"
            raise RunError(f"{path.parent} is not a run folder (no {path.name}): {remedy}") from None
        except UsageError as error:
            raise (_newer(path, table) or error) from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _damaged(path, error) from error
        try:
            return build(RunConfig, {**table, "settings": settings, "data": Path(table["data"])}, path.name)
        except (UsageError, TypeError, KeyError) as error:
            raise (_newer(path, table) or _damaged(path, error)) from error

    def for_resuming(self, run: Path, assignments: Sequence[str]) -> "RunConfig":
        """Return this configuration for resuming a run: settings that are newer than the run keep its behaviour.

        run : the run's folder; without a readable config.json nothing is changed
        assignments : settings that the user assigned, which are not changed
        """
        try:
            named = json.loads((run / CONFIG).read_text(encoding="utf-8"))["settings"].keys()
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return self
        named |= {text.partition("=")[0].strip() for text in assignments}
        older: dict[str, Any] = {name: value for name, value in BEFORE.items() if name not in named}
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, **older))

    def needs(self) -> Needs:
        """Return the properties of a dataset that the run's method needs."""
        entry = find(self.method)
        return entry.needs(build(entry.settings, self.method_settings, self.method))

    def differences(self, other: "RunConfig", free: bool = False) -> list[str]:
        """List the settings that make two configurations different runs: "batch: 64 there, 32 here"; self is "there".

        free : True to include settings that may change when a run is resumed
        """
        return differences(self.identity(free), other.identity(free))

    def identity(self, free: bool = False) -> dict[str, Any]:
        """Return the settings that identify a run, by name, as JSON holds them.

        free : True to include settings that may change when a run is resumed
        """
        settings = dataclasses.asdict(self.settings)
        encoder = {f"encoder.{key}": value for key, value in settings.pop("encoder").items()}
        method = {f"method.{key}": value for key, value in recorded_settings(self.method_settings).items()}
        scheduled = self.settings.scheduled or find(self.method).method.scheduled
        excluded = () if free else FREE if scheduled else (*FREE, *LENGTH)
        chosen = {key: value for key, value in settings.items() if key not in excluded}
        named = {
            "method": self.method,
            "dataset fingerprint": self.fingerprint,
            "seed": self.seed,
            "subset": self.subset,
        }
        return {**chosen, **encoder, **method, **named, "resolution": self.resolution}


def _damaged(path: Path, error: Exception) -> RunError:
    return RunError(read_failure(path, error, MEND))


def _newer(path: Path, table: dict[str, Any]) -> RunError | None:
    """Return the error for a run of a newer iebench, whose settings may be unknown to this version; None otherwise."""
    made_by = table["versions"].get("iebench", "") if isinstance(table.get("versions"), dict) else ""
    installed = version("iebench")
    if not is_newer(made_by, installed):
        return None
    return RunError(f"{path} is of a run of iebench {made_by}, and this is {installed}: update iebench")


def run_name(method: str, data: Path, seed: int, setting: str = "") -> str:
    """Default name of a run.

    setting : name of a sweep's setting, if the sweep has several

    >>> run_name("sie", Path("data/builtin"), 0), run_name("sie", Path("data/builtin"), 0, "wide")
    ('sie-builtin-s0', 'sie-wide-builtin-s0')
    """
    return "-".join([method, *([setting] if setting else []), data.resolve().name, f"s{seed}"])


def resolve(method: str, start: str, assignments: Sequence[str]) -> tuple[TrainSettings, Any]:
    """Resolve the training settings and the method's own settings, from a starting point and `--set` assignments.

    method : a method's or a variant's name
    start : name of a shipped preset; or path of a TOML file with tables [train] and [method.NAME], where a variant uses
        its method's table, then its own changes, then its own table, and `extends` names the preset or file to begin
        with; or path of a run's config.json
    assignments : "batch=64", "encoder.width=0.5"; for the method's own settings "method.covariance=1"

    Raises
    ------
    UnknownName : no such method, preset or setting; suggests similar names.
    SettingError : an invalid value, or a config.json of another method.
    RunError : a config.json that is missing or damaged.
    """
    entry = find(method)
    assigned = {text.partition("=")[0].strip() for text in assignments}
    if start.endswith(".json"):
        train, own = _from_run(method, Path(start))
    else:
        train, own = _from_tables(method, start)
    if "steps" in assigned and "epochs" not in assigned:  # a new length replaces the old one, in epochs or in steps
        train = dataclasses.replace(train, epochs=None)
    if "epochs" in assigned and "steps" not in assigned:
        train = dataclasses.replace(train, steps=None)
    prefix = "method."
    to_method = [text.strip().removeprefix(prefix) for text in assignments if text.strip().startswith(prefix)]
    train = override(train, [text for text in assignments if not text.strip().startswith(prefix)])
    own = override(own, to_method, f"--set (of method {method})")
    if "views" not in assigned and not start.endswith(".json"):
        train = dataclasses.replace(train, views=max(train.views, entry.needs(own).views))
    return train, own


def _from_tables(method: str, start: str) -> tuple[TrainSettings, Any]:
    """Read the settings of a preset or a TOML file."""
    entry = find(method)
    source = called("preset", start)
    table = extended("preset", start)
    own_tables = _table(table.pop("method", {}), f"{source}: method")
    train_table = _table(table.pop("train", {}), f"{source}: train")
    for key in table:
        raise UnknownName("table", key, ["train", "method"], f"{source}: ")
    methods = names()
    for key, own in own_tables.items():
        if key not in methods:
            raise UnknownName("method", key, methods, f"{source}: ")
        _table(own, f"{source}: method.{key}")
    train = build(TrainSettings, train_table, source)
    own_table = {**own_tables.get(entry.base, {}), **entry.changed, **own_tables.get(method, {})}
    return train, build(entry.settings, own_table, f"{source}: method.{method}")


def _table(entry: Any, source: str) -> dict[str, Any]:
    """Check that an entry of a TOML file is a table of finite numbers, and return it."""
    if not isinstance(entry, dict):
        raise SettingError(f"{source} is {entry!r} and no table: write it as [{source.rpartition(' ')[2]}]")
    check_finite(entry, source)
    return entry


def _from_run(method: str, path: Path) -> tuple[TrainSettings, Any]:
    """Read the settings in a run's config.json."""
    run = RunConfig.read(path)
    if run.method != method:
        raise SettingError(f"{path} is of a run of {run.method}, not {method}: leave out --method, or give a TOML file")
    return run.settings, build(find(method).settings, run.method_settings, str(path))


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that affect a run's numbers."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
