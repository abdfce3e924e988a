"""A URL in place of a local path is refused with a remedy and quoted as typed."""

import pytest

from iebench.manifests.shell.cli import main


@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        (["inspect", "d", "--out", "URL"], "this command writes local files and folders: give one"),
        (["render", "--latents", "URL"], "this command reads local files and folders: copy it to this machine first"),
        (["render", "URL"], "this command reads local files and folders: copy it to this machine first"),
        (
            ["import", "3diebench", "URL", "d"],
            "this command reads local files and folders: copy it to this machine first",
        ),
    ],
)
def test_a_url_is_no_path(tmp_path, monkeypatch, capsys, command, remedy):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:" / "bucket" / "x").mkdir(parents=True)
    (tmp_path / "s3:" / "bucket" / "x" / ".plan.json").write_text("{}")  # the path into which Path turns the URL exists
    with pytest.raises(SystemExit) as stop:
        main(["s3://bucket/x" if word == "URL" else word for word in command])
    err = capsys.readouterr().err
    assert stop.value.code == 2
    assert err.startswith("iebench: s3://bucket/x is in a cloud store, but ") and remedy in err and err.count("\n") == 1
