"""The gate of coverage: a part's statements that were added since the measurement count as not run."""

import importlib.util
import json

import pytest
from paths import ROOT

spec = importlib.util.spec_from_file_location("covered", ROOT / ".ci" / "covered.py")
covered = importlib.util.module_from_spec(spec)


@pytest.fixture(scope="module", autouse=True)
def loaded():
    pytest.importorskip("coverage", reason="pip install -e '.[test]'")
    spec.loader.exec_module(covered)


@pytest.mark.parametrize(("now", "faults"), [(90, 0), (100, 0), (105, 0), (106, 1)])
def test_new_statements_count_as_not_run(now, faults):
    lines = covered.faults({"renderer": {"statements": 100, "covered": 90, "least": 85}}, {"renderer": now})
    assert len(lines) == faults and all("renderer" in line and "run `make coverage`" in line for line in lines)


def test_a_report_is_summed_by_part_and_the_least_share_stays(tmp_path):
    sizes = {"renderer/a.py": (10, 9), "renderer/b/c.py": (30, 20), "api/d.py": (4, 4)}
    files = {name: {"summary": {"num_statements": n, "covered_lines": m}} for name, (n, m) in sizes.items()}
    (tmp_path / "report.json").write_text(json.dumps({"files": files}))
    rows = covered.measured(tmp_path / "report.json", {"renderer": {"statements": 1, "covered": 1, "least": 70}})
    assert rows == {
        "api": {"statements": 4, "covered": 4, "least": 97},
        "renderer": {"statements": 40, "covered": 29, "least": 70},
    }


def test_statements_are_those_that_coverage_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(covered, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.coverage.run]\nomit = ["part/left_out.py"]\n')
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "left_out.py").write_text("x = 1\n")
    (tmp_path / "part" / "a.py").write_text(
        '"""A\nmodule."""\nx = [\n    1,\n]\nif x:  # pragma: no cover\n    y = 2\n'
    )
    assert covered.statements("part") == 1


def test_the_page_has_the_measured_shares_of_every_part():
    rows = covered.read(ROOT / "tests" / "coverage.csv")
    assert rows.keys() == {"api", "baselines", "benchmark", "manifests", "renderer"}
    assert covered.table(rows) in (ROOT / "tests" / "README.md").read_text("utf-8")
