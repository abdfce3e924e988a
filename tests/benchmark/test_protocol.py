"""The protocol's id stands for all of its values."""

from dataclasses import fields, replace

from iebench.benchmark.protocol import Protocol, Training


def test_every_value_changes_the_id() -> None:
    base = Protocol()
    other = Training(epochs=1, lr=0.1, batch=2, weight_decay=0.5)
    changed = {
        "name": "x", "classification": other, "rotation": other, "colour": other, "hidden": (8,), "val_pairs": 1,
        "pair_seed": 9, "tie": 0.1, "draws": 7, "level": 0.5, "rules": ("another",),
    }  # fmt: skip
    assert set(changed) == {field.name for field in fields(Protocol)}
    ids = {replace(base, **{name: value}).id for name, value in changed.items()}  # type: ignore[arg-type]
    assert len(ids | {base.id}) == len(changed) + 1


def test_the_pair_list_is_as_long_as_the_longest_training() -> None:
    base = Protocol()
    longer = replace(base, colour=replace(base.colour, epochs=base.train_epochs + 5))
    assert longer.train_epochs == base.train_epochs + 5
