"""The workflow of the public host runs .ci/run and nothing else of its own."""

import os
import re

import yaml
from packaging.specifiers import SpecifierSet
from paths import ROOT

WORKFLOW = ROOT / ".github/workflows/check.yml"
PROJECT = (ROOT / "pyproject.toml").read_text("utf-8")


def test_it_runs_what_is_run_everywhere_else():
    workflow = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands == [".ci/run"] and os.access(ROOT / commands[0], os.X_OK)
    assert [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step] == [
        "actions/checkout",
        "actions/setup-python",
    ]


def test_its_python_is_one_that_the_makefile_takes():
    (version,) = re.findall(r'python-version: "([\d.]+)"', WORKFLOW.read_text("utf-8"))
    assert version in SpecifierSet(re.findall(r'requires-python = "(.+)"', PROJECT)[0])
    assert f"PYTHON ?= python{version}" in (ROOT / "Makefile").read_text("utf-8")


def test_it_names_no_address():
    assert "://" not in WORKFLOW.read_text("utf-8")
