"""The runs of a sweep: methods x settings x seeds from one small file, and the state of each run.

iebench sweep results --dry-run
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from iebench.baselines import method as methods
from iebench.manifests.brief import few
from iebench.manifests.common.files import PARTIAL
from iebench.manifests.common.lock import is_held
from iebench.manifests.common.settings import build, differences, read_toml
from iebench.manifests.common.shipped import called, locate
from iebench.manifests.text.plain_text import check_name

from .. import protocol as protocols
from ..data.pixel_cache import FreeMemory
from ..distributed.device import pick
from ..errors import IebenchError, InvalidValue, RunError, RunExists, SettingError, UnknownName
from ..protocol import DEFAULT
from ..results.reading import load_score
from ..results.score import NAME
from ..training import checks
from ..training.config import CONFIG, LENGTH, SEEDS, RunConfig, run_name
from ..training.log import last as last_line
from ..training.runs import LOCK, WEIGHTS


@dataclass(frozen=True)
class Sweep:
    """The file of a sweep.

    methods : names of methods and variants
    seeds : training seeds of each method
    preset : name of a shipped preset, or path of a TOML file relative to the sweep's file
    set : assignments for every run, as for `iebench train --set`; subset=N stands for its --subset
    settings : name -> further assignments; each name adds one run per method and seed. Without settings there is one
    protocol : protocol of the scores: name of a shipped one, or path of a TOML file relative to the sweep's file
    """

    methods: tuple[str, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    preset: str = "quick"
    set: tuple[str, ...] = ()
    settings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    protocol: str = DEFAULT

    def __post_init__(self) -> None:
        for name in ("methods", "seeds"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise InvalidValue(f"{name} must name at least one, and none twice: {list(values)}")
        if min(self.seeds) < 0:
            raise InvalidValue(f"seeds must not be negative: {min(self.seeds)}")
        if max(self.seeds) > SEEDS:
            raise InvalidValue(f"seeds must be at most {SEEDS}: {max(self.seeds)}")


SUBSET = "subset"  # assignment that is an option of `iebench train`, not one of its settings


class State(Enum):
    """State of a run."""

    NEW = "new"
    UNFINISHED = "unfinished"
    HELD = "being trained by another process"
    TRAINED = "trained, not scored"
    SCORED = "trained and scored"


@dataclass(frozen=True)
class Planned:
    """A planned run of a sweep.

    folder : the run's folder
    config : configuration that the run must have
    setting : name of the sweep's setting, "" if there is only one
    preset, assignments : options for `iebench train`; the number of objects is in `config`
    protocol, protocol_id : option for `iebench score`, and the protocol id of its score
    """

    folder: Path
    config: RunConfig
    setting: str
    preset: str
    assignments: tuple[str, ...]
    protocol: str
    protocol_id: str

    def state(self) -> State:
        """Return the state of the run.

        Raises
        ------
        RunExists : its folder holds other files or another run; names the differences.
        RunError : the run there is damaged.
        """
        if not (self.folder / CONFIG).is_file():
            if is_held(self.folder / LOCK):
                return State.HELD
            if self.folder.is_dir() and not all(path.name.endswith(PARTIAL) for path in self.folder.iterdir()):
                raise RunExists(f"{self.folder} is not empty and holds no run: move it away, or choose another --out")
            return State.NEW
        stored = RunConfig.load(self.folder)
        wrong = [*stored.differences(self.config), *differences(_lengths(stored), _lengths(self.config))]
        if wrong:
            shown = few(sorted(set(wrong)), between="; ")
            raise RunExists(
                f"{self.folder} holds a run with other settings ({shown}): move it away, or choose another --out"
            )
        if is_held(self.folder / LOCK):
            return State.HELD
        if not (self.folder / WEIGHTS).is_file():
            return State.UNFINISHED
        return State.SCORED if self._is_scored() else State.TRAINED

    @property
    def last_step(self) -> int:
        """Last step in the log of an unfinished run."""
        line = last_line(self.folder)
        return int(line["step"]) if line else 0

    @property
    def score(self) -> Path:
        """Path of its score: score.json, unless that file is a score by another protocol."""
        first = self.folder / NAME
        try:
            free = load_score(first).protocol_id == self.protocol_id
        except IebenchError:  # no score, or a damaged one, which the default protocol replaces
            free = self.protocol == DEFAULT
        return first if free else first.with_stem(f"score-{Path(self.protocol).stem}")

    def _is_scored(self) -> bool:
        """True if its score is of this run in its current state, and no smoke run."""
        try:
            score = load_score(self.score)
        except IebenchError:
            return False
        config, trained = self.config, score.run.get("settings", {})
        lengths = all(trained.get(key) == getattr(config.settings, key) for key in LENGTH)
        same = score.dataset.fingerprint == config.fingerprint and score.protocol_id == self.protocol_id
        return lengths and same and score.limit is None


def _lengths(config: RunConfig) -> dict[str, int | None]:
    """Return a run's length, which `RunConfig.differences` leaves out: the rows of a sweep need the same budget."""
    return {key: getattr(config.settings, key) for key in LENGTH}


def load(name: str) -> Sweep:
    """Load a shipped sweep by name, or one from the path of a TOML file.

    Raises
    ------
    UnknownName : no such sweep, setting or method; suggests similar names.
    SettingError, UsageError : an invalid value, or a setting that is not allowed in a run's name.
    """
    path = locate("sweep", name)
    sweep = build(Sweep, read_toml(path), called("sweep", name))
    installed = methods.names()
    for method in sweep.methods:
        if method not in installed:
            raise UnknownName("method", method, installed, f"{name}: ")
    for setting in sweep.settings:
        check_name(setting, f"{name}: setting")
    if sweep.preset.endswith(".json"):
        raise SettingError(f"{name}: preset {sweep.preset} is one run's settings: name a preset or a TOML file")
    return replace(sweep, preset=_beside(path, sweep.preset), protocol=_beside(path, sweep.protocol))


def _beside(path: Path, name: str) -> str:
    """Return a name unchanged, and a path relative to the folder of `path`."""
    return str(path.parent / name) if name.endswith(".toml") else name


def plan(sweep: Sweep, data: Path, out: Path, device: str) -> list[Planned]:
    """Return the runs of a sweep, ordered by seed, so that a complete table exists early.

    Raises
    ------
    UnknownName, SettingError : settings that a method does not accept, or no such protocol.
    DatasetError : the folder holds no dataset.
    MissingPart : the device is not available.
    """
    protocol_id = protocols.load(sweep.protocol).id
    planned = [
        _planned(sweep, data, out, device, method, seed, setting, protocol_id)
        for seed in sweep.seeds
        for setting in (sweep.settings or [""])
        for method in sweep.methods
    ]
    for name, count in Counter(run.folder.name for run in planned).items():
        if count > 1:
            raise SettingError(f"{count} runs of the sweep would be called {name}: rename one of its settings")
    return planned


def _planned(
    sweep: Sweep, data: Path, out: Path, device: str, method: str, seed: int, setting: str, protocol_id: str
) -> Planned:
    subset, assignments = _subset((*sweep.set, *sweep.settings.get(setting, ())))
    config = RunConfig.of(method, sweep.preset, assignments, data, seed, device, subset)
    name = run_name(method, data, seed, setting)
    check_name(name, "the run's name")
    folder = out / name
    return Planned(folder, config, setting, sweep.preset, assignments, sweep.protocol, protocol_id)


def _subset(assignments: Sequence[str]) -> tuple[int | None, tuple[str, ...]]:
    """Split assignments into the number of objects to train on, None for all, and the others."""
    pairs = [(text.partition("="), text) for text in assignments]
    numbers = [value.strip() for (key, _, value), _ in pairs if key.strip() == SUBSET]
    if wrong := [number for number in numbers if not (number.isdecimal() and int(number) >= 2)]:
        raise SettingError(f"{SUBSET}={wrong[0]}: give the number of objects to train on, at least 2")
    return int(numbers[-1]) if numbers else None, tuple(text for (key, _, _), text in pairs if key.strip() != SUBSET)


def check_memory(planned: Sequence[Planned], device: str, at_once: int) -> None:
    """Check that each kind of run fits into the free memory.

    at_once : number of runs that share the memory

    Raises
    ------
    SettingError : one does not fit; names it, with the estimate.
    """
    memory = FreeMemory.of(pick(device), at_once).of_device
    for run in {(run.config.method, run.setting): run for run in planned}.values():
        try:
            checks.check_memory(run.config, memory)
        except SettingError as error:
            raise SettingError(f"{run.folder.name}: {error}") from None


def states(planned: Sequence[Planned]) -> dict[str, State]:
    """Return run name -> state for all runs.

    Raises
    ------
    RunError : some folders hold other runs or are damaged; names all of them.
    """
    run_states, wrong = {}, []
    for run in planned:
        try:
            run_states[run.folder.name] = run.state()
        except RunError as error:
            wrong.append(str(error))
    if wrong:
        raise RunError(few(wrong, 5, "\n", 400))
    return run_states
