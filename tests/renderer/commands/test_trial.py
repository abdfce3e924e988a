"""The picture of `iebench doctor`: a failed object and an empty picture are faults."""

import pytest

from iebench.manifests.doctor.finding import MEND, OK
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.commands.trial import trial


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "state", "words"),
    [(FAKE, OK, "64 px"), ("flaky:Flaky", MEND, "could not be rendered"), ("flaky:Blank", MEND, "single colour")],
)
def test_one_picture(backend, state, words, tmp_path):
    (finding,) = trial(tmp_path, backend)
    assert finding.state == state and words in finding.text
