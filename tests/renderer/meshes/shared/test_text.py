"""Text in any encoding and with any line end, read in blocks."""

import codecs

import meshes
import pytest
from cleaning import cleaned, ref_to

from iebench.renderer.meshes.shared.text import utf8_blocks


@pytest.mark.parametrize(
    ("encode", "text"),
    [
        (lambda t: t.encode("utf-16"), "ä 字"),
        (lambda t: codecs.BOM_UTF16_BE + t.encode("utf-16-be"), "ä 字"),
        (lambda t: t.encode("utf-16-le"), "ä 字"),
        (lambda t: codecs.BOM_UTF8 + t.encode(), "ä 字"),
        (lambda t: t.encode("latin-1"), "ä é"),
        (lambda t: t.replace("\n", "\r\n").encode(), "ä 字"),
        (lambda t: t.replace("\n", "\r").encode(), "ä 字"),
    ],
    ids=["utf-16", "utf-16-be", "utf-16 without mark", "utf-8 with mark", "latin-1", "windows", "old mac"],
)
def test_text_of_any_origin_is_read(tmp_path, encode, text):
    content = f"# {text}\nmtllib lib {text}.mtl\nusemtl {text}\n{meshes.TEXTURE_CORNERS}{meshes.PLATE}"
    (tmp_path / "a.obj").write_bytes(encode(content))
    (tmp_path / f"lib {text}.mtl").write_bytes(encode(f"newmtl {text}\nKd 1 0 0\n"))
    mesh, report, (clean, library) = cleaned(ref_to(tmp_path / "a.obj"))
    assert report.triangles == 12
    assert f"usemtl {text}\n" in clean
    assert f"newmtl {text}\n" in library
    assert mesh.missing == ()


def test_a_long_file_is_cut_at_line_ends_only(tmp_path, monkeypatch):
    monkeypatch.setattr("iebench.renderer.meshes.shared.text.BYTES_PER_READ", 7)
    lines = [f"v {i} é 0" for i in range(200)]
    for end in ("\n", "\r\n"):
        (tmp_path / "a.obj").write_bytes(end.join(lines).encode())
        blocks = list(utf8_blocks(tmp_path / "a.obj"))
        assert [line for line in b"".join(blocks).decode().split("\n") if line] == lines
        assert all(block.endswith(b"\n") for block in blocks)
