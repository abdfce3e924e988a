"""Captions on a contact sheet are legible: in their column, on one line, in letters that the font has."""

import sys

import numpy as np
import pytest

from iebench.manifests.reading import sheet
from iebench.manifests.reading.sheet import GAP, SIZES, TILE, grid

BLACK = np.zeros((8, 8, 3), np.uint8)


@pytest.fixture(params=["matplotlib", "without"])
def font(request, monkeypatch):
    sheet._dejavu.cache_clear()
    if request.param == "without":
        monkeypatch.setitem(sys.modules, "matplotlib", None)
    yield request.param
    sheet._dejavu.cache_clear()


def ink(words):
    return np.asarray(grid([BLACK], [words]))[GAP + TILE :]


@pytest.mark.parametrize("name", ["airplane", "a name much longer than its picture is wide, whatever the letters " * 9])
def test_a_caption_is_as_wide_as_its_picture_at_most(font, name):
    words, chosen = sheet._shortened(name, SIZES, TILE)
    assert chosen.getlength(words) <= TILE
    assert words == name or (name.startswith(words.rstrip("….")) and words.endswith(("…", "...")))


def test_a_cut_caption_leaves_its_neighbours_alone(font):
    picture = np.asarray(grid([BLACK] * 3, ["", "wide " * 40, ""]))[GAP + TILE :]
    assert (picture[:, : GAP + TILE] == 255).all() and (picture[:, 2 * (TILE + GAP) + 1 :] == 255).all()


@pytest.mark.parametrize("name", ["two\nlines", "two\r\n\tlines", "two\u2028lines\x00", "\u200ftwo \x1b lines"])
def test_what_is_no_letter_is_a_space(font, name):
    np.testing.assert_array_equal(ink(name), ink("two lines"))
    assert grid([BLACK], ["x"], name).size == grid([BLACK], ["x"], "two lines").size


def test_a_minus_sign_is_no_box(font):
    assert (ink("−45°") != ink("\uffff45°")).any()
    if font == "without":
        np.testing.assert_array_equal(ink("−45°"), ink("-45°"))
    else:
        letters = [ink(letter).tobytes() for letter in "−éøßčжλ°"]
        assert len(set(letters)) == len(letters)


def test_a_title_longer_than_its_pictures_widens_them(font):
    title = "light_theta, vessel 04530566_1a2b3c4d5e6f"
    whole = grid([BLACK], ["x"], title)
    assert sheet._shortened(title, (14,), whole.width - 2 * GAP)[0] == title
    assert grid([BLACK], ["x"], title * 99).width <= 11 * (TILE + GAP) + GAP
