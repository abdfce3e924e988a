"""Contact sheets: every class once, pictures where they belong."""

from pathlib import Path

import numpy as np

from iebench.benchmark import sheet
from iebench.benchmark.images import Images


def test_every_class_is_on_the_sheet_once_in_label_order(tiny_dataset: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    shown = {}
    monkeypatch.setattr(sheet, "grid", lambda pictures, captions: shown.update(pictures=pictures, captions=captions))
    sheet.classes_sheet(tiny_dataset)
    images = Images.open(tiny_dataset, "train")
    names = dict(zip(images.labels.tolist(), images.table["class_name"].to_pylist(), strict=True))
    assert shown["captions"] == [names[label] for label in sorted(names)]
    for label, picture in zip(sorted(names), shown["pictures"], strict=True):
        row = int(np.flatnonzero(images.labels == label)[0])
        assert images.table["view"][row].as_py() == 0
        np.testing.assert_array_equal(picture, images.read([row])[0])


def test_the_views_are_those_of_one_object(tiny_dataset: Path) -> None:
    assert sheet.views_sheet(tiny_dataset).size == (6 * (sheet.TILE + 4) + 4, sheet.TILE + sheet.CAPTION + 8)


def test_pictures_lie_row_by_row() -> None:
    colours = np.random.default_rng(0).integers(0, 200, (14, 3), np.uint8)
    pictures = [np.broadcast_to(colour, (20, 20, 3)).copy() for colour in colours]
    found = np.asarray(sheet.grid(pictures, [f"p{i}" for i in range(14)]))
    for i, colour in enumerate(colours):
        left, top = 4 + i % 11 * (sheet.TILE + 4), 4 + i // 11 * (sheet.TILE + sheet.CAPTION + 4)
        assert (found[top : top + sheet.TILE, left : left + sheet.TILE] == colour).all()
    below = found[4 + sheet.TILE : 4 + sheet.TILE + sheet.CAPTION, 4 : 4 + sheet.TILE]
    assert (below != 255).any()  # a caption


def test_a_long_name_keeps_to_its_column() -> None:
    found = np.asarray(sheet.grid([np.zeros((8, 8, 3), np.uint8)] * 2, ["", "vessel, watercraft, ship"]))
    left_margin = found[4 + sheet.TILE :, : 4 + sheet.TILE + 2]
    assert (left_margin == 255).all()
