"""Contact sheets: every picture is at its position."""

import numpy as np

from iebench.manifests.reading import sheet
from iebench.manifests.reading.sheet import CAPTION, GAP, TILE, classes_sheet, grid, views_sheet


def test_the_sheets_have_a_place_for_every_picture(tiny_dataset):
    assert classes_sheet(tiny_dataset).size == (6 * (TILE + GAP) + GAP, TILE + CAPTION + 2 * GAP)
    assert views_sheet(tiny_dataset).size == (6 * (TILE + GAP) + GAP, TILE + CAPTION + 2 * GAP)


def test_pictures_lie_row_by_row():
    colours = np.random.default_rng(0).integers(0, 200, (14, 3), np.uint8)
    pictures = [np.broadcast_to(colour, (20, 20, 3)).copy() for colour in colours]
    sheet = np.asarray(grid(pictures, [f"p{i}" for i in range(14)]))
    for i, colour in enumerate(colours):
        left, top = GAP + i % 11 * (TILE + GAP), GAP + i // 11 * (TILE + CAPTION + GAP)
        assert (sheet[top : top + TILE, left : left + TILE] == colour).all()
    below = sheet[GAP + TILE : GAP + TILE + CAPTION, GAP : GAP + TILE]
    assert (below != 255).any()  # a caption


def test_a_title_stands_over_its_row():
    plain, titled = (np.asarray(grid([np.zeros((8, 8, 3), np.uint8)], ["x"], title)) for title in ("", "a title"))
    np.testing.assert_array_equal(titled[-plain.shape[0] + GAP :], plain[GAP:])
    assert (titled[: sheet.TITLE] < 255).any()


def test_a_long_name_keeps_to_its_column():
    sheet = np.asarray(grid([np.zeros((8, 8, 3), np.uint8)] * 2, ["", "vessel, watercraft, ship"]))
    left_margin = sheet[GAP + TILE :, : GAP + TILE + 2]
    assert (left_margin == 255).all()
