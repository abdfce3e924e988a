"""The protocol's id depends on all of its values; files are read strictly."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from iebench.benchmark.errors import SettingError, UnknownName
from iebench.benchmark.protocol import HEADS, FewShot, Head, Protocol, load
from iebench.manifests.common.settings import build
from iebench.manifests.common.shipped import shipped


def test_every_value_changes_the_id() -> None:
    base = load("strict")
    linear = Head((), 1, 2, (0.1,), (0.5,), "constant")
    changed = {
        "name": "x", "r2": "pooled", "rotation": "quaternion", "circular": "plain", "features": "as they are",
        "pairs": "fresh", "pair_seed": 9, "val_views": "one", "val_pairs": 1, "tune": 0.5, "seeds": 7,
        "retrieval": "with the source", "tie": 0.005, "draws": 7, "level": 0.5, "rules": ("another",),
        "heads": {**base.heads, "rotation": linear}, "shares": False, "axes": False, "known_meshes": "kept",
        "neighbours": None, "few_shot": FewShot((1,), 3), "maps": None, "batch_norm": "train",
        "quaternions": "as released", "linear": load("converged").linear, "kernel": load("converged").kernel,
    }  # fmt: skip
    assert set(changed) == {field.name for field in fields(base)}
    ids = {replace(base, **{name: value}).id for name, value in changed.items()}  # type: ignore[arg-type]
    assert len(ids | {base.id}) == len(changed) + 1


def test_every_setting_of_a_head_changes_the_id() -> None:
    base, head = load("strict"), replace(load("strict").heads["rotation"], schedule="constant")
    base = replace(base, heads={**base.heads, "rotation": head})
    changed = {"hidden": (8,), "epochs": 7, "batch": 7, "lr": (0.7,), "weight_decay": (0.7,), "schedule": "linear"}
    assert set(changed) == {field.name for field in fields(head)}
    heads = [replace(head, **{name: value}) for name, value in changed.items()]  # type: ignore[arg-type]
    ids = {replace(base, heads={**base.heads, "rotation": other}).id for other in heads}
    assert len(ids | {base.id}) == len(changed) + 1


def test_every_setting_of_solved_probes_changes_the_id() -> None:
    base = load("converged")
    settings = {
        "linear": {"ridge": (2.0, 1.0), "logistic": (2.0,), "gradient": 0.5, "numbers": 9, "side": 9},
        "kernel": {"ridge": (2.0,), "units": 9, "pair_units": 9, "pairs": 9},
    }
    ids = {base.id}
    for table, changed in settings.items():
        known = getattr(base, table)
        assert set(changed) == {field.name for field in fields(known)}
        ids |= {replace(base, **{table: replace(known, **{name: value})}).id for name, value in changed.items()}
    assert len(ids) == 1 + sum(map(len, settings.values()))


def test_the_default_is_converged_and_changes_only_how_probes_are_trained() -> None:
    default, strict = load(), load("strict")
    assert (
        default.name == "converged" and default.linear is not None and default.kernel is not None and not default.heads
    )
    assert max(default.linear.ridge) >= 1e4 and max(default.kernel.ridge) >= 1e4  # strong regularisation is tried
    changed = ("name", "rules", "heads", "linear", "kernel", "seeds")
    assert replace(strict, **{key: getattr(default, key) for key in changed}) == default  # type: ignore[arg-type]


def test_the_shipped_ones_differ_and_have_heads() -> None:
    protocols = [load(name) for name in shipped("protocol")]
    assert {"strict", "released"} <= {protocol.name for protocol in protocols}
    assert [protocol.name for protocol in protocols] == shipped("protocol")
    assert len({protocol.id for protocol in protocols}) == len(protocols)
    assert all(set(protocol.heads) <= set(HEADS) and protocol.rules for protocol in protocols)


def test_released_is_as_the_scripts() -> None:
    rules = load("released")
    for name, hidden in (("classification", ()), ("rotation", (1024, 1024)), ("colour", (1024, 1024))):
        assert rules.heads[name] == Head(hidden, 300, 256, (1e-3,), (0.0,), "constant")
    assert (rules.r2, rules.rotation, rules.circular, rules.val_views) == ("pooled", "quaternion", "plain", "one")


def test_a_later_setting_changes_no_id_where_it_is_as_before() -> None:
    """Scores of `strict`, and scores from before predictors got the released sign, keep their ids."""
    assert (
        load("strict").id == "a1762f4af433"
        and load("strict").linear is None
        and load("strict").quaternions == "canonical"
    )
    assert load("released").quaternions == load("equicaps").quaternions == "as released"
    before = load("released").as_dict()
    del before["quaternions"]
    assert build(Protocol, before, "score.json").id == "e527edd97c31" != load("released").id


def test_seqjepa_and_equicaps_change_what_their_papers_change() -> None:
    released, seqjepa, equicaps = load("released"), load("seqjepa"), load("equicaps")
    deep, linear = released.heads["rotation"], replace(released.heads["colour"], hidden=(), epochs=50)
    assert seqjepa == replace(
        released, name="seqjepa", r2="mean", heads={**released.heads, "colour": linear, "pose": deep}
    )
    moves = {"colour": linear, "translation_object": deep, "translation_base": deep}
    assert equicaps == replace(released, name="equicaps", heads={**released.heads, **moves})


def test_the_pair_list_is_as_long_as_the_longest_training() -> None:
    base = load("strict")
    longer = replace(base.heads["rotation"], epochs=base.train_epochs + 5)
    assert replace(base, heads={**base.heads, "rotation": longer}).train_epochs == base.train_epochs + 5
    assert load("converged").train_epochs == load("converged").kernel.pairs  # type: ignore[union-attr]


def test_a_file_may_change_a_shipped_protocol(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "strict"\nname = "mine"\nseeds = 5\n[heads.rotation]\nepochs = 7\n')
    changed, base = load(str(path)), load("strict")
    assert (changed.name, changed.seeds, changed.heads["rotation"].epochs) == ("mine", 5, 7)
    assert changed.id != base.id
    heads = {**base.heads, "rotation": replace(base.heads["rotation"], epochs=7)}
    assert changed == replace(base, name="mine", seeds=5, heads=heads)
    path.write_text('extends = "strict"\n# the same in other words\n')
    assert load(str(path)).id == base.id


@pytest.mark.parametrize(("text", "error", "message"), [
    ('extends = "strict"\nseed = 5', UnknownName, "'seed'.*seeds"),
    ('extends = "strikt"', UnknownName, "strikt.*strict"),
    ('extends = "strict"\nrotation = "6d"', UnknownName, "'6d'"),
    ('extends = "strict"\nseeds = "two"', SettingError, "seeds: 'two'"),
    ('extends = "strict"\nseeds = 0', SettingError, "seeds must be at least 1, not 0"),
    ('extends = "strict"\ntune = 0.0', SettingError, "set tune = 0.125"),
    ('extends = "converged"\ntune = 0.0', SettingError, "set tune = 0.125"),
    ('extends = "converged"\nrotation = "quaternion"', SettingError, "compose views: set rotation = \"matrix\""),
    ('extends = "converged"\nbatch_norm = "train"', SettingError, "set batch_norm = \"eval\""),
    ('extends = "converged"\n[linear]\nridge = [1.0, 2.0]', SettingError, r"ridge .*first, not \[1.0, 2.0\]"),
    ('extends = "converged"\n[linear]\nlogistic = [inf]', SettingError, "logistic .*finite"),
    ('extends = "converged"\n[linear]\nlogistic = []', SettingError, "logistic .*one or more"),
    ('extends = "converged"\n[linear]\ngradient = 0.0', SettingError, "gradient .*above 0"),
    ('extends = "converged"\n[kernel]\nridge = [1.0, 1.0]', SettingError, "ridge .*strongest first"),
    ('extends = "converged"\n[kernel]\nunits = 0', SettingError, "units must be at least 1"),
    ('extends = "converged"\n[linear]\nside = 0', SettingError, "side must be at least 1"),
    ('extends = "strict"\ntune = 1.0', SettingError, "below 1, not 1.0"),
    ('extends = "strict"\n[heads.rotation]\nlr = []', SettingError, r"lr must be one or more .*, not \[\]"),
    ('extends = "strict"\n[few_shot]\nshots = [2]', SettingError, r"shots must be among .*, not \[2\]"),
    ('extends = "strict"\n[neighbours]\nk = 0', SettingError, "k must be at least 1, not 0"),
    ('extends = "strict"\n[heads.rotations]\nlr = [1.0]', SettingError, "hidden"),
    ('extends = "strict"\nlevel = 1.5', SettingError, "level must lie between 0 and 1, not 1.5"),
    ('extends = "strict"\ntie = -1.0', SettingError, "tie must lie between 0 and 0.01, not -1.0"),
    ('extends = "strict"\ntie = 5.0', SettingError, "tie .*not 5.0"),
    ('extends = "strict"\ntie = nan', SettingError, "tie .*not nan"),
    ('extends = "strict"\npair_seed = -1', SettingError, "pair_seed must be at least 0, not -1"),
    ('extends = "strict"\n[heads.rotation]\nlr = [-1.0]', SettingError, r"heads.rotation: lr .*above 0, not \[-1.0\]"),
    ('extends = "strict"\n[heads.rotation]\nlr = [inf]', SettingError, r"lr .*not \[inf\]"),
    ('extends = "strict"\n[heads.rotation]\nweight_decay = [-1.0]', SettingError, r"weight_decay .*not \[-1.0\]"),
    ('extends = "strict"\n[neighbours]\ntemperature = nan', SettingError, "temperature .*not nan"),
    ('extends = "strict"\nname = " "', SettingError, "name must say something"),
    ('extends = "mine.toml"', SettingError, "extends itself"),
    ('name = "bare"', SettingError, "'r2' is missing"),
])  # fmt: skip
def test_what_is_wrong_in_a_file_is_said(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(error, match=message):
        load(str(path))


@pytest.mark.parametrize(("base", "name", "taken"), [
    ("strict", "", "strict"), ("strict", "strict", "strict"), ("strict", "released", "released"),
    ("base.toml", "", "base"), ("base.toml", "base", "base"),
])  # fmt: skip
def test_other_settings_need_a_name_of_their_own(tmp_path: Path, base: str, name: str, taken: str) -> None:
    (tmp_path / "base.toml").write_text('extends = "strict"\nname = "base"\nseeds = 4\n')
    path = tmp_path / "mine.toml"
    text = f'extends = "{base}"\nseeds = 5\n'
    path.write_text(text + (f'name = "{name}"\n' if name else ""))
    with pytest.raises(SettingError, match=f"mine.toml has the name '{taken}' of a protocol .*a name of its own"):
        load(str(path))
    path.write_text(text + 'name = "mine"\n')
    assert load(str(path)).name == "mine"


def test_a_folder_is_no_protocol(tmp_path: Path) -> None:
    (tmp_path / "dir.toml").mkdir()
    with pytest.raises(SettingError, match=r"cannot read .*dir\.toml \(Is a directory\): .*give another TOML file"):
        load(str(tmp_path / "dir.toml"))


def test_a_head_that_no_probe_has() -> None:
    base = load("strict")
    with pytest.raises(UnknownName, match=r"'rotations'.*rotation"):
        replace(base, heads={"rotations": base.heads["rotation"]})


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no such file"):
        load(str(tmp_path / "none.toml"))
    with pytest.raises(UnknownName, match="strict"):
        load("strct")
