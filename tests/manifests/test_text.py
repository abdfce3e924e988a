"""TOML files in the encodings and line ends that editors of all systems write."""

import codecs

import pytest

from iebench.manifests.common.settings import read_toml
from iebench.manifests.errors import SettingError
from iebench.manifests.text.encoding import unicode_text

TEXT = 'name = "Stühle 椅子"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_of_unicode_is_read(tmp_path, encoding):
    (tmp_path / "a.toml").write_bytes(TEXT.encode(encoding))
    assert unicode_text(TEXT.encode(encoding)) == TEXT
    assert read_toml(tmp_path / "a.toml") == {"name": "Stühle 椅子"}


def test_a_mark_of_the_other_order_is_read():
    assert unicode_text(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")) == TEXT


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name = Stühle".encode("cp1252"), "it is not text in UTF-8"),
        (b"a = 1\nb = = 2\n", "it is not valid TOML at line 2, column 5"),
        (b"a = 1\na = 2\n", "it is not valid TOML at line 2, column 6"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "is a Git LFS pointer"),
    ],
)
def test_what_is_no_toml_is_one_sentence(tmp_path, content, words):
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(SettingError, match=f"a.toml.*{words}") as caught:
        read_toml(tmp_path / "a.toml")
    assert "\n" not in str(caught.value)
    assert "codec" not in str(caught.value)
