"""`view`: one sample as text and as a picture."""

import pytest
from click.testing import CliRunner
from PIL import Image

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.errors import UnknownName
from iebench.manifests.reading.samples import Samples
from iebench.renderer.commands.proof import view as command
from iebench.renderer.proof.rerender import Origin
from iebench.renderer.proof.view import view


def samples(folder):
    return Samples(folder, DatasetInfo.load(folder))


def test_the_text_has_every_latent_with_its_law(tiny_dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [sample] = samples(tiny_dataset).at([170])
    result = CliRunner().invoke(command, [str(tiny_dataset), sample.key], catch_exceptions=False)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith(
        f"{sample.key}: {sample.row['class_name']} {sample.row['object_id']}, view 2, val, in val/"
    )
    for line, factor in zip(lines[1:8], samples(tiny_dataset).info.recipe.factors, strict=True):
        assert line.split()[0] == factor.name
        assert f"{sample.row[factor.name]:.5f} {factor.unit}" in line
        assert "uniform, low " in line and factor.frame in line
    assert lines[8] == f"{sample.key}.png"
    with Image.open(tmp_path / lines[8]) as image:
        assert image.format == "PNG" and image.height > 300


@pytest.mark.slow
def test_a_second_rendering_is_shown_beside_the_sample(mini, tmp_path):
    key = samples(mini).at([3])[0].key
    view(mini, key, tmp_path / "one.png", False, Origin(), "cpu")
    lines = view(mini, key, tmp_path / "two.png", True, Origin(), "cpu")
    assert lines[-1] == "rendered again with fake 1 CPU: the same bytes"
    with Image.open(tmp_path / "one.png") as first, Image.open(tmp_path / "two.png") as second:
        assert second.height > first.height  # stored, mask, ours and the difference: two rows


def test_a_misspelt_key_draws_nothing(tiny_dataset, tmp_path):
    with pytest.raises(UnknownName, match="did you mean"):
        view(tiny_dataset, samples(tiny_dataset).at([0])[0].key[:-1], tmp_path / "x.png", False, Origin(), "cpu")
    assert not list(tmp_path.iterdir())
