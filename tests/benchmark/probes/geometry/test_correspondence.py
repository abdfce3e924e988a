"""Correspondences equal a slow loop; maps whose answer is known get it: the points themselves, nothing, the picture."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scoring import ANGLES, context_of, random_split
from torch import Tensor, nn

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import LoadedEncoder
from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.metrics.geometry.correspondence import NEAR, PIXELS, ROTATION_BINS
from iebench.benchmark.probes.geometry import matching
from iebench.benchmark.probes.geometry.correspondence import NAMES, between, correspondence, of_class, stages_at
from iebench.benchmark.probes.geometry.matching import Pair, Surface, descriptors
from iebench.benchmark.statistics.bootstrap import Pooled
from iebench.manifests.conventions import pose

SIDE, OBJECTS, VIEWS = 24, 6, 4
CPU = torch.device("cpu")


def ball(matrix: NDArray[np.float64], side: int = SIDE) -> NDArray[np.float32]:
    """Points (side, side, 3) of a ball of radius 0.45, in its own frame; matrix : object to camera."""
    x, y = np.meshgrid(*[(np.arange(side) + 0.5) / side - 0.5] * 2)
    depth = np.sqrt(np.where(x**2 + y**2 < 0.2, 0.2 - x**2 - y**2, np.nan))
    return (np.stack([x, y, depth], axis=-1) @ matrix).astype(np.float32)


def with_points(split: Split) -> Split:
    """Return a split of balls, whose pictures are the points as colours."""
    angles = np.stack([split.latents[name] for name in ANGLES], axis=-1)
    points = np.stack([ball(matrix) for matrix in pose(angles).as_matrix()])
    pictures = np.where(np.isfinite(points), np.round(255 * (points + 0.5)), 0).astype(np.uint8)
    return replace(split, points=lambda rows: points[rows], pixels=lambda rows: pictures[rows])


class Maps(nn.Module):
    """An encoder whose last map is a function of the picture, after a constant one."""

    map_stages = 2

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))

    def maps(self, images: Tensor, stages: tuple[int, ...]) -> list[Tensor]:
        return [self.function(images) if stage == 2 else torch.ones(len(images), 2, 3, 3) for stage in stages]


def lifted(images: Tensor) -> Tensor:
    """Points of the object on a sphere in four dimensions, on which the nearest by cosine is about the nearest."""
    points = images - 0.5
    return torch.cat([points, (1 - (points**2).sum(1, keepdim=True)).sqrt()], 1)


def positions(images: Tensor) -> Tensor:
    """Return the position in the picture, whatever is there."""
    line = torch.linspace(-0.5, 0.5, SIDE)
    across, down = line.expand(len(images), SIDE, SIDE), line[:, None].expand(len(images), SIDE, SIDE)
    return torch.stack([across, down, torch.ones_like(across)], 1)


def context_with(function: Any) -> Context:
    split = with_points(random_split(OBJECTS, VIEWS))
    return replace(
        context_of(split, split), encoder=prepare(LoadedEncoder("mine", Maps(function)), SIDE, CPU), notes=[]
    )


def test_points_as_descriptors_find_themselves_and_a_constant_map_finds_what_chance_does() -> None:
    values = correspondence(context_with(lifted))["whole"]
    for name in NAMES:
        entry = values[name]
        assert entry.ceiling is not None and entry.low <= entry.value <= entry.ceiling + 1e-12
        assert entry.value > 0.9 * entry.ceiling > 2 * entry.floor, name
    assert values["match_5"].ceiling == values["match_pixel_5"].ceiling == 1.0
    assert values["match_1"].value < values["match_2"].value < values["match_5"].value
    assert values["match50_depth"].value == pytest.approx(values["match50_depth"].floor, abs=1e-9)
    assert values["match100_depth"].value == values["match_5"].value
    assert values["class_match_5"].value > 0.9  # all balls are alike
    constant = correspondence(context_with(lambda images: torch.zeros(len(images), 3, 4, 4)))["whole"]
    for name, entry in constant.items():
        assert entry.value == pytest.approx(entry.floor, abs=1e-9), name


def test_the_bins_of_the_rotation_between_the_views_hold_all_pairs() -> None:
    context = context_with(lifted)
    values = correspondence(context)["whole"]
    angles = between(context.val, context.val.all_pairs()[0])
    curve = {high: values[f"match{high}_angle"] for high in ROTATION_BINS if f"match{high}_angle" in values}
    assert len(curve) > 2 and sum(entry.n for entry in curve.values()) == values["match_5"].n
    for low, high in zip((0, *ROTATION_BINS), ROTATION_BINS, strict=False):
        assert high not in curve or curve[high].n <= ((angles > low) & (angles <= high)).sum()
    mean = sum(entry.n * entry.value for entry in curve.values()) / values["match_5"].n
    assert mean == pytest.approx(values["match_5"].value)


def slow_recall(views: Any, maps: Any) -> list[float]:
    """Share of the first view's seen points whose best pixel by cosine is near enough, pixel by pixel."""

    def at(values: Any, position: Any) -> Any:
        """Interpolate a map (C, h, w) between the centres of its cells."""
        sizes = values.shape[:0:-1]
        x, y = (np.clip((p + 1) / 2 * size - 0.5, 0, size - 1) for p, size in zip(position, sizes, strict=True))
        cells = [(i, j) for i in range(values.shape[1]) for j in range(values.shape[2])]
        total = sum(values[:, i, j] * max(0, 1 - abs(y - i)) * max(0, 1 - abs(x - j)) for i, j in cells)
        return total / np.linalg.norm(total)

    centres = [(2 * i + 1) / len(views[0]) - 1 for i in range(len(views[0]))]
    pixels = [[(p[i, j].astype(float), np.array([centres[j], centres[i]])) for i in range(len(p)) for j in range(len(p))
               if np.isfinite(p[i, j, 0])] for p in views]  # fmt: skip
    known, seen = [at(maps[1], position) for _, position in pixels[1]], []
    for point, position in pixels[0]:
        apart = [np.linalg.norm(point - other) for other, _ in pixels[1]]
        if min(apart) <= matching.SEEN:
            seen.append((position, apart, pixels[1][int(np.argmin(apart))][1]))
    shares = []
    for k in range(min(matching.QUERIES, len(seen))):
        position, apart, target = seen[k * len(seen) // min(matching.QUERIES, len(seen))]
        own = at(maps[0], position)
        cosines = [float(own @ other) for other in known]
        best = [i for i, cosine in enumerate(cosines) if cosine >= max(cosines) - 1e-6]
        in_picture = [np.linalg.norm(other - target) / 2 for _, other in pixels[1]]
        shares.append([np.mean([apart[i] <= near / 100 for i in best]) for near in NEAR]
                      + [np.mean([in_picture[i] <= near / 100 for i in best]) for near in PIXELS])  # fmt: skip
    return np.mean(shares, axis=0).tolist()


def test_the_recall_of_a_pair_equals_a_slow_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "QUERIES", 20)
    generator = np.random.default_rng(3)
    views = [ball(pose(angles).as_matrix(), side=18) for angles in ([0.1, 0.2, 0.3], [0.15, 0.2, 0.35])]
    line = np.linspace(-1, 1, 5)
    maps = np.stack([np.broadcast_to(line, (5, 5)), np.broadcast_to(line[:, None], (5, 5)), np.ones((5, 5))])
    maps = maps + 0.1 * generator.normal(size=(2, 3, 5, 5))
    surfaces = [Surface.of(view) for view in views]
    pair = Pair.of(*surfaces)
    assert pair is not None
    own, other = (torch.from_numpy(values) for values in maps)
    queries = descriptors(own, surfaces[0].positions[pair.queries])
    recall = pair.recall(queries, descriptors(other, surfaces[1].positions), 1e-6)
    assert recall.tolist() == pytest.approx(slow_recall(views, maps))
    assert 0 < recall[-1] < 1 and 0 < recall[len(NEAR) - 1] < 1


def test_large_pictures_are_thinned_and_views_without_a_common_surface_are_no_pair() -> None:
    large = np.full((512, 512, 3), 0.1, np.float32)
    surface = Surface.of(large)
    assert len(surface.points) == matching.GRID**2 and np.abs(surface.positions).max() < 1
    assert surface.positions.mean(0) == pytest.approx([0, 0], abs=0.01)
    blank = Surface.of(np.full((SIDE, SIDE, 3), np.nan, np.float32))
    front, back = (Surface.of(ball(pose([0, angle, 0]).as_matrix())) for angle in (0, np.pi))
    for first, second in ((blank, front), (front, blank)):
        assert Pair.of(first, second) is None
    assert Pair.of(front, back) is None and Pair.of(front, front) is not None


def test_the_interval_is_that_of_objects_drawn_anew() -> None:
    context = context_with(positions)
    entry: Any = correspondence(context)["whole"]["match_5"]
    rows, objects = context.val.all_pairs()
    each: list[list[float]] = [[] for _ in range(OBJECTS)]
    assert context.val.points is not None and context.val.pixels is not None
    for (a, b), owner in zip(rows, objects, strict=True):
        surfaces = [Surface.of(own) for own in context.val.points(np.array([a, b]))]
        if pair := Pair.of(*surfaces):
            [own] = positions(torch.zeros(1))
            queries, others = (
                descriptors(own, surfaces[0].positions[pair.queries]),
                descriptors(own, surfaces[1].positions),
            )
            each[owner].append(pair.recall(queries, others, 1e-6)[len(NEAR) - 1])
    drawn = [np.mean([value for i, times in enumerate(counts) for value in times * each[i]])
             for counts in context.bootstrap.counts.tolist()]  # fmt: skip
    assert entry.draws == pytest.approx(drawn)
    assert [entry.low, entry.high] == pytest.approx(np.quantile(drawn, [0.025, 0.975]))


def test_a_bin_that_a_drawn_sample_lacks_has_the_mean_of_all() -> None:
    pooled = Pooled.of(np.array([1.0, np.nan, 0.5, np.nan]), np.array([0, 1, 2, 2]), 3)
    assert pooled.at(np.array([[1, 1, 1], [2, 1, 0], [0, 3, 0]])).tolist() == [0.75, 1.0, 0.75]
    assert pooled.samples == 2


def test_a_partner_is_the_next_object_of_the_class() -> None:
    split = replace(random_split(5, 2), labels=np.repeat([0, 1, 0, 2, 0], 2))
    rows, objects = np.array([[0, 1], [2, 3], [5, 4], [8, 9]]), np.array([0, 1, 2, 4])
    assert of_class(split, rows, objects).tolist() == [5, -1, 8, 1]
    assert stages_at(4) == {1: 25, 2: 50, 3: 75, 4: 100}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"encoder": None}, "features of a file have no maps"),
        ({"points": None}, "the dataset has no pass nocs, which `iebench render --passes nocs` stores"),
        ({"map_stages": 0}, "the encoder mine gives no map"),
    ],
)
def test_without_maps_or_points_there_is_one_plain_sentence(changes: dict[str, Any], words: str) -> None:
    context = context_with(positions)
    if "points" in changes:
        context = replace(context, val=replace(context.val, points=None))
    elif "encoder" in changes:
        context = replace(context, encoder=None)
    else:
        module = Maps(positions)
        module.maps = None  # type: ignore[assignment]
        context = replace(context, encoder=prepare(LoadedEncoder("mine", module), SIDE, CPU))
    assert correspondence(context) == {} and context.notes == [f"correspondences are not measured: {words}"]
