"""Engines by name, and their options."""

import sys

import pytest

from iebench.manifests.installed.registry import Registry
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.commands.render import engine_options
from iebench.renderer.engines import ENGINES, Engine, Work
from iebench.renderer.engines.local import Local
from iebench.renderer.errors import MissingPart, UnknownName, UsageError

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "module", "extra"), [("ray", "ray", "ray"), ("slurm", "submitit", "slurm")])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, name, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, f"iebench.renderer.engines.{name}", raising=False)
    engines: Registry[type[Engine]] = Registry("engine", ENGINES.group)  # one that has imported nothing yet
    with pytest.raises(MissingPart, match=rf"needs {module}: pip install 'iebench\[{extra}\]'"):
        engines[name]


def test_a_misspelt_engine_is_a_usage_error():
    with pytest.raises(UnknownName, match="did you mean local"):
        ENGINES["locale"]


def test_options_of_another_engine_are_refused(tiny_plan, tmp_path):
    work = Work(tiny_plan().without_objects(), str(tmp_path), 1, 1, "cpu", FAKE, 60.0, 0)
    with pytest.raises(UsageError, match="--engine local takes no partition"):
        Local(work, engine_options(None, ("partition=long",)))
    with pytest.raises(UsageError, match="--slurm partition has no value"):
        engine_options(None, ("partition",))
    assert engine_options("auto", ()) == {"address": "auto"}


@pytest.mark.parametrize(("device", "gpus"), [("cpu", 0), ("auto", 0), ("optix", 1), ("cuda:0,2", 2)])
def test_a_task_asks_for_as_many_gpus_as_were_numbered(tiny_plan, device, gpus):
    assert Work(tiny_plan().without_objects(), "x", 1, 1, device, FAKE, 60.0, 0).gpus == gpus
