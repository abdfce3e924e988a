"""Pages that name parts of iebench: every command, option, setting, metric, method and shipped file in them exists."""

import re
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import pairwise

import click
import pytest
from paths import ROOT

from iebench.baselines import registry
from iebench.baselines.networks.backbone import names as backbones
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.training.config import TrainSettings
from iebench.manifests.common.shipped import in_folders, shipped
from iebench.manifests.shell.cli import iebench
from iebench.manifests.shell.verbs import VERBS

PAGES = ("reference/glossary.md", "guides/from-sie.md", "guides/faq.md")
CODE = re.compile(r"`([^`]+)`")
PARSERS = {  # options of the scripts' parsers, read at the commits that the page names
    "SIE: main.py": (
        "arch equi experience hypernetwork mlp predictor pred-size-in predictor-relu predictor-type bias-pred "
        "bias-hypernet simclr-temp ec-weight tf-num-layers epochs batch-size base-lr wd warmup-start warmup-length "
        "dataset-root images-file labels-file resolution exp-dir root-log-dir evaluate eval-freq log-freq-time "
        "sim-coeff equi-factor std-coeff cov-coeff num-workers no-amp port no-activation-checkpoint base-frame "
        "log_freq_step"
    ),
    "SIE: data/main.py": "models-path output-dir objects image-size views-per-object seed",
    "SIE: eval_classification.py": (
        "arch device experience deep-end equi-dims inv-part dataset-root weights-file supervised epochs batch-size lr "
        "wd exp-dir root-log-dir log-freq-time num-workers mlp resolution"
    ),
    "SIE: eval_MRR_Hk.py": "equi-dims-reprs projector-mlp exp-dir no-norm dataset-root",
    "seq-jepa: main_transformed_views.py": (
        "seed method distributed dataset img-size n-channels data-root latent-type optimizer lr scheduler warmup "
        "initial-lr weight-decay epochs batch-size num-workers act-cond learn-act-emb act-latentdim act-projdim ema "
        "ema-decay backbone num-heads num-enc-layers pred-hidden cifar-resnet no-blur seq-len temp equi-factor "
        "inv-coeff var-coeff cov-coeff alpha is-eval output-folder load-path wandb offline-wandb save-freq run-id"
    ),
}


@cache
def options(verb: str) -> frozenset[str]:
    """Options of a verb, as they are typed."""
    command = iebench.get_command(click.Context(iebench), verb)
    assert command is not None
    return frozenset(name for option in command.params for name in (*option.opts, *option.secondary_opts)) | {"--help"}


@cache
def names() -> dict[str, set[str]]:
    """Names that a value of each option may have, and of what is named alone."""
    return {
        "--method": set(registry.names()),
        "--preset": set(shipped("preset")),
        "--protocol": set(shipped("protocol")),
        "--recipe": {*shipped("recipe"), *in_folders("recipe")},
        "metric": set(METRICS),
        "backbone": set(backbones()),
    }


def settings(kind: type, prefix: str = "") -> set[str]:
    """Keys of a dataclass of settings, with those of the dataclasses in it."""
    keys = {f"{prefix}{field.name}" for field in fields(kind)}
    inner = [(field.name, field.default_factory) for field in fields(kind) if is_dataclass(field.default_factory)]
    return keys.union(*(settings(part, f"{prefix}{name}.") for name, part in inner))


@cache
def keys(method: str = "") -> set[str]:
    """Keys of `--set` for a method, or for any."""
    methods = [method] if method else registry.names()
    return settings(TrainSettings).union(*(settings(registry.find(name).settings, "method.") for name in methods))


def faults(text: str) -> list[str]:
    """Parts of a line of code that iebench does not have; a line is a command, an option or a name."""
    words = text.partition(" #")[0].split()
    if words[0] != "iebench":
        if words[0].startswith("--"):
            every = frozenset().union(*map(options, VERBS))
            return values(words, every)
        return [] if any(words[0] in known for known in names().values()) else [words[0]]
    if len(words) < 2 or words[1] not in VERBS:
        return words[1:2] or ["iebench"]
    return values(words[2:], options(words[1]))


def values(words: list[str], known: frozenset[str]) -> list[str]:
    """Options that are not among the known ones, and values of theirs that do not exist."""
    pairs = [*pairwise([*words, ""])]
    method = dict(pairs).get("--method", "")
    wrong = [word for word in words if word.startswith("--") and word not in known]
    for option, value in pairs:
        if option == "--set" and value.partition("=")[0] not in keys(method if method in names()["--method"] else ""):
            wrong.append(value)
        if option in names() and value and not value.endswith((".toml", "NAME")) and value not in names()[option]:
            wrong.append(value)
    return wrong


def rows(text: str) -> list[list[str]]:
    """Cells of the rows of a page's tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not set(line) <= set("|-: ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(page: str) -> list[str]:
    """Lines of code of a page that are commands, and all code in the last column of the glossary."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    if page.endswith("glossary.md"):
        return [code for row in rows(text)[1:] for code in CODE.findall(row[2])]
    lines = [line for block in text.split("```")[1::2] for line in block.splitlines()]
    spans = CODE.findall("".join(text.split("```")[::2]))
    middle = [code for row in rows(text) if len(row) == 3 for code in CODE.findall(row[1]) if code.startswith("--")]
    return [line for line in (*lines, *spans) if line.startswith("iebench ")] + middle


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_a_page_names_exists(page):
    lines = named(page)
    assert len(lines) > 10
    assert {line: wrong for line in lines if (wrong := faults(line))} == {}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("iebench rendr", ["rendr"]),
        ("iebench score --recipe 3diebench", ["--recipe"]),
        ("iebench train --method seen", ["seen"]),
        ("iebench train --method vicreg --set method.temperature=1", ["method.temperature=1"]),
        ("--set encoder.depth=2", ["encoder.depth=2"]),
        ("--protocol strictest", ["strictest"]),
        ("rotation_r2", ["rotation_r2"]),
    ],
)
def test_what_does_not_exist_is_named(line, wrong):
    assert faults(line) == wrong


def test_the_glossary_has_each_term_once_and_says_where_it_is():
    table = rows((ROOT / "docs" / PAGES[0]).read_text("utf-8"))[1:]
    terms = [row[0] for row in table]
    assert len({*terms}) == len(terms) and all(len(row) == 3 and CODE.search(row[2]) for row in table)


@pytest.mark.parametrize("script", PARSERS)
def test_every_flag_of_a_released_script_has_a_row(script):
    text = (ROOT / "docs" / PAGES[1]).read_text("utf-8").partition(f"## Flags of {script}")[2].partition("\n## ")[0]
    flags = [code for row in rows(text) for code in CODE.findall(row[0])]
    assert sorted(flags) == sorted(f"--{flag}" for flag in PARSERS[script].split())
