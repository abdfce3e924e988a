"""Untrusted text: characters that are refused, characters that are escaped, and text of any language kept as it is."""

import re

import pytest

from iebench.manifests.common.settings import override, read_toml
from iebench.manifests.errors import DatasetError, SettingError, UsageError
from iebench.manifests.recipe import Jpeg
from iebench.manifests.text.plain_text import LONGEST_NAME, check_name, check_text, cleaned, flaw

SOUND = [
    "sie-builtin-s0", "Größe", "étagère", "大きさ", "αβγ", "مثال", "نامه\u200cها", "क्\u200dष", "ന്\u200d",
    "👩\u200d🔬", "❤\ufe0f\u200d🔥", "👩🏽\u200d🚀", "1\ufe0f\u20e3", "葛\U000e0100", "ᠠ\u180b",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "−0.5", "-0.5",
    "a\u0301", "50 %", "C:\\x", "'quoted' \"twice\"", "",
]  # fmt: skip
UNSOUND = {
    "a\nb": "a line break (U+000A)", "a\rb": "a line break (U+000D)", "a\u2028b": "a line break (U+2028)",
    "a\x85b": "a line break (U+0085)", "a\tb": "a control character (U+0009)", "a\0": "a control character (U+0000)",
    "\x1b[31m": "a control character (U+001B)", "\x9b31m": "a control character (U+009B)",
    "a\x7f": "a control character (U+007F)", "\ud83d": "half a character (U+D83D)",
    "\u202egnp.exe": "a mark of writing direction (U+202E)", "\u2066": "a mark of writing direction (U+2066)",
    "\u200f": "a mark of writing direction (U+200F)", "a\u200bb": "an invisible character (U+200B)",
    "\ufeffsie": "an invisible character (U+FEFF)", "si\u00ade": "an invisible character (U+00AD)",
    "si\u200de": "an invisible character (U+200D)", "sie\u200c": "an invisible character (U+200C)",
    "ö\u200dß": "an invisible character (U+200D)", "👩\u200dx": "an invisible character (U+200D)",
    "مثال\u200c": "an invisible character (U+200C)", "sie\ufe0f": "an invisible character (U+FE0F)",
    "👩\ufe00": "an invisible character (U+FE00)", "👩\ufe0f\ufe0f": "an invisible character (U+FE0F)",
    "sie\U000e0100": "an invisible character (U+E0100)", "葛\U000e0100\U000e0101": "an invisible character (U+E0101)",
    "sie\U000e0068": "an invisible character (U+E0068)", "🏴\U000e0067": "an invisible character (U+E0067)",
    "👩\U000e0067\U000e0062\U000e0073\U000e007f": "an invisible character (U+E0067)",
    "ㅤ": "an invisible character (U+3164)",
}  # fmt: skip


@pytest.mark.parametrize("text", SOUND)
def test_sound_text_stays_as_it_is(text):
    assert flaw(text) == "" and cleaned(text) == text
    check_text({"name": text, text: [text]}, "a.json", DatasetError, "restore it")


@pytest.mark.parametrize("text", UNSOUND)
def test_unsound_text_is_named_and_spelt_in_ascii(text):
    assert flaw(text) == UNSOUND[text]
    assert flaw(cleaned(text)) == "" and cleaned(text).isprintable()
    with pytest.raises(DatasetError, match=r"^a\.json: notes\.1 holds .*: restore it$") as caught:
        check_text({"notes": ["sound", text]}, "a.json", DatasetError, "restore it")
    assert UNSOUND[text] in str(caught.value)
    with pytest.raises(DatasetError) as caught:
        check_text({"run": {text: 1}}, "a.json", DatasetError, "restore it")
    assert "the key run." in str(caught.value) and not flaw(str(caught.value))


def test_a_text_of_several_lines_keeps_them_and_nothing_else():
    assert cleaned("a\nb\r\x1b", lines=True) == "a\nb\\x0d\\x1b"


def test_deep_tables_are_looked_through():
    table = leaf = {}
    for _ in range(20_000):
        leaf["x"] = {}
        leaf = leaf["x"]
    leaf["x"] = "\n"
    with pytest.raises(DatasetError, match="holds a line break") as caught:
        check_text(table, "a.json", DatasetError, "restore it")
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((name, "is not a folder's name: leave out / and ..") for name in ("../esc", "a/b", "/a", "..", ".", "a/")),
        ("-rf", 'begins with "-"'), (".hidden", 'begins with "."'), (" a", "begins or ends with a blank"),
        ("a ", "begins or ends with a blank"), ("a" * 300, f"has 300 letters: give one of at most {LONGEST_NAME}"),
        ("a\nb", "holds a line break"), (" ", "is empty"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_one_sentence(name, words):
    with pytest.raises(UsageError, match=f"^--name .*{re.escape(words)}") as caught:
        check_name(name, "--name")
    assert not flaw(str(caught.value)) and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "name", ["a...a-b_c", "sie-wide-builtin-s0", "größe", "大きさ", "@x", "=1", "a" * LONGEST_NAME]
)
def test_names_of_every_language_pass(name):
    check_name(name, "--name")


def test_settings_are_looked_through_wherever_they_come_from(tmp_path):
    (tmp_path / "a.toml").write_text('name = "a\\u001b[2J"\n')
    with pytest.raises(SettingError, match=r"a\.toml: name holds a control character \(U\+001B\): "):
        read_toml(tmp_path / "a.toml")
    with pytest.raises(SettingError, match=r"^--set subsampling: it holds a control character \(U\+001B\)"):
        override(Jpeg(95, "4:4:4"), ['subsampling="\\u001b"'])
