"""The settings of a training run: from a preset or a file and `--set`, to the config.json that its folder keeps."""

import dataclasses
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from iebench.baselines.method import Passes, find, names
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.manifests.brief import number
from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.settings import build, check_finite, override, read_toml
from iebench.manifests.common.shipped import called, locate
from iebench.manifests.common.versions import is_newer
from iebench.manifests.dataset import DatasetInfo, newest
from iebench.manifests.schema import MAX_VIEW
from iebench.manifests.text.plain_text import check_text

from ..distributed.device import pick
from ..errors import InvalidValue, RunError, SettingError, UnknownName, UsageError
from .online.settings import OnlineSettings
from .run_settings import BEFORE, FREE, told
from .trackers import LogSettings

CONFIG = "config.json"
MEND = "restore it, or train again under another --name"
LENGTH = ("steps", "epochs")  # may differ when a run goes on, unless the method's steps depend on it
COUNTS = ("resolution", "batch", "epochs", "steps", "accumulate", "log_every", "checkpoint_every", "keep_every")
MOST = 10**12  # of any count: so many steps of a thousandth of a second take 31 years
SEEDS = 2**63 - 1  # the largest that PyTorch takes with both signs
LARGEST = {"learning_rate": 1e30, "weight_decay": 1e6}  # beyond, numbers of the optimizers are no float32
PACKAGES = ("iebench", "torch", "numpy", "scipy", "simplejpeg")


@dataclass(frozen=True)
class TrainSettings:
    """Everything about training but the method and its own settings.

    resolution : side of the images in pixels, at most; the dataset's own where that is smaller, or with None
    batch : objects in a batch
    views : distinct views of each object in a batch, K
    epochs, steps : how long, by passes over the objects or by batches; give one of them
    optimizer : "adam", "adamw" (whose decay is no L2 term) or "sgd"; momentum : of "sgd"
    learning_rate, weight_decay : of the optimizer; the decay stays constant
    schedule : of the learning rate after the warm-up, "constant" or "cosine"
    warmup : share of the steps over which the learning rate rises
    lowest : where it rises from and where a cosine ends, in learning rates
    precision : of the forward pass; "auto" is bf16 on a GPU (fp16 on one without it) and float32 on a CPU
    passes : "apart" for a forward pass a view, so that batch norms see one view at a time, or "together"
    accumulate : pieces in which a rank's share of a batch passes the backbone, one after the other, to save memory
    compile : whether the backbone goes through torch.compile
    log_every, checkpoint_every : in steps
    keep_every : in steps; checkpoints that later ones do not replace, or none
    log, online : where else it is logged, and what is watched
    """

    resolution: int | None = None
    batch: int = 1024
    views: int = 2
    epochs: int | None = None
    steps: int | None = None
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    momentum: float = 0.9
    learning_rate: float = 1e-3
    weight_decay: float = 1e-6
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: float = 0.0
    lowest: float = 0.0
    precision: Literal["auto", "float32", "bf16", "fp16"] = "auto"
    passes: Passes = "apart"
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
        for name in ("momentum", "warmup", "lowest"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidValue(f"{name} must lie in [0, 1], not {getattr(self, name)}")

    def side(self, stored: int) -> int:
        """The side of the images to train on, in pixels, given that of the stored ones."""
        return min(self.resolution or stored, stored)

    @property
    def scheduled(self) -> bool:
        """Whether the learning rate of a step depends on how many there are in all."""
        return self.schedule != "constant" or self.warmup > 0

    def keeps(self, step: int) -> bool:
        """Whether the checkpoint after that many steps is one to keep."""
        return self.keep_every is not None and step % self.keep_every == 0

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
    subset : trained on so many objects only, spread over the classes; None for all
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
        """The configuration of a new run; see `resolve` and `device.pick`.

        data : the dataset's folder; None for the newest under data/

        Raises
        ------
        UnknownName, SettingError : see `resolve`; a seed that is none.
        DatasetError : no dataset there.
        MissingPart : no such device here.
        """
        settings, own = resolve(method, start, assignments)  # first, since it says what was misspelt
        data = data or newest()
        info = DatasetInfo.load(data)
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
        return RunConfig.read(run / CONFIG)

    @staticmethod
    def read(path: Path) -> "RunConfig":
        """Read a run's config.json, which may lie elsewhere by now.

        Raises
        ------
        RunError : there is none, or it is damaged.
        SettingError, UnknownName : settings that this version of iebench has not; names the file.
        """
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            check_text({**table, "data": ""}, path, RunError, MEND)  # the data's path may hold anything
            settings = build(TrainSettings, {**BEFORE, **table.pop("settings")}, str(path))
        except FileNotFoundError:
            raise RunError(
                f"{path.parent} is no run folder (no {path.name}): train with `iebench train`, or name another"
            ) from None
        except UsageError as error:
            raise (_newer(path, table) or error) from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _damaged(path, error) from error
        try:
            return build(RunConfig, {**table, "settings": settings, "data": Path(table["data"])}, path.name)
        except (UsageError, TypeError, KeyError) as error:
            raise (_newer(path, table) or _damaged(path, error)) from error

    def going_on(self, run: Path, assignments: Sequence[str]) -> "RunConfig":
        """The same with what a run that is older than some settings did, unless they are assigned.

        run : its folder; one without a readable config.json changes nothing
        """
        try:
            named = json.loads((run / CONFIG).read_text(encoding="utf-8"))["settings"].keys()
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return self
        named |= {text.partition("=")[0].strip() for text in assignments}
        older: dict[str, Any] = {name: value for name, value in BEFORE.items() if name not in named}
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, **older))

    def differences(self, other: "RunConfig", free: bool = False) -> list[str]:
        """What keeps two configurations from being one run: "batch: 64 there, 32 here", self being there.

        free : also what may differ when a run goes on
        """
        here, there = other.identity(free), self.identity(free)
        return [
            f"{key}: {there.get(key)} there, {here.get(key)} here"
            for key in sorted(here.keys() | there.keys())
            if here.get(key) != there.get(key)
        ]

    def identity(self, whole: bool = False) -> dict[str, Any]:
        """Settings that identify a run, by name, as JSON holds them.

        whole : also what may differ when a run goes on
        """
        settings = dataclasses.asdict(self.settings)
        encoder = {f"encoder.{key}": value for key, value in settings.pop("encoder").items()}
        method = {f"method.{key}": value for key, value in told(self.method_settings).items()}
        scheduled = self.settings.scheduled or find(self.method).method.scheduled
        free = () if whole else FREE if scheduled else (*FREE, *LENGTH)
        chosen = {key: value for key, value in settings.items() if key not in free}
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
    """The refusal of a run that a newer iebench made, whose settings may be unknown here; None for any other."""
    made_by = table["versions"].get("iebench", "") if isinstance(table.get("versions"), dict) else ""
    here = version("iebench")
    if not is_newer(made_by, here):
        return None
    return RunError(f"{path} is of a run of iebench {made_by}, and this is {here}: update iebench")


def run_name(method: str, data: Path, seed: int, setting: str = "") -> str:
    """What a run is called when nobody says otherwise.

    setting : of a sweep, where it has several

    >>> run_name("sie", Path("data/builtin"), 0), run_name("sie", Path("data/builtin"), 0, "wide")
    ('sie-builtin-s0', 'sie-wide-builtin-s0')
    """
    return "-".join([method, *([setting] if setting else []), data.resolve().name, f"s{seed}"])


def resolve(method: str, start: str, assignments: Sequence[str]) -> tuple[TrainSettings, Any]:
    """The training settings and the method's own, from where they start and `--set` assignments.

    method : a method's or a variant's name
    start : a shipped preset's name; the path of a TOML file with tables [train] and [method.NAME], where a variant
        takes its method's table, then what makes it a variant, then its own table; or that of a run's config.json
    assignments : "batch=64", "encoder.width=0.5"; the method's own as "method.covariance=1"

    Raises
    ------
    UnknownName : no such method, preset or setting; suggests near ones.
    SettingError : a value that does not fit, or a config.json of another method.
    RunError : a config.json that is missing or damaged.
    """
    entry = find(method)
    assigned = {text.partition("=")[0].strip() for text in assignments}
    if start.endswith(".json"):
        train, own = _from_run(method, Path(start))
    else:
        train, own = _from_tables(method, start)
        if "views" not in assigned:
            train = dataclasses.replace(train, views=max(train.views, entry.method.fewest_views))
    if "steps" in assigned and "epochs" not in assigned:  # a length replaces the given one, in whichever unit that is
        train = dataclasses.replace(train, epochs=None)
    if "epochs" in assigned and "steps" not in assigned:
        train = dataclasses.replace(train, steps=None)
    prefix = "method."
    to_method = [text.strip().removeprefix(prefix) for text in assignments if text.strip().startswith(prefix)]
    train = override(train, [text for text in assignments if not text.strip().startswith(prefix)])
    return train, override(own, to_method, f"--set (of method {method})")


def _from_tables(method: str, start: str) -> tuple[TrainSettings, Any]:
    """The settings in a preset or a TOML file."""
    entry = find(method)
    source = called("preset", start)
    table = read_toml(locate("preset", start))
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


def _table(given: Any, source: str) -> dict[str, Any]:
    """A table of settings out of a TOML file, seen to be one and to have finite numbers."""
    if not isinstance(given, dict):
        raise SettingError(f"{source} is {given!r} and no table: write it as [{source.rpartition(' ')[2]}]")
    check_finite(given, source)
    return given


def _from_run(method: str, path: Path) -> tuple[TrainSettings, Any]:
    """The settings in a run's config.json."""
    run = RunConfig.read(path)
    if run.method != method:
        raise SettingError(f"{path} is of a run of {run.method}, not {method}: leave out --method, or give a TOML file")
    return run.settings, build(find(method).settings, run.method_settings, str(path))


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a run's numbers."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
