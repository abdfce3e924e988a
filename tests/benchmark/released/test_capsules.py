"""EquiCaps's capsule projector, converted, gives the released network's activations and poses, which are scored."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from checkpoints import CPU, equicaps, part, put, refused, seen
from released import normalised, vicreg_map
from torch import Tensor
from torch.nn import functional

from iebench.baselines.methods.fixed_action.equicaps import EquiCaps
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import load
from iebench.benchmark.errors import EncoderError
from iebench.benchmark.released import converted
from iebench.benchmark.released.file import read
from iebench.benchmark.released.names import convert

pytestmark = pytest.mark.slow
DROP = "leave the capsules out with --drop projector"


def routed(maps: Tensor, state: Mapping[str, Tensor]) -> Tensor:
    """Return activations and poses (B, K + K P), capsule by capsule: one at a position has the number position * K + k.

    maps : (B, 512, s, s)
    """
    active = normalised(functional.conv2d(maps, state["conv_a.weight"], padding=1), state, "bn_a").sigmoid()
    pose = normalised(functional.conv2d(maps, state["conv_pose.weight"], padding=1), state, "bn_pose")
    capsules, side = active.shape[1:3]
    numbers = pose.shape[1] // capsules
    rows = []
    for image in range(len(maps)):
        mass, moved, whole = torch.zeros(capsules).double(), torch.zeros(capsules, numbers).double(), 0.0
        for position in range(side * side):
            for k in range(capsules):
                number, (row, column) = position * capsules + k, divmod(position, side)
                a = active[image, k, row, column]
                u = pose[image, k * numbers : (k + 1) * numbers, row, column]
                share = a * (state["fc.W2"][number] @ u + state["fc.b2"][0, 0, number]).softmax(0)
                mass, whole = mass + share, whole + a
                moved = moved + share[:, None] * (state["fc.W1"][number] @ u).view(capsules, numbers)
        rows.append(torch.cat([mass / whole, (moved / mass[:, None]).flatten()]))
    return torch.stack(rows)


@pytest.mark.parametrize(
    ("pose", "side", "wrapper", "top"), [(3, 2, "module.", False), (4, 1, "_orig_mod.module.", True)]
)
def test_features_activations_and_poses_are_those_of_the_released_network(
    pose: int, side: int, wrapper: str, top: bool, tmp_path: Path
) -> None:
    torch.manual_seed(pose)
    state = equicaps(3, pose, side)
    path = put(tmp_path / "model.pth", {wrapper + name: value for name, value in state.items()}, not top, top)
    released = convert(read(path).state, path)
    assert (released.method, released.left_out) == ("equicaps", {"evaluator": 1})
    network = converted.write(tmp_path / "out", released, path, negated=False)
    have = converted.scores(network).partition("; without: ")[0]
    assert "activations and poses of capsules" in have and "rotation between two views without a probe" in have
    assert json.loads((tmp_path / "out" / converted.FACTS).read_text())["resolution"] == 32 * side

    loaded = load(str(tmp_path / "out"), {})
    assert loaded.side(stored=256) == 32 * side
    encoder = prepare(loaded, 32 * side, CPU)
    ends = 512 + 3, 512 + 3 + 3 * pose**2
    assert (encoder.dim, encoder.width) == (512, ends[1])
    assert encoder.parts == {"activations": slice(512, ends[0], 1), "poses": slice(*ends, 1)}
    assert isinstance(encoder.method, EquiCaps) and encoder.method.settings.pose == pose and encoder.predictor is None
    images = torch.rand(2, 3, 32 * side, 32 * side, dtype=torch.float64)
    maps = vicreg_map(seen(images), part(state, "backbone."))
    expected = torch.cat([maps.mean((2, 3)), routed(maps, part(state, "projector."))], dim=1)
    torch.testing.assert_close(encoder.module.double()(images), expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(
        EncoderError, match=f"images of {32 * side} pixels alone, not 96: .* again with --drop projector"
    ):
        prepare(loaded, 96, CPU)


def test_a_file_with_its_encoder_alone_says_which_scores_are_left(tmp_path: Path) -> None:
    state, path = equicaps(), tmp_path / "m.pth"
    path.write_bytes(b"")
    bare = {name: value for name, value in state.items() if not name.startswith("projector.")}
    for number, (weights, drop) in enumerate([(bare, ()), (state, ("projector",))]):
        released = convert(weights, path, drop)
        assert released.method is None and released.resolution == 256
        network = converted.write(tmp_path / str(number), released, path, negated=False)
        assert "activations and poses of capsules" in converted.scores(network).partition("without")[2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("projector.fc.W2"), f"has capsules and lacks projector.fc.W2: give a whole file, or {DROP}"),
        (lambda s: [s.pop(f"projector.fc.{name}") for name in ("W1", "b2")], "lacks projector.fc.W1, projector.fc.b2:"),
        (lambda s: s.update({"projector.fc.b1": torch.zeros(2)}), f"projector.fc.b1 is not part of capsules: {DROP}"),
        (lambda s: s.update({"projector.fc.W1": torch.zeros(6, 27, 9)}),
         f"fc.W1 has 6 capsules before the routing, which are not a square map with 3 at each position: {DROP}"),
        (lambda s: s.update({"projector.fc.W1": torch.zeros(2, 27, 9)}), "not a square map with 3 at each"),
        (lambda s: s.update({"projector.fc.W1": torch.zeros(12, 27, 9)}), "fc.W2 is (3, 3, 9) and should be (12, 3,"),
        (lambda s: s.update({"projector.fc.W1": torch.zeros(3, 48, 16)}),
         "conv_pose.weight is (27, 512, 3, 3) and should be (48, 512, 3, 3), for 3 capsules with poses of 16 numbers"),
        (lambda s: s.update({"projector.fc.W1": torch.zeros(3, 75, 25)}),
         "for poses of 25 numbers, and iebench's are matrices of 3 x 3 or 4 x 4: leave"),
        (lambda s: s.update({"projector.fc.W1": torch.zeros(27, 9)}), "fc.W1 is (27, 9) and should have 3 axes"),
        (lambda s: s.update({"projector.conv_a.weight": torch.zeros(0, 512, 3, 3)}), "none of them empty"),
        (lambda s: s.update({"projector.bn_a.running_var": torch.zeros(4)}), "bn_a.running_var is (4,) and should be"),
        (lambda s: s.update({"projector.conv_a.weight": torch.zeros(3, 256, 3, 3)}), "should be (3, 512, 3, 3)"),
    ],
)  # fmt: skip
def test_capsules_that_do_not_fit_are_named(
    change: Callable[[dict[str, Tensor]], object], message: str, tmp_path: Path
) -> None:
    state = dict(equicaps())
    change(state)
    assert message in refused(tmp_path, state)
    assert convert(state, tmp_path / "model.pth", ("projector",)).method is None


def test_the_releases_own_sizes_fit() -> None:
    """At 256 pixels with 32 capsules and 3 x 3 poses, W1 is (2048, 288, 9)."""
    state = equicaps(32, 3, 8)
    assert state["projector.fc.W1"].shape == (2048, 288, 9)
    released = convert(state, Path("model.pth"))
    assert released.resolution == 256 and released.settings == {"capsules": 32, "pose": 3, "side": 8}
    parameters = sum(v.numel() for k, v in released.state.items() if "capsule_" in k and "running" not in k) - 2
    assert parameters == 7_438_976
