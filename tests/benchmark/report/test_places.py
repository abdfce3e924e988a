"""Every metric has a place in the report, with its meaning: a new one without a place fails here."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import browsing
import pytest
from scoring import measured, score_of

from iebench.benchmark.metrics import METRICS
from iebench.benchmark.metrics.geometry.curves import is_point
from iebench.benchmark.protocol import load
from iebench.benchmark.report import facts, report
from iebench.benchmark.statistics.bootstrap import Estimate
from iebench.manifests.common.settings import flat
from iebench.manifests.common.shipped import shipped

CURVES = {"cosine": "sensitivity", "risk": "uncertainty", "match": "correspondence", "mirror": "mirror"}
"""First part of the names of a curve's points -> block of the page that draws it."""


def within(metric: str) -> Estimate:
    """Return a value that the metric may have."""
    low, high = METRICS[metric].limits
    return measured(-1.0 if high <= 0 else 0.5 if low >= 0 else 0.2)


@pytest.fixture(scope="module")
def page() -> str:
    """Report of two scores that have every metric."""
    values = {metric: within(metric) for metric in METRICS}
    without = {metric: value for metric, value in values.items() if not metric.startswith("drop_")}
    return report(
        {Path(name): score_of(name, {"whole": own}) for name, own in (("one", values), ("two", without))}, None
    )


def test_every_metric_but_points_of_curves_is_a_column_and_explained(page: str) -> None:
    described = page.partition("<table class='described'>")[2].partition("</table>")[0]
    for metric, info in METRICS.items():
        if is_point(metric):
            continue
        assert f"data-metric='{metric}'" in page, metric
        assert f"<dt>{escape(info.title)}</dt><dd>{escape(info.about)}. Floor: {escape(info.floor)}</dd>" in page, (
            metric
        )
        if not info.ranked:
            head = f"<th scope='row'>{escape(info.title)}<small>{escape(info.about)}; floor: {escape(info.floor)}"
            assert head in described, metric
    assert f"<td class='n end'>{METRICS['pose_mass_15'].show(0.1)}</td>" in described  # its floor


@pytest.mark.parametrize("name", shipped("protocol"))
def test_every_setting_of_a_protocol_has_its_meaning(name: str) -> None:
    protocol = load(name)
    page = facts.protocol(replace(score_of("a", {"whole": {"top1": within("top1")}}), protocol=protocol))
    lines = re.findall(r"<tr><td>([^<]*)</td><td>[^<]*</td><td>([^<]*)</td></tr>", page)
    assert {key for key, _ in lines} == {"id", *flat(protocol.as_dict())} - {"rules"}
    assert all(meaning for _, meaning in lines)


@pytest.fixture(scope="module")
def opened(page: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    file = tmp_path_factory.mktemp("places") / "report.html"
    file.write_text(page, encoding="utf-8")
    with browsing.browser() as browser:
        browsing.open_page(browser, file)
        yield browser
        assert browser.get_log("browser") == []


@pytest.mark.browser
def test_every_point_of_a_curve_is_drawn_with_its_floor(opened: Any) -> None:
    drawn = browsing.script(opened, """
        return arguments[0].map((id) => [...byId(`${id}-name`).options].map(({ value }) => {
          byId(`${id}-name`).value = value;
          byId(`${id}-name`).dispatchEvent(new Event("change"));
          const drawn = (kind) => [...document.querySelectorAll(`#${id}-chart ${kind}`)];
          const count = (kind) => drawn(kind).map((e) => e.getAttribute("d").split("L").length);
          return [value, count("path.under"), count("path:not(.under, .grid, .band)")];
        }));
    """, list(CURVES.values()))  # fmt: skip
    for kind, names in zip(CURVES, drawn, strict=True):
        points = [name[1] for metric in METRICS if (name := re.fullmatch(rf"{kind}[0-9]+_(\w+)", metric))]
        assert [name for name, _, _ in names] == list(dict.fromkeys(points))
        for name, floors, lines in names:
            assert floors == lines == [points.count(name)] * 2, name


@pytest.mark.browser
def test_a_drop_that_a_score_leaves_out_is_a_dash(opened: Any) -> None:
    texts = browsing.script(opened, """
        const cells = [];
        for (const value of ["1", "0"]) {
          byId("transfer-method").value = value;
          byId("transfer-method").dispatchEvent(new Event("change"));
          cells.push(document.querySelector("#transfer-table td[title]").firstChild.textContent);
        }
        return cells;
    """)  # fmt: skip
    assert texts == ["50.0 (–)", "50.0 (-20.0)"]


@pytest.mark.browser
def test_every_cell_of_a_matrix_is_shown(opened: Any) -> None:
    shown = browsing.script(opened, """
        const cells = (id) => [...document.querySelectorAll(`#${id} td[title]`)];
        const titles = (id) => cells(id).map((cell) => [cell.title, cell.textContent]);
        const matrices = [...byId("varied-target").options].map(({ value }) => {
          byId("varied-target").value = value;
          byId("varied-target").dispatchEvent(new Event("change"));
          return titles("varied-table");
        });
        return [titles("transfer-table"), ...matrices].flat();
    """)  # fmt: skip
    cells = [metric for metric in METRICS if re.match("transfer_|across_", metric)]
    assert sorted(title.partition(": ")[0] for title, _ in shown) == sorted(METRICS[cell].about for cell in cells)
    assert all("[" in text for _, text in shown)  # the interval
    drops = {metric.replace("drop_", "transfer_", 1) for metric in METRICS if metric.startswith("drop_")}
    assert sum("; drop " in title and "(" in text for title, text in shown) == len(drops)
    points = {metric for metric in METRICS if is_point(metric)}
    curves = {metric for metric in points if re.match(f"({'|'.join(CURVES)})[0-9]", metric)}
    assert points == curves | {*cells} | {metric.replace("transfer_", "drop_", 1) for metric in drops}
