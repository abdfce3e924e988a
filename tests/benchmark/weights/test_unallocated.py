"""Networks that are built for their shapes alone take no memory, and no time for initial values."""

import subprocess
import sys

import pytest
import torch

from iebench.baselines.method import build, find
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.benchmark.weights.unallocated import unallocated


def test_shapes_are_those_of_the_network_and_nothing_is_allocated_or_drawn() -> None:
    settings, own = EncoderSettings(width=0.125, stem="small"), find("simclr").defaults()
    state = torch.get_rng_state()
    with unallocated():
        bare = build("simclr", own, settings).state_dict()
    assert all(value.is_meta for value in bare.values()) and torch.equal(torch.get_rng_state(), state)
    whole = build("simclr", own, settings).state_dict()
    assert {name: value.shape for name, value in whole.items()} == {name: value.shape for name, value in bare.items()}
    assert not any(value.is_meta for value in whole.values())


@pytest.mark.slow
def test_the_compiler_of_pytorch_is_not_imported_for_shapes() -> None:
    """A fresh process, since another test may have imported it."""
    code = (
        "import sys\n"
        "from iebench.baselines.method import build, find\n"
        "from iebench.baselines.networks.encoder import EncoderSettings\n"
        "from iebench.benchmark.weights.unallocated import unallocated\n"
        "with unallocated():\n"
        "    for name in ('sie', 'iwm', 'seq-jepa', 'contextssl'):\n"
        "        build(name, find(name).defaults(), EncoderSettings())\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
