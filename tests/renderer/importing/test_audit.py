"""The audit of imported latents."""

import numpy as np
from scipy.spatial.transform import Rotation

from iebench.renderer.importing.audit import Audit, quarter_turns, repeats


def test_repeats_are_rows_that_came_before():
    rows = np.random.default_rng(0).random((1000, 7))
    assert repeats(rows) == (0, ())
    rows[700:703] = rows[10:13]
    rows[900] = rows[10]
    rows[800, :6] = rows[20, :6]  # all but one number: no repeat
    assert repeats(rows) == (4, (700, 10))
    assert repeats(rows[:0]) == (0, ())


def test_angles_beyond_a_quarter_turn_can_be_the_same_rotation():
    generator = np.random.default_rng(0)
    inside = generator.uniform(-np.pi / 2, np.pi / 2, (500, 3))
    twins = np.remainder(inside * [1, -1, 1] + 2 * np.pi, 2 * np.pi) - np.pi
    difference = Rotation.from_euler("xyz", inside) * Rotation.from_euler("xyz", twins).inv()
    assert difference.magnitude().max() < 1e-12
    outside = np.where(np.arange(3) == 1, twins, inside)  # one angle of each: another rotation
    assert quarter_turns(inside) == (1.0, 1.0)
    assert quarter_turns(twins) == (0.0, 1.0)
    assert quarter_turns(outside) == (0.0, 0.0)
    assert quarter_turns(inside + 2 * np.pi) == (0.0, 1.0)
    assert quarter_turns(inside[:0]) == (0.0, 0.0)


def test_an_audit_survives_its_file(imported, tmp_path):
    report = Audit.load(imported)
    report.save(tmp_path)
    assert Audit.load(tmp_path) == report
    assert all(fit.outside == 0 and fit.chance > 1e-3 for fit in report.fits.values())
    assert (report.repeated, report.poses_within, report.images) == (0, 1.0, 560)
