"""Settings: presets, --set, the settings kept in a run's folder, and the identity of two runs."""

import dataclasses
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from iebench.baselines import variants
from iebench.baselines.method import find, names
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.benchmark.errors import RunError, SettingError, UnknownName
from iebench.benchmark.training.config import SEEDS, RunConfig, TrainSettings, resolve, versions
from iebench.benchmark.training.run_settings import METHODS_BEFORE
from iebench.manifests.common.shipped import shipped
from iebench.manifests.errors import IebenchError


def config(**changes: Any) -> RunConfig:
    settings, own = resolve("sie", "quick", [])
    base = RunConfig("sie", dataclasses.asdict(own), settings, Path("/d"), "f" * 64, 32, 0, "cpu", versions())
    return replace(base, **changes)


def test_the_sie_preset_is_the_papers() -> None:
    train, own = resolve("sie", "sie-paper", [])
    assert (train.batch, train.epochs, train.views, train.resolution) == (1024, 2000, 2, 256)
    assert (train.optimizer, train.learning_rate, train.weight_decay, train.scheduled) == ("adam", 1e-3, 1e-6, False)
    assert train.encoder == EncoderSettings(1.0, "imagenet", "resnet18-vicreg")
    assert own == type(own)()  # the defaults equal the paper's settings
    assert resolve("vicreg", "sie-paper", [])[1] == type(resolve("vicreg", "sie-paper", [])[1])()
    assert train.total_steps(41_920) == 81_875


def test_the_seqjepa_preset_is_the_papers() -> None:
    train = resolve("simclr", "seqjepa-paper", [])[0]
    assert (train.batch, train.epochs, train.resolution, train.learning_rate, train.weight_decay) == (
        512, 1000, 128, 1e-3, 0.0,
    )  # fmt: skip
    assert (train.optimizer, train.schedule, train.warmup) == ("adam", "constant", 0.0)
    own = {method: resolve(method, "seqjepa-paper", [])[1] for method in names()}
    assert (own["simclr"].temperature, own["sen"].temperature, own["equimod"].temperature) == (0.5, 0.5, 0.1)
    assert own["equimod"].projector == (1024, 1024, 128) and own["vicreg-traj"].trajectory == 0.01
    assert own["equimod"].equivariance == 1.0 and own["equimod"].predictor == own["sen"].predictor == "mlp"
    for method, factor in (("sie", 4.5), ("vicreg", None), ("vicreg-traj", None)):
        weights = (own[method].invariance, own[method].variance, own[method].covariance)
        assert weights == (10.0, 10.0, 1.0) and getattr(own[method], "equivariance", None) == factor
    assert own["sie"].prediction_variance == 10.0 and own["sie"].projector == (1024, 1024, 1024)
    assert (own["byol"].projector, own["byol"].hidden) == ((2048, 2048, 2048), 512)
    assert (own["conditional-byol"].projector, own["conditional-byol"].hidden) == ((2048, 128), 2048)
    ending = {method for method in names() if getattr(own[method], "projector_norm", False)} - set(variants.load())
    assert ending == {"simclr", "sen", "equimod", "byol", "conditional-byol"}


@pytest.mark.parametrize(
    ("method", "train", "own"),
    [
        ("essl", (32, 512, 2, 800, 0.12, 5e-4), {"temperature": 0.5, "turn": 0.4, "projector": (2048, 2048)}),
        ("stl", (96, 256, 2, 200, 0.03, 5e-4), {"temperature": 0.2, "sharing": 0.1, "projector": (512, 128)}),
        ("ivne", (224, 64, 6, 800, 0.1, 1e-4), {"entropy": 1.0, "projector": (2048, 2048, 256)}),
        ("obow", (160, 256, 2, 200, 0.03, 1e-4), {"words": 8192, "momentum": 0.99, "levels": 2, "patches": 5}),
        ("invariance-propagation", (224, 128, 2, 800, 0.03, 5e-4), {"temperature": 0.07, "ramp": 30}),
        ("barlow", (224, 2048, 2, 1000, 1.6, 1e-6), {"projector": (8192, 8192, 8192)}),
    ],
)
def test_presets_of_methods_are_those_of_their_code(method: str, train: tuple[float, ...], own: dict[str, Any]) -> None:
    preset, settings = resolve(method, f"{method}-paper", [])
    numbers = (preset.resolution, preset.batch, preset.views, preset.epochs, preset.learning_rate, preset.weight_decay)
    optimizer = "lars" if method == "barlow" else "sgd"
    assert numbers == train and (preset.optimizer, preset.schedule, preset.momentum) == (optimizer, "cosine", 0.9)
    assert {name: getattr(settings, name) for name in own} == own


@pytest.mark.parametrize(
    ("method", "train", "encoder", "own"),
    [
        ("la-sie", (256, 128, 3, 200, 1e-3, 1e-6), "resnet18-vicreg", {"generators": 8, "composition": 1.0}),
        ("equin", (64, 100, 2, 50, 1e-4, 0.01), "resnet18", {"frame": "world", "temperature": 1.0}),
        ("dino-like", (224, 512, 2, 100, 1e-3, 0.04), "vit-small", {"prototypes": 65536, "momentum": 0.996}),
    ],
)
def test_presets_with_adam_are_those_of_their_code(
    method: str, train: tuple[float, ...], encoder: str, own: dict[str, Any]
) -> None:
    preset, settings = resolve(method, f"{method}-paper", [])
    numbers = (preset.resolution, preset.batch, preset.views, preset.epochs, preset.learning_rate, preset.weight_decay)
    assert (numbers, preset.encoder.backbone) == (train, encoder)
    assert preset.optimizer == ("adam" if method == "la-sie" else "adamw")
    assert {name: getattr(settings, name) for name in own} == own


def test_the_weights_of_la_sie_are_means_over_three_views_and_two_pairs() -> None:
    own, defaults = resolve("la-sie", "la-sie-paper", [])[1], find("la-sie").defaults()
    for name, terms in (("invariance", 2), ("equivariance", 2), ("inverse", 2), ("variance", 3), ("covariance", 3)):
        assert getattr(own, name) * terms == pytest.approx(getattr(defaults, name), rel=1e-5)


def test_the_preset_of_iwm_is_a_vit_b_with_the_predictor_of_the_equivariant_model() -> None:
    train, own = resolve("iwm", "iwm-paper", [])
    assert (train.resolution, train.epochs, own.layers, own.width, own.conditioning) == (224, 300, 18, 384, "feature")
    with torch.device("meta"):
        encoder = Encoder(train.encoder)
    assert encoder.dim == 768 and encoder.backbone.channels == 12 * (768,)
    without_classes_and_positions = 86_567_656 - 768 * 1000 - 1000 - 197 * 768
    assert sum(p.numel() for p in encoder.parameters()) == without_classes_and_positions  # of ViT-B/16


def test_the_preset_of_contextssl_is_that_of_its_code() -> None:
    train, own = resolve("contextssl", "contextssl-paper", [])
    assert (train.batch, train.epochs, train.resolution, train.views) == (512, 1000, 128, 2)
    assert (train.optimizer, train.schedule, train.learning_rate, train.weight_decay) == ("adam", "cosine", 1e-4, 1e-3)
    assert train.warmup * train.epochs == 10 and own == type(own)()


def test_the_preset_of_seq_jepa_is_the_papers() -> None:
    train, own = resolve("seq-jepa", "seq-jepa-paper", [])
    assert (train.batch, train.epochs, train.resolution, train.views) == (512, 1000, 128, 4)
    assert (train.optimizer, train.schedule, train.learning_rate, train.weight_decay) == ("adamw", "cosine", 4e-4, 1e-3)
    assert train.warmup * train.epochs == 20 and train.lowest * train.learning_rate == pytest.approx(1e-5)
    assert own == type(own)()


@pytest.mark.parametrize("preset", ["sie-paper", "seqjepa-paper", "seq-jepa-paper", "fair"])
def test_presets_of_papers_take_a_pass_a_view_as_their_code(preset: str) -> None:
    assert resolve("sie", preset, [])[0].passes == "apart"


def test_older_runs_name_no_setting_of_a_method_that_came_later() -> None:
    entry = find("equimod")
    now = {**asdict(entry.settings()), "action": "rotation"}
    older = {name: value for name, value in now.items() if name not in METHODS_BEFORE}
    assert len(now) - len(older) == 2
    older_run, newer_run = (config(method="equimod", method_settings=own) for own in (older, now))
    assert older_run.differences(newer_run) == newer_run.differences(older_run) == []
    other = config(method="equimod", method_settings={**now, "projector_norm": True})
    assert older_run.differences(other) == ["method.projector_norm: None there, True here"]
    for name, before in METHODS_BEFORE.items():
        for method in names():
            value = asdict(find(method).settings()).get(name, before)
            assert (list(value) if isinstance(value, tuple) else value) == before, (method, name)


def test_the_fair_preset_has_one_projector_and_one_temperature() -> None:
    for method in names():
        train, own = resolve(method, "fair", [])
        assert replace(train, views=2) == resolve("sie", "fair", [])[0]
        width = 1024 if getattr(own, "equivariant", 1.0) < 1 else 2048
        assert set(getattr(own, "projector", [width])) == {width}, method
        assert (train.optimizer, train.learning_rate, train.weight_decay) == (
            "adam",
            1e-3,
            1e-6,
        ) and not train.scheduled
        assert getattr(own, "momentum", 0.996) == 0.996 and getattr(own, "trajectory", 0.01) == 0.01
        assert getattr(own, "temperature", 0.1) == 0.1
        assert getattr(own, "variance", 10.0) == 10.0 and getattr(own, "covariance", 1.0) == 1.0
    assert (resolve("equimod", "fair", [])[1].equivariance, resolve("sie", "fair", [])[1].equivariance) == (1.0, 4.5)


@pytest.mark.parametrize("preset", shipped("preset"))
@pytest.mark.parametrize("method", names())
def test_every_preset_serves_every_method(preset: str, method: str) -> None:
    train, _ = resolve(method, preset, [])
    assert train.total_steps(100) > 0


def test_set_changes_train_encoder_and_method_settings() -> None:
    train, own = resolve(
        "sie", "quick", ["batch=7", "encoder.width=0.25", "method.projector=[8, 4]", "method.covariance=2"]
    )
    assert (train.batch, train.encoder.width, own.projector, own.covariance) == (7, 0.25, (8, 4), 2.0)


def test_a_variant_takes_its_methods_table_then_its_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        "[train]\nsteps = 3\n[method.sie]\ncovariance = 5\nequivariance = 7\n[method.sie-deep]\nvariance = 2\n"
    )
    own = resolve("sie-deep", str(path), ["method.invariance=3"])[1]
    assert (own.predictor, own.covariance, own.variance, own.invariance) == ("deep", 5.0, 2.0, 3.0)
    assert resolve("sie-only-equi", str(path), [])[1].equivariance == 10.0  # the settings that define the variant stay
    assert resolve("sie", str(path), [])[1].predictor == "linear"


def test_a_length_replaces_the_presets_in_whichever_unit() -> None:
    assert resolve("sie", "sie-paper", ["steps=7"])[0].total_steps(100) == 7
    assert resolve("sie", "quick", ["epochs=3", "batch=50"])[0].total_steps(101) == 7
    with pytest.raises(SettingError, match="either epochs or steps"):
        resolve("sie", "quick", ["epochs=3", "steps=7"])[0].total_steps(100)


def test_images_are_shrunk_to_the_resolution_and_never_enlarged() -> None:
    small, own = TrainSettings(resolution=64), TrainSettings()
    assert [small.side(256), small.side(64), small.side(32), own.side(256)] == [64, 64, 32, 256]


def test_a_run_may_be_done_again_from_its_config(tmp_path: Path) -> None:
    first = config(settings=replace(config().settings, batch=9))
    first.save(tmp_path)
    train, own = resolve("sie", str(tmp_path / "config.json"), [])
    assert train == first.settings and dataclasses.asdict(own) == first.method_settings
    assert resolve("sie", str(tmp_path / "config.json"), ["batch=7"])[0].batch == 7
    with pytest.raises(SettingError, match="is of a run of sie, not vicreg: leave out --method"):
        resolve("vicreg", str(tmp_path / "config.json"), [])
    with pytest.raises(RunError, match=r"is not a run folder \(no gone.json\)"):
        resolve("sie", str(tmp_path / "gone.json"), [])


def test_runs_from_before_a_setting_existed_load_as_they_were_trained(tmp_path: Path) -> None:
    config().save(tmp_path)
    table = json.loads((tmp_path / "config.json").read_text())
    first = {"resolution", "batch", "views", "epochs", "steps", "learning_rate", "weight_decay", "precision",
             "log_every", "checkpoint_every", "encoder"}  # fmt: skip
    table["settings"] = {key: value for key, value in table["settings"].items() if key in first}
    (tmp_path / "config.json").write_text(json.dumps(table))
    assert RunConfig.load(tmp_path).differences(config()) == ["passes: together there, apart here"]  # else by default


def test_a_preset_may_be_a_users_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[train]\nsteps = 3\n[method.sie]\ncovariance = 5\n")
    train, own = resolve("sie", str(path), [])
    assert (train.steps, train.batch, own.covariance) == (3, 1024, 5.0)


def test_a_preset_may_extend_another(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "quick"\n[train]\nsteps = 3\nencoder = { width = 0.25 }\n[method.sie]\ncovariance = 5\n')
    (train, own), (quick, base) = resolve("sie", str(path), []), resolve("sie", "quick", [])
    assert train == replace(quick, steps=3, encoder=replace(quick.encoder, width=0.25))
    assert own == replace(base, covariance=5.0)
    assert resolve("vicreg", str(path), [])[1] == resolve("vicreg", "quick", [])[1]
    path.write_text(f'extends = "{path.name}"\n')
    with pytest.raises(SettingError, match=r"mine\.toml: extends itself"):
        resolve("sie", str(path), [])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("siee", "quick", []), UnknownName, "unknown method 'siee'; did you mean sie"),
        (("sie", "quik", []), UnknownName, "unknown preset 'quik'; did you mean quick"),
        (("sie", "gone.toml", []), SettingError, "no such file: gone.toml"),
        (("sie", "quick", ["bach=3"]), UnknownName, "--set bach: unknown setting 'bach'; did you mean batch"),
        (("sie", "quick", ["method.covarance=3"]), UnknownName, r"method sie.*did you mean (pro|co)"),
        (("random", "quick", ["method.covariance=3"]), UnknownName, "unknown setting 'covariance'"),
        (("sie", "quick", ["batch=big"]), SettingError, "'big' is not int"),
        (("sie", "quick", ["batch"]), SettingError, "write key=value"),
        (("sie", "quick", ["batch=1"]), SettingError, "batch and views must be at least 2"),
        (("sie", "quick", ["steps=0"]), SettingError, "steps must be at least 1, not 0"),
        (("sie", "quick", ["encoder.stem=tiny"]), UnknownName, "unknown value 'tiny'"),
        (("sie", "quick", ["encoder.widht=1"]), UnknownName, "unknown setting 'widht'; did you mean width"),
        (("sie", "quick", ["online.probs=true"]), UnknownName, "unknown setting 'probs'; did you mean probes"),
        (("sie", "quick", ["online.collapse=2"]), SettingError, r"collapse must lie in \[0, 1\), not 2.0"),
        (("sie", "quick", ["log.wanb=x"]), UnknownName, "unknown setting 'wanb'; did you mean wandb"),
        (("sie", "quick", ["encodr.width=1"]), UnknownName, "unknown setting 'encodr'; did you mean encoder"),
        (("sie", "quick", ["batch.size=1"]), SettingError, "'batch' has no settings of its own"),
        (("sie", "quick", ["optimizer=adm"]), UnknownName, "unknown value 'adm'; did you mean adam"),
        (("sie", "quick", ["warmup=3"]), SettingError, r"warmup must lie in \[0, 1\], not 3.0"),
        (("sie", "quick", ["learning_rate=0"]), SettingError, "learning_rate must be above 0"),
        (("sie", "quick", ["learning_rate=1e38"]), SettingError, r"learning_rate must be at most 1e\+30, not 1e\+38"),
        (("sie", "quick", ["weight_decay=1e7"]), SettingError, r"weight_decay must be at most 1e\+06, not 1"),
        (("sie", "quick", ["learning_rate=nan"]), SettingError, "^--set learning_rate: nan is not a finite number"),
        (("sie", "quick", ["weight_decay=inf"]), SettingError, "^--set weight_decay: inf is not a finite number"),
        (("sie", "quick", ["encoder.width=nan"]), SettingError, "^--set encoder.width: nan is not a finite number"),
        (("sie", "quick", ["method.variance=nan"]), SettingError, "sie.* variance: nan is not a finite number"),
        (("simclr", "quick", ["method.temperature=inf"]), SettingError, "temperature: inf is not a finite number"),
        (("sie", "quick", ["method.projector=[]"]), SettingError, "projector needs at least one width"),
    ],
)
def test_mistakes_are_one_sentence(arguments: Any, error: type[IebenchError], message: str) -> None:
    with pytest.raises(error, match=message):
        resolve(*arguments)


@pytest.mark.parametrize(
    ("text", "message"),
    [("[trian]\n", "unknown table 'trian'; did you mean train"), ("[method.siee]\n", "unknown method 'siee'"),
     ("[train]\nlr = 1.0\n", "unknown setting 'lr'"),
     ("[train.online]\nprobe = true\n", "unknown setting 'probe'; did you mean probes"),
     ("[train.encoder]\nwidht = 1\n", "unknown setting 'widht'; did you mean width"),
     ("[method.sie]\ncovarance = 1\n", "unknown setting 'covarance'"), ("[train\n", "not valid TOML"),
     ("train = 3\n", r"train is 3 and no table: write it as \[train\]"), ("method = 3\n", "method is 3 and no table"),
     ("[method]\nsie = 3\n", r"method\.sie is 3 and no table: write it as \[method\.sie\]"),
     ("[train]\nencoder = 3\n", "encoder: 3 is not EncoderSettings"),
     ("[train]\nlearning_rate = nan\n", r"train\.learning_rate: nan is not a finite number"),
     ("[train.encoder]\nwidth = inf\n", r"train\.encoder\.width: inf is not a finite number"),
     ("[method.sie]\nvariance = nan\n", r"method\.sie\.variance: nan is not a finite number")],
)  # fmt: skip
def test_a_presets_mistakes_name_it(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(IebenchError, match=rf"bad\.toml.*{message}"):
        resolve("sie", str(tmp_path / "bad.toml"), [])


def test_a_folder_is_no_preset(tmp_path: Path) -> None:
    for kind, error in (("toml", SettingError), ("json", RunError)):
        (tmp_path / f"folder.{kind}").mkdir()
        with pytest.raises(error, match=rf"cannot read .*folder\.{kind} \(Is a directory\)"):
            resolve("sie", str(tmp_path / f"folder.{kind}"), [])


@pytest.mark.parametrize("settings", [TrainSettings(), TrainSettings(epochs=1, steps=1)])
def test_exactly_one_length_is_asked_for(settings: TrainSettings) -> None:
    with pytest.raises(SettingError, match="either epochs or steps"):
        settings.total_steps(10)


def test_a_config_survives_its_file(tmp_path: Path) -> None:
    config().save(tmp_path)
    read = RunConfig.load(tmp_path)
    assert read.settings == config().settings and read.data == Path("/d") and read.differences(config()) == []


def test_differences_are_named_except_those_that_change_no_step() -> None:
    steps = replace(config().settings, steps=9, epochs=None, log_every=1, checkpoint_every=1)
    assert config().differences(config(settings=steps, data=Path("/moved"), device="cuda", versions={})) == []
    other = replace(config().settings, batch=9, encoder=EncoderSettings(1.0, "imagenet"))
    differences = config().differences(config(settings=other, seed=4, fingerprint="0" * 64, method="vicreg"))
    assert "seed: 0 there, 4 here" in differences and f"batch: {config().settings.batch} there, 9 here" in differences
    assert {line.split(":")[0] for line in differences} >= {"encoder.width", "dataset fingerprint", "method"}


@pytest.mark.parametrize("change", [{"schedule": "cosine"}, {"warmup": 0.1}])
def test_a_length_that_decides_the_learning_rate_is_part_of_the_run(change: dict[str, Any]) -> None:
    settings = replace(config().settings, **change)
    shorter = replace(settings, steps=9)
    assert config(settings=shorter).differences(config(settings=settings)) == ["steps: 9 there, 330 here"]


def test_no_config_and_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder"):
        RunConfig.load(tmp_path)
    (tmp_path / "notes.txt").write_text("a file")
    with pytest.raises(RunError, match=r"notes.txt is not a run folder"):
        RunConfig.load(tmp_path / "notes.txt")
    for text in ("{", "[]", "{}", '{"settings": {}, "data": "/d", "more": 1}'):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(RunError, match=r"cannot read .*config\.json \("):
            RunConfig.load(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", "zero"), ("seed", -1), ("seed", True), ("method", 3), ("method_settings", 3), ("data", 3),
     ("subset", "x"), ("resolution", 0.5), ("versions", []), ("fingerprint", None), ("device", None)],
)  # fmt: skip
def test_a_config_with_a_value_of_another_kind_is_damaged(key: str, value: Any, tmp_path: Path) -> None:
    config().save(tmp_path)
    table = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**table, key: value}))
    with pytest.raises(
        RunError, match=rf"cannot read .*config\.json \(.*{'' if key == 'data' else key}.*\): restore it"
    ):
        RunConfig.load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({name: kept for name, kept in table.items() if name != key}))
    if key != "subset":
        with pytest.raises(RunError, match=rf"cannot read .*config\.json \(.*'{key}'.*\): restore it"):
            RunConfig.load(tmp_path)


@pytest.mark.parametrize("seed", [-1, SEEDS + 1])
def test_a_seed_that_is_none(seed: int) -> None:
    with pytest.raises(SettingError, match=rf"seed must lie in \[0, {SEEDS}\], not {seed}"):
        config(seed=seed)
    assert config(seed=SEEDS).seed == SEEDS


@pytest.mark.parametrize("section", ["", "settings"])
def test_a_run_of_a_newer_iebench_with_unknown_settings_is_told_to_update(tmp_path: Path, section: str) -> None:
    config().save(tmp_path)
    table = json.loads((tmp_path / "config.json").read_text())
    (table[section] if section else table)["sharpness"] = 3
    for made_by, words in (
        ("0.1.0", "sharpness"),
        ("99.0", "is of a run of iebench 99.0, and this is .*: update iebench"),
    ):
        table["versions"]["iebench"] = made_by
        (tmp_path / "config.json").write_text(json.dumps(table))
        with pytest.raises(IebenchError, match=words):
            RunConfig.load(tmp_path)
