"""Cards, read by the Hub's own library: header, model index, tables, commands that exist."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hub import Hub
from huggingface_hub import DatasetCard, ModelCard, SpaceCard, metadata_load
from scoring import measured, score_of

from iebench.benchmark.hub import pull, push
from iebench.benchmark.report import space
from iebench.benchmark.results.reading import load_score

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # the Hub library's own


def card_of(hub: Hub, folder: Path, address: str, repository: str) -> str:
    push.planned(folder, address, False, False).send(False)
    return str(hub.repositories[repository].files["README.md"].decode())


def test_the_card_of_a_run_has_its_scores_for_people_and_for_the_hub(hub: Hub, finished_run: Path) -> None:
    text = card_of(hub, finished_run, "me/run", "models/me/run")
    data = ModelCard(text).data
    score = load_score(finished_run / "score.json")
    assert (data.library_name, data.pipeline_tag, data.model_name) == ("iebench", "image-feature-extraction", "me/run")
    assert {"iebench", "sie"} <= set(data.tags)
    results = {entry.metric_type: entry for entry in data.eval_results}
    assert results.keys() == {"top1", "rotation_degrees_mean"}
    entry, value = results["top1"], score.values["whole"]["top1"]
    assert (entry.metric_name, entry.metric_value) == ("top-1 %", pytest.approx(100 * value.value))
    ends = (pytest.approx(100 * value.low), pytest.approx(100 * value.high))
    assert (entry.metric_args["low"], entry.metric_args["high"], entry.metric_args["level"]) == (*ends, 0.95)
    assert (entry.dataset_name, entry.dataset_args) == ("tiny", {"fingerprint": score.dataset.fingerprint})
    assert "50.0 [45.0, 55.0]" in text and "| sie-tiny‡ | equivariant |" in text
    assert "iebench pull models/me/run\n" in text and "iebench score --run runs/run --data FOLDER" in text
    index = yaml.safe_load(text.split("---")[1])["model-index"]
    assert len(index) == 1 and len(index[0]["results"]) == 1  # one dataset, all metrics together


def test_the_code_of_a_card_loads_the_run(hub: Hub, finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    text = card_of(hub, finished_run, "me/run", "models/me/run")
    pull.planned("models/me/run", None, None).receive()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    names: dict[str, torch.nn.Module] = {}
    exec(code[1], names)
    assert names["encoder"](torch.zeros(2, 3, 32, 32)).ndim == 2


def test_a_card_names_the_repository_of_its_dataset(hub: Hub, tiny_dataset: Path, finished_run: Path) -> None:
    shutil.copytree(tiny_dataset, "tiny")
    run = Path(shutil.copytree(finished_run, "run"))
    settings = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**settings, "data": "tiny"}))
    assert ModelCard(card_of(hub, run, "me/run", "models/me/run")).data.datasets is None
    push.planned(Path("tiny"), "me/tiny", False, False).send(False)
    text = card_of(hub, run, "me/run", "models/me/run")
    assert ModelCard(text).data.datasets == ["me/tiny"]
    assert ModelCard(text).data.eval_results[0].dataset_type == "me/tiny"
    assert "iebench pull datasets/me/tiny\niebench score --run runs/run --data data/tiny" in text
    Path("tiny/dataset.json").unlink()
    assert ModelCard(card_of(hub, run, "me/run", "models/me/run")).data.datasets is None


def test_a_smoke_run_is_no_result_and_a_run_without_score_says_so(hub: Hub, finished_run: Path) -> None:
    run = Path(shutil.copytree(finished_run, "run"))
    replace(load_score(run / "score.json"), limit=24).save(run / "score.json")
    text = card_of(hub, run, "me/run", "models/me/run")
    assert ModelCard(text).data.eval_results is None and "SMOKE RUN" in text
    (run / "score.json").unlink()
    assert "Not scored yet." in card_of(hub, run, "me/run", "models/me/run")


def test_the_card_of_scores_has_a_table_of_each_dataset(hub: Hub) -> None:
    for dataset in "ab":
        Path("board", dataset).mkdir(parents=True)
        for name in ("sie", "vicreg"):
            values = {"whole": {"top1": measured(0.5 if name == "sie" else 0.3)}}
            score_of(name, values, dataset * 64).save(Path("board", dataset, f"{name}.json"))
    text = card_of(hub, Path("board"), "me/board", "datasets/me/board")
    assert DatasetCard(text).data.to_dict()["viewer"] is False
    assert text.count("## Dataset tiny") == 2 and text.count("| sie‡ | ") == 2 and "Scores of 4 encoders" in text


def test_the_card_of_a_dataset_is_valid(tiny_dataset: Path) -> None:
    data = DatasetCard.load(tiny_dataset / "README.md").data.to_dict()
    assert data["license"] == "cc0-1.0" and data["size_categories"] == ["n<1K"] and data["configs"]
    assert metadata_load(tiny_dataset / "README.md") == data


def test_a_page_becomes_a_static_space(hub: Hub, finished_run: Path) -> None:
    score = load_score(finished_run / "score.json")
    assert space.write(Path("page"), "<p>board", score) == [Path("page/README.md"), Path("page/index.html")]
    data = SpaceCard.load("page/README.md").data
    assert (data.sdk, data.app_file, data.title) == ("static", "index.html", "Scores on tiny")
    card_of(hub, Path("page"), "me/page", "spaces/me/page")
    assert hub.repositories["spaces/me/page"].files["index.html"] == b"<p>board"
    pull.planned("spaces/me/page", None, None).receive()
    assert Path("spaces/page/index.html").read_text() == "<p>board"
