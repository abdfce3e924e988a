"""Pair lists: the inputs that determine them, the inputs that do not, and their distribution."""

import numpy as np
from paths import ROOT

from iebench.benchmark.data import pairs
from iebench.benchmark.protocol import load
from iebench.manifests.taxonomy import official_objects

DOCS = ROOT / "docs" / "background" / "protocols.md"

OBJECTS = [("02691156", f"{i:05d}") for i in range(40)]


def test_an_objects_pairs_depend_on_nothing_but_itself() -> None:
    everything = pairs.draw(OBJECTS, 12, 5, 0, "val pairs")
    some = pairs.draw([OBJECTS[7], OBJECTS[3]], 12, 5, 0, "val pairs")
    np.testing.assert_array_equal(some, everything[[7, 3]])


def test_more_rounds_keep_the_first_ones() -> None:
    np.testing.assert_array_equal(
        pairs.draw(OBJECTS, 12, 9, 0, "val pairs")[:, :5], pairs.draw(OBJECTS, 12, 5, 0, "val pairs")
    )


def test_seed_purpose_and_object_each_make_another_list() -> None:
    base = pairs.draw(OBJECTS, 12, 5, 0, "val pairs")
    assert (base != pairs.draw(OBJECTS, 12, 5, 1, "val pairs")).any()
    assert (base != pairs.draw(OBJECTS, 12, 5, 0, "train pairs")).any()
    assert (base[0] != base[1]).any()


def test_the_published_list_is_drawn_again() -> None:
    """Hash of the list of val objects whose mesh is not in train, as docs/background/protocols.md has it."""
    rows, strict = official_objects().to_pylist(), load("strict")
    train = {row["object_id"] for row in rows if row["split"] == "train"}
    val = [(r["synset"], r["object_id"]) for r in rows if r["split"] == "val" and r["object_id"] not in train]
    drawn = pairs.draw(val, 50, strict.val_pairs, strict.pair_seed, "val pairs")
    assert len(val) == 10_128 and pairs.digest(val, drawn) in DOCS.read_text(encoding="utf-8")


def test_views_are_distinct_and_ordered_pairs_uniform() -> None:
    drawn = pairs.draw(OBJECTS, 4, 600, 0, "val pairs").reshape(-1, 2)
    assert drawn.min() == 0 and drawn.max() == 3
    counts = np.zeros((4, 4))
    np.add.at(counts, tuple(drawn.T), 1)
    assert (np.diag(counts) == 0).all()
    expected = len(drawn) / 12
    chi_square = ((counts[~np.eye(4, dtype=bool)] - expected) ** 2 / expected).sum()
    assert chi_square < 31.3  # so are 99.9 % of uniform lists (11 degrees of freedom)


def test_two_views_give_both_orders() -> None:
    assert {tuple(p) for p in pairs.draw(OBJECTS, 2, 3, 0, "p").reshape(-1, 2).tolist()} == {(0, 1), (1, 0)}


def test_the_digest_sees_pairs_objects_and_order() -> None:
    drawn = pairs.draw(OBJECTS, 12, 2, 0, "val pairs")
    digests = {
        pairs.digest(OBJECTS, drawn),
        pairs.digest(OBJECTS[::-1], drawn),
        pairs.digest(OBJECTS, drawn[::-1]),
        pairs.digest(OBJECTS, drawn + 1),
    }
    assert len(digests) == 4
    assert pairs.digest(OBJECTS, drawn) == pairs.digest(list(OBJECTS), drawn.copy())
