"""PLY, OFF and STL that are cut short or damaged."""

import meshes
import pytest
from cleaning import cause, cleaned, ref_to


@pytest.mark.parametrize("suffix", ["ply", "off"])
@pytest.mark.parametrize("lines", [1, 4, 7])
def test_text_that_ends_before_its_header_says_is_refused(tmp_path, suffix, lines):
    solid, path = meshes.l_shape(up="z"), tmp_path / f"a.{suffix}"
    text = solid.export(file_type=suffix, **({"encoding": "ascii"} if suffix == "ply" else {}))
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    cleaned(ref_to(path))
    path.write_text("\n".join(path.read_text().strip().split("\n")[:-lines]) + "\n\n# end\n")
    assert "cut short" in cause(ref_to(path))


@pytest.mark.parametrize("change", [lambda raw: raw[:-20], lambda raw: raw + b"tail"])
def test_a_binary_stl_of_another_length_than_its_header_says_is_refused(tmp_path, change):
    meshes.l_shape(up="z").export(tmp_path / "a.stl")
    (tmp_path / "a.stl").write_bytes(change((tmp_path / "a.stl").read_bytes()))
    assert "is damaged" in cause(ref_to(tmp_path / "a.stl"))
