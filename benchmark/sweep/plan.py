"""What a sweep trains: methods x settings x seeds out of one small file, and how far each run is.

iebench sweep results --dry-run
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from iebench.baselines import method as methods
from iebench.manifests.brief import few
from iebench.manifests.common.files import PARTIAL
from iebench.manifests.common.lock import is_held
from iebench.manifests.common.settings import build, read_toml
from iebench.manifests.common.shipped import called, locate
from iebench.manifests.text.plain_text import check_name

from .. import protocol as protocols
from ..data.pixel_cache import Room
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
    """A sweep's file.

    methods : names of methods and variants
    seeds : of each
    preset : a shipped one's name, or a TOML file's path from where the sweep's file lies
    set : assignments for every run, as those of `iebench train --set`
    settings : name -> more assignments; each name is one more run of every method and seed. Without any there is one
    protocol : of the scores; a shipped one's name, or a TOML file's path from where the sweep's file lies
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


class State(Enum):
    """How far a run is."""

    NEW = "new"
    UNFINISHED = "unfinished"
    HELD = "being trained by another process"
    TRAINED = "trained, not scored"
    SCORED = "trained and scored"


@dataclass(frozen=True)
class Planned:
    """One run of a sweep.

    folder : where it lies
    config : what it has to be
    setting : which of the sweep's settings, "" where there is one
    preset, assignments : what `iebench train` is called with
    protocol, protocol_id : what `iebench score` is called with, and what its score then has
    """

    folder: Path
    config: RunConfig
    setting: str
    preset: str
    assignments: tuple[str, ...]
    protocol: str
    protocol_id: str

    def state(self) -> State:
        """How far it is.

        Raises
        ------
        RunExists : its folder holds something else; says what differs.
        RunError : the run there is damaged.
        """
        if not (self.folder / CONFIG).is_file():
            if is_held(self.folder / LOCK):
                return State.HELD
            if self.folder.is_dir() and not all(path.name.endswith(PARTIAL) for path in self.folder.iterdir()):
                raise RunExists(f"{self.folder} is not empty and holds no run: move it away, or choose another --out")
            return State.NEW
        there = RunConfig.load(self.folder)
        differences = [*there.differences(self.config), *_lengths(there, self.config)]
        if differences:
            shown = few(sorted(set(differences)), between="; ")
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
        """The last step in the log of an unfinished run."""
        line = last_line(self.folder)
        return int(line["step"]) if line else 0

    @property
    def score(self) -> Path:
        """Path of its score, beside those of other protocols: score.json, unless that is another protocol's."""
        first = self.folder / NAME
        try:
            free = load_score(first).protocol_id == self.protocol_id
        except IebenchError:  # none, or a damaged one, in whose place the default protocol's belongs
            free = self.protocol == DEFAULT
        return first if free else first.with_stem(f"score-{Path(self.protocol).stem}")

    def _is_scored(self) -> bool:
        """Whether its score is one of this run as it is now, and no smoke run's."""
        try:
            score = load_score(self.score)
        except IebenchError:
            return False
        here, trained = self.config, score.run.get("settings", {})
        lengths = all(trained.get(key) == getattr(here.settings, key) for key in LENGTH)
        same = score.dataset.fingerprint == here.fingerprint and score.protocol_id == self.protocol_id
        return lengths and same and score.limit is None


def _lengths(there: RunConfig, here: RunConfig) -> Iterator[str]:
    """What differs in length, which `RunConfig.differences` lets pass where a run may go on: rows need one budget."""
    for key in LENGTH:
        one, other = getattr(there.settings, key), getattr(here.settings, key)
        if one != other:
            yield f"{key}: {one} there, {other} here"


def load(name: str) -> Sweep:
    """A shipped sweep by name, or one from a TOML file's path.

    Raises
    ------
    UnknownName : no such sweep, setting or method; suggests near ones.
    SettingError, UsageError : a value that does not fit, a setting that cannot be part of a run's name.
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
    """What a file calls by name, or where what it calls by path lies."""
    return str(path.parent / name) if name.endswith(".toml") else name


def plan(sweep: Sweep, data: Path, out: Path, device: str) -> list[Planned]:
    """The runs of a sweep, all of the first seed first, so that a whole table is there early.

    Raises
    ------
    UnknownName, SettingError : settings that a method cannot take, or no such protocol.
    DatasetError : no dataset there.
    MissingPart : no such device here.
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
    assignments = (*sweep.set, *sweep.settings.get(setting, ()))
    config = RunConfig.of(method, sweep.preset, assignments, data, seed, device)
    name = run_name(method, data, seed, setting)
    check_name(name, "the run's name")
    folder = out / name
    return Planned(folder, config, setting, sweep.preset, assignments, sweep.protocol, protocol_id)


def check_memory(planned: Sequence[Planned], device: str, at_once: int) -> None:
    """See that each kind of run fits into the memory that is free here.

    at_once : runs that share it

    Raises
    ------
    SettingError : one does not; names it, with the estimate.
    """
    room = Room.of(pick(device), at_once).of_device
    for run in {(run.config.method, run.setting): run for run in planned}.values():
        try:
            checks.check_memory(run.config, room)
        except SettingError as error:
            raise SettingError(f"{run.folder.name}: {error}") from None


def states(planned: Sequence[Planned]) -> dict[str, State]:
    """Run name -> state, of all of them.

    Raises
    ------
    RunError : some folders hold something else or are damaged; names them all.
    """
    found, wrong = {}, []
    for run in planned:
        try:
            found[run.folder.name] = run.state()
        except RunError as error:
            wrong.append(str(error))
    if wrong:
        raise RunError(few(wrong, 5, "\n", 400))
    return found
