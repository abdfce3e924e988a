"""The training step of `iebench doctor`."""

import math

import pytest
import torch

from iebench.benchmark.speed.trial import devices, step, trial
from iebench.manifests.doctor.finding import HINT, OK

CPU = torch.device("cpu")


@pytest.mark.slow
def test_one_step_has_a_finite_loss_and_is_a_finding(one_thread, tmp_path):
    assert math.isfinite(step(CPU))
    assert [finding.title for finding in trial(tmp_path)] == ["PyTorch", "training step"]


def test_a_gpu_that_pytorch_does_not_see_is_a_hint():
    assert devices(CPU, []).state == OK
    assert devices(CPU, ["NVIDIA H200"]).state == HINT
