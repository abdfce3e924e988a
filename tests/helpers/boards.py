"""Made-up scores of a real dataset with everything that the report shows: bootstrap samples, examples, logs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation
from scoring import SMALL, score_of

from iebench.benchmark.metrics import METRICS
from iebench.benchmark.metrics.geometry.curves import is_point
from iebench.benchmark.orbits.sweep import Orbits
from iebench.benchmark.report.pictures import Pictures
from iebench.benchmark.results.orbits import CURVES, FORMAT
from iebench.benchmark.results.retrievals import Retrievals, targets_of
from iebench.benchmark.results.score import Answers, DataFacts, Distribution, Example, Score
from iebench.benchmark.statistics.bootstrap import Bootstrap, Estimate, Mean, plain
from iebench.benchmark.statistics.resamples import Resamples, pack
from iebench.manifests.dataset import DatasetInfo

PREDICTION = ("mrr", "h1", "h5", "h10", "pre")
PLACES = 36
SHIFTS = {"whole": 0.0, "invariant": -0.3, "equivariant": 0.3}


def made_up(data: Path, folder: Path, count: int) -> dict[Path, Score]:
    """Return made-up scores of `count` methods, by file under a folder.

    Every second one has a predictor, every third one parts, every fifth one orbits. Methods differ in skill and objects
    in difficulty, so that some methods tie and others do not.
    """
    info = DatasetInfo.load(data)
    val = Pictures.of(data, info, SMALL, None)
    hard = np.random.default_rng(0).normal(size=len(val.names))
    return dict(_one(f"method-{i}", i, val, hard, folder) for i in range(count))


def _one(name: str, i: int, val: Pictures, hard: np.ndarray, folder: Path) -> tuple[Path, Score]:
    objects, views = len(val.names), val.samples.info.recipe.views
    bootstrap = Bootstrap.of(objects, SMALL.draws, SMALL.level, 0)
    generator = np.random.default_rng(i + 1)
    skill = generator.normal()
    values: dict[str, dict[str, Estimate]] = {}
    for part, shift in SHIFTS.items():
        if part != "whole" and i % 3:
            continue
        values[part] = {}
        for metric, info in METRICS.items():
            if metric in PREDICTION and (i % 2 or part != "whole"):
                continue
            if is_point(metric) and not metric.endswith(("_floor_hue", "_entropy", "_angle")):  # a curve of each kind
                continue
            shares = 0.8 / (1 + np.exp(-(skill + shift + hard * 0.5 + generator.normal(size=objects) * 0.2)))
            top = 110.0 if info.unit == "°" else 1.0
            each = shares if info.higher else top * (1 - shares)
            floor = 0.1 if info.higher else 0.9 * top
            if info.limits[1] == 0:  # no such metric is above 0
                each, floor = each - 1, floor - 1
            statistic = Mean.of(np.repeat(each, views), np.repeat(np.arange(objects), views))
            values[part][metric] = bootstrap.measure(statistic, floor)
    score = score_of(name, {part: {m: plain(e) for m, e in estimates.items()} for part, estimates in values.items()})
    info = val.samples.info
    path = folder / name / "score.json"
    path.parent.mkdir(parents=True)
    lines = [{"step": k, "loss": 9.0 / k + skill, "variance": 1.0 / k, "seconds": 0.1} for k in range(1, 601, 2)]
    (path.parent / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    if i % 5 == 0:
        curves = {curve: generator.uniform(0, 1, (objects, PLACES)) for curve in CURVES}
        orbits = Orbits("rot_z", "degrees", np.linspace(-180, 170, PLACES), dict.fromkeys(values, curves))
        about = {"format": FORMAT, "name": name, "weights": score.encoder.weights, "dataset": "5" * 64, "limit": None}
        (path.parent / "orbits.json").write_text(json.dumps({**about, **orbits.as_dict(bootstrap)}))
    complete = replace(
        score,
        dataset=DataFacts("made up", info.fingerprint, 24, objects, views),
        resamples=Resamples.of(bootstrap, values),
        examples=() if i % 2 else _examples(val, views),
        distributions=() if i % 2 else _distributions(val, views, generator),
        answers=None if i % 2 else _answers(val, views, generator),
        retrievals=None if i % 4 else _retrievals(val, views, generator),
        run={"method": name, "seed": 0, "settings": {"batch": 64}, "method_settings": {}, "device": "cpu"},
    )
    complete.save(path)
    return path, complete


def _answers(val: Pictures, views: int, generator: np.random.Generator) -> Answers:
    """Return predictions of every view: a class at random, and degrees up to 180."""
    classes = sorted({name.split("/")[0] for name in val.names})
    true = np.array([classes.index(name.split("/")[0]) for name in val.names], np.float64)
    count = len(val.names) * views
    predicted = generator.integers(0, len(classes), count).astype(np.float64)
    return Answers(tuple(classes), pack(true), pack(predicted), pack(generator.integers(0, 181, count).astype(float)))


def _distributions(val: Pictures, views: int, generator: np.random.Generator) -> tuple[Distribution, ...]:
    """Return distributions of one view of every object for both inputs, over 20 poses, two of which look alike."""
    shown = []
    for k, name in enumerate(val.names):
        poses, shares = Rotation.random(20, rng=generator).as_quat(), np.sort(generator.dirichlet(np.ones(20)))[::-1]
        lists = [pack(numbers) for numbers in (poses.ravel(), shares, poses[:2].ravel())]
        own = [*name.split("/"), k % views, *lists]
        shown += [Distribution(*own, "map"), Distribution(*own)]
    return tuple(shown)


def _retrievals(val: Pictures, views: int, generator: np.random.Generator) -> Retrievals:
    """Return the views that a predictor retrieves that orders the other views of an object at random."""
    targets = targets_of(np.arange(views))
    orders = np.array(
        [[generator.permutation(row) for row in np.repeat(targets, views - 1, axis=0)] for _ in val.names]
    )
    ranks = 1 + (orders == targets.reshape(-1, 1)).argmax(axis=-1)
    lists = (pack(values.ravel().astype(float)) for values in (orders[..., 0], ranks))
    return Retrievals(
        tuple((synset, name) for synset, name in (n.split("/") for n in val.names)), tuple(range(views)), *lists
    )


def _examples(val: Pictures, views: int) -> tuple[Example, ...]:
    """Return examples in which the predictor is right for every second object."""
    examples = []
    for k, name in enumerate(val.names[:8]):
        target = 1 + k % (views - 1)
        wrong = 1 + (k + 1) % (views - 1)
        examples.append(Example(*name.split("/"), 0, target, wrong if k % 2 else target, 2 if k % 2 else 1))
    return tuple(examples)
