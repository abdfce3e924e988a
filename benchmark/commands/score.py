"""`iebench score`: measure the invariance and equivariance of a representation."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from iebench.manifests.common.progress import say
from iebench.manifests.installed.plugins import points
from iebench.manifests.shell.answers import answers, print_json
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import device_option, protocol_option, run_option
from iebench.manifests.shell.values import DATASET, Named, encoders

from ..results.reading import load_score

if TYPE_CHECKING:
    from ..protocol import Protocol
    from ..results.score import Score

TRUST = (
    "Allow --encoder to run code of a file or a hub: TorchScript, and hf: with trust_remote_code=true. "
    "PACKAGE.MODULE:FACTORY always runs, as your own module; the other kinds run no code of a file."
)
UNFIT = re.compile(r"[^\w.-]+")  # characters that are replaced in the name of a file
WITH_RUNS = ("mean", "concat")  # wrappers whose name goes on with those of runs


def _schemes() -> list[str]:
    """Return beginnings of values of --encoder: folders of runs, and kinds of encoders, without importing torch."""
    return [*encoders(), *(f"{name}:" for name in points("iebench.encoders"))]


def _wrappers() -> list[str]:
    """Return beginnings of values of --wrap."""
    return [f"{name}:" if name in WITH_RUNS else name for name in points("iebench.wrappers")]


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench score",
        "iebench score --run runs/sie-builtin-s0 --data data/other --out other.json",
        "iebench score --run runs/sie-mini-s0 --ask data/mini-turn",
        "iebench score --encoder my_package.models:resnet --encoder-arg depth=50 --data data/builtin --limit 64",
    ),
)
@run_option
@click.option(
    "--encoder", "spec", type=Named(_schemes, files=True), metavar="SPEC",
    help="PACKAGE.MODULE:FACTORY, timm:NAME, torchvision:NAME, open_clip:NAME, hf:NAME|FOLDER, a TorchScript, "
    "torch.export or ONNX file, a ResNet's weights (safetensors), or a folder of `iebench convert`; see "
    "docs/guides/your-encoder.md.",
)  # fmt: skip
@click.option(
    "--encoder-arg",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="Keyword argument of the encoder's factory or loader. Repeatable.",
)
@click.option("--trust", is_flag=True, help=TRUST)
@click.option(
    "--features", "table", type=click.Path(path_type=Path), metavar="FILE.parquet",
    help="Features that you computed, one row per view; no code runs.",
)  # fmt: skip
@click.option(
    "--data", type=DATASET, help="Folder of the dataset.",
    show_default="the run's; else the newest under data/",
)  # fmt: skip
@click.option(
    "--ask", type=DATASET, metavar="FOLDER",
    help="Another dataset to measure the probes on, which are trained on --data: out of distribution.",
)  # fmt: skip
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Score file to write.",
    show_default="FOLDER/score.json, or runs/NAME/score.json; ask-DATASET.json with --ask",
)
@click.option(
    "--resolution", type=click.IntRange(8), metavar="PIXELS", help="Side in pixels of the encoder's input images.",
    show_default="the encoder's own; else the dataset's",
)  # fmt: skip
@protocol_option
@click.option(
    "--precision",
    type=click.Choice(["float32", "bf16"]),
    default="float32",
    help="Number format in which the encoder runs.",
)
@click.option(
    "--suite", type=click.Choice(["default", "full"]), default="default",
    help="Also describe the representation's geometry, uncertainty and maps (full); no leaderboard ranks this.",
)  # fmt: skip
@click.option(
    "--wrap", type=Named(_wrappers), metavar="NAME[:REST]",
    help="Put a wrapper in front of the encoder and say what it changes: c4, c8, frames, canonical-c4, canonical-c8, "
    "mean:RUN,..., concat:RUN,...; see docs/guides/your-encoder.md.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, help="Seed of the probes.", metavar="N")
@device_option
@click.option(
    "--log-samples", "log", type=click.Path(path_type=Path), metavar="FILE.parquet",
    help="Also write every prediction of the probes, one row each; see docs/guides/your-encoder.md.",
)  # fmt: skip
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="Smoke run: at most this many objects per split, with 8 views each.",
)
@answers(json=True, dry_run=True)
def score(
    folder: Path | None, spec: str | None, assignments: tuple[str, ...], trust: bool, table: Path | None,
    data: Path | None, ask: Path | None, out: Path | None, resolution: int | None, rules: str,
    precision: Literal["float32", "bf16"], suite: Literal["default", "full"], wrap: str | None, seed: int,
    device: str, log: Path | None, limit: int | None, as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Score an encoder for invariance and equivariance.

    Class, rotation and colour are predicted from its features; its predictor is scored too, if it has one. The encoder
    is frozen. Every view is encoded once into FOLDER/features, and a stopped run continues there. Probes are trained on
    the train split and measured on val, with 95 % intervals over val objects and the floor of a constant prediction.

    Without --out, a finished score is replaced only by a full score of the same protocol, dataset and encoder. With
    --out, an existing file is always replaced.
    """
    from ..distributed import device as devices  # these import torch; here, so that --help is quick
    from ..distributed.ranks import joined
    from ..encoders import registry
    from ..forecasts.score import forecast
    from ..protocol import load
    from ..results.of_run import remember
    from ..results.samples import opened
    from ..results.score import NAME
    from ..scoring.score import encode_splits
    from ..scoring.score import score as score_encoder
    from ..scoring.subject import of_encoder, of_features
    from ..scoring.wrapping import Alone, wrapped
    from ..training import runs

    _check((folder, spec, table), ask, suite, wrap, log)
    file = NAME if ask is None else f"ask-{ask.resolve().name}.json"
    alone = None  # the encoder without its wrapper
    with joined(device) as ranks:
        with ranks.agreed():
            protocol, where = load(rules), ranks.device(devices.pick(device).type)
            if table is not None:
                subject = of_features(table, data)
            else:
                loaded = registry.load(
                    f"run:{folder or runs.newest()}" if spec is None else spec, registry.arguments(assignments), trust
                )
                subject = of_encoder(loaded, data, where, resolution, precision)
                if wrap is not None:
                    alone = Alone(subject, subject.home / file, where, protocol, seed, limit, ask)
                    subject = wrapped(loaded, wrap, subject, where, precision, trust)
            subject.check_memory(protocol, limit, where)
            home = subject.home / file
            if out is None:
                weights = subject.encoder.weights if subject.shared else None
                _keep(home, protocol, ask or subject.data, limit, weights)
        if dry_run:
            if ranks.first:
                forecast(subject, protocol, where, limit, ask, out or home, suite).show(as_json)
            return
        if ranks.first:
            for line in subject.introduction():
                say(line)
        chosen = subject.encoder, subject.data, subject.features, where, protocol, seed, limit, ranks
        if alone is not None:
            alone.encode(ranks)
        if not ranks.first:
            encode_splits(*chosen, ask)
            return
        with opened(log) as samples:
            result = score_encoder(*chosen, samples, suite, ask)
        before = None if alone is None else alone.score()
    out = out or home
    _answer(result, before, out, as_json, suite == "full", log)
    if spec is None and table is None and wrap is None:
        remember(subject.home, out)


def _check(
    sources: tuple[object, object, object], ask: Path | None, suite: str, wrap: str | None, log: Path | None
) -> None:
    """Refuse options that do not go together. sources : --run, --encoder, --features"""
    if wrap is not None and sources[2] is not None:
        raise click.UsageError("--wrap needs an encoder, since features are of pictures as they are: score the model")
    if log is not None and log.suffix != ".parquet":
        raise click.UsageError(f"--log-samples writes Parquet: name the file {log.with_suffix('.parquet')}")
    if sum(source is not None for source in sources) > 1:
        raise click.UsageError("give one of --run, --encoder and --features")
    if ask is not None and (sources[2] is not None or suite == "full"):
        raise click.UsageError("--ask needs an encoder, since features are of one dataset, and the default suite")


def _answer(
    result: "Score", before: "Score | None", path: Path, as_json: bool, described_too: bool, log: Path | None
) -> None:
    """Write a score and print it; before : that of the encoder without its wrapper, if it has one."""
    from ..scoring.wrapping import change_table, changes, with_changes

    result = result if before is None else with_changes(before, result)
    result.save(path)
    if as_json:
        moved = {} if before is None else {"changes": [change.as_dict() for change in changes(before, result)]}
        print_json({"file": path, "name": result.name, **_values(result), **moved})
        return
    _print(path, result, described_too, log)
    if before is not None:
        click.echo(f"\n{change_table(before, result)}")


def _values(result: "Score") -> dict[str, Any]:
    """Return dataset, protocol and values of a score for JSON: part -> metric -> value, interval and floor."""
    parts = {
        part: {
            name: {key: getattr(entry, key) for key in ("value", "low", "high", "floor")} for name, entry in row.items()
        }
        for part, row in result.values.items()
    }
    return {
        "dataset": result.dataset.name, "protocol": result.protocol.name, "limit": result.limit, "values": parts,
        "notes": result.notes,
    }  # fmt: skip


def _print(path: Path, result: "Score", described_too: bool, log: Path | None) -> None:
    """Print a score as a table, and the files that were written."""
    from iebench.manifests.shell.tables import room

    from ..ranking.board import Board
    from ..ranking.described import described
    from ..ranking.tables import screen

    board = Board.of({path: result}, parts=True)
    click.echo(screen(board, room()))
    if described_too:
        click.echo(f"\n{described(board)}\n(the page of `iebench report` explains each of them)")
    if log is not None:
        click.echo(f"{log}: written, every prediction of the probes")
    click.echo(f"{path}: written; compare with `iebench leaderboard`")


def _keep(path: Path, protocol: "Protocol", data: Path, limit: int | None, weights: str | None) -> None:
    """Refuse to replace a finished score by one of another kind; smoke runs and damaged files may be replaced.

    weights : SHA-256 that the existing score must have; None for any
    """
    from iebench.manifests.dataset import DatasetInfo

    from ..errors import ScoreFileError, UsageError

    try:
        stored = load_score(path)
    except ScoreFileError:
        return
    if stored.limit is not None:
        return
    name, fingerprint = data.resolve().name, DatasetInfo.load(data).fingerprint
    if stored.protocol_id != protocol.id:
        old, new = (f"protocol {p.name} ({p.id})" for p in (stored.protocol, protocol))
        tag = protocol.name if protocol.name != stored.protocol.name else protocol.id
    elif stored.dataset.fingerprint != fingerprint:
        old, new = f"dataset {stored.dataset.name} ({stored.dataset.fingerprint[:12]})", f"{name} ({fingerprint[:12]})"
        tag = name if name != stored.dataset.name else fingerprint[:12]
    elif limit is not None:
        old, new, tag = "all objects", f"--limit {limit}", f"limit{limit}"
    elif weights is not None and weights != stored.encoder.weights:
        old, new, tag = f"weights {stored.encoder.weights[:12]}", weights[:12], weights[:12]
    else:
        return
    other = path.with_stem(f"{path.stem}-{UNFIT.sub('-', tag)}")
    raise UsageError(f"{path} is a score of {old}, not of {new}: give --out, as in --out {other}, or delete it")
