"""The report in a real browser: it sorts, filters and draws, on a phone, in dark mode and by keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import browsing
import numpy as np
import pytest
from scoring import SMALL
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from iebench.benchmark.report.pictures import Pictures, projected
from iebench.benchmark.results.score import Score
from iebench.benchmark.statistics.resamples import unpack
from iebench.manifests.dataset import DatasetInfo

pytestmark = pytest.mark.browser

COUNT = 20


@pytest.fixture(scope="module")
def file(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browsing.browser() as browser:
        yield browser


@pytest.fixture
def opened(driver: Any, file: Path) -> Iterator[Any]:
    """Open the report on a wide screen; after the test the browser's console must be empty."""
    browsing.open_page(driver, file)
    yield driver
    assert driver.get_log("browser") == []


def column(opened: Any, metric: str) -> list[float | None]:
    """Return the values of a column in the visible rows, from top to bottom."""
    return browsing.script(opened, """
        const head = document.querySelector(`th[data-metric="${arguments[0]}"]`);
        return [...document.querySelectorAll("#board tbody tr")].filter((row) => row.offsetParent)
          .map((row) => row.cells[head.cellIndex].dataset.value ?? null).map((v) => v === null ? null : Number(v));
    """, metric)  # fmt: skip


def names(opened: Any) -> list[str]:
    rows = opened.find_elements(By.CSS_SELECTOR, "#board tbody tr")
    return [row.get_attribute("data-name") for row in rows if row.is_displayed()]


def head(opened: Any, metric: str) -> Any:
    return opened.find_element(By.CSS_SELECTOR, f'th[data-metric="{metric}"]')


def choose(opened: Any, select: str, text: str) -> None:
    Select(opened.find_element(By.ID, select)).select_by_visible_text(text)


def test_every_section_with_something_to_show_is_there(opened: Any) -> None:
    sections = [s.get_attribute("id") for s in opened.find_elements(By.TAG_NAME, "section") if s.is_displayed()]
    assert sections == ["leaderboard", "tradeoff", "profile", "descriptions", "orbits", "retrieval", "confusion",
                     "objects", "training", "dataset", "runs", "protocol", "published"]  # fmt: skip
    links = [a.get_attribute("href").rpartition("#")[2] for a in opened.find_elements(By.CSS_SELECTOR, "nav a")
             if a.is_displayed()]  # fmt: skip
    assert links == sections


def test_distributions_over_poses_are_drawn_beside_their_view(opened: Any) -> None:
    choose(opened, "poses-method", "method-2")
    tiles = opened.find_elements(By.CSS_SELECTOR, "#poses-figure .belief")
    assert len(tiles) > 3 and all(tile.is_displayed() for tile in tiles)
    for tile in tiles[:3]:
        assert tile.find_element(By.TAG_NAME, "img").get_attribute("src").startswith("data:image/jpeg;base64,")
        spheres = tile.find_elements(By.CSS_SELECTOR, ".spheres figure")
        assert [sphere.text for sphere in spheres] == ["from the representation", "from the last map"]
        for sphere in spheres:
            assert len(sphere.find_elements(By.CSS_SELECTOR, "svg circle[fill]")) == 20
            assert len(sphere.find_elements(By.CSS_SELECTOR, "svg .alike")) == 2
    options = [option.text for option in Select(opened.find_element(By.ID, "poses-method")).options]
    assert "method-1" not in options  # it has none


def test_it_sorts_by_any_column_both_ways_and_ranks_follow(opened: Any, twenty: dict[Path, Score]) -> None:
    top1 = column(opened, "top1")
    assert len(top1) == COUNT and top1 == sorted(top1, reverse=True)
    head(opened, "rotation_degrees_mean").find_element(By.TAG_NAME, "button").click()
    error = column(opened, "rotation_degrees_mean")
    assert error == sorted(error) != top1  # smallest first: less is better
    assert head(opened, "rotation_degrees_mean").get_attribute("aria-sort") == "ascending"
    assert head(opened, "top1").get_attribute("aria-sort") is None
    best = min(twenty.values(), key=lambda score: score.values["whole"]["rotation_degrees_mean"].value)
    assert names(opened)[0] == best.name
    first, last = (opened.find_elements(By.CSS_SELECTOR, "#board tbody tr.whole .rank")[i].text for i in (0, -1))
    assert first.startswith("1") and last.endswith(str(COUNT))
    head(opened, "rotation_degrees_mean").find_element(By.TAG_NAME, "button").click()
    assert column(opened, "rotation_degrees_mean") == error[::-1]
    opened.find_element(By.CSS_SELECTOR, "th[data-text] button").click()
    assert names(opened) == [f"method-{i}" for i in range(COUNT)]


def test_methods_without_a_value_come_last_both_ways(opened: Any) -> None:
    for _ in range(2):
        head(opened, "mrr").find_element(By.TAG_NAME, "button").click()
        values = column(opened, "mrr")
        assert None not in values[:10] and values[10:] == [None] * 10
        assert values[:10] in (sorted(values[:10]), sorted(values[:10], reverse=True))


def test_it_filters_by_name_parts_and_metrics(opened: Any) -> None:
    field, counter = opened.find_element(By.ID, "filter"), opened.find_element(By.ID, "shown")
    assert counter.text == f"{COUNT} of {COUNT} methods"
    field.send_keys("method-1")
    assert (
        names(opened) and all("method-1" in name for name in names(opened)) and counter.text == f"11 of {COUNT} methods"
    )
    field.send_keys("Z")
    assert names(opened) == [] and counter.text == f"0 of {COUNT} methods"
    field.clear()
    field.send_keys(Keys.ENTER)  # the filter must not submit a form and reload the page
    opened.find_element(By.ID, "parts").click()
    assert len(names(opened)) == COUNT + 2 * 7
    assert not head(opened, "top5").is_displayed()
    opened.find_element(By.ID, "more").click()
    assert head(opened, "top5").is_displayed()


def test_the_scatter_has_a_point_a_method_and_better_is_up_and_right(opened: Any) -> None:
    choose(opened, "across", "top-1 %")
    choose(opened, "upwards", "rotation error °")
    points = browsing.script(opened, """
        return [...document.querySelectorAll("#scatter svg > :is(circle, path)")]
          .filter((e) => e.querySelector("title"))
          .map((e) => [e.querySelector("title").textContent, e.getBBox().x, e.getBBox().y]);
    """)  # fmt: skip
    assert len(points) == COUNT
    numbers = {t: [float(n) for n in t.split(": ")[1].split(", ")] for t, _, _ in points}
    by_x = sorted(points, key=lambda point: point[1])
    by_y = sorted(points, key=lambda point: -point[2])
    across = [numbers[title][0] for title, _, _ in by_x]
    upwards = [numbers[title][1] for title, _, _ in by_y]
    assert across[-1] == max(across) and upwards[-1] == min(upwards)
    choose(opened, "scatter-part", "invariant")
    assert len(opened.find_elements(By.CSS_SELECTOR, "#scatter svg > * > title")) == 7


def test_the_profile_shows_every_part_of_a_method_and_another(opened: Any) -> None:
    choose(opened, "profile-method", "method-3")
    choose(opened, "profile-other", "no other")
    legend = opened.find_element(By.ID, "profile-legend").text
    assert legend.count("method-3") == 3 and "equivariant" in legend
    choose(opened, "profile-other", "method-4")
    assert "method-4, whole" in opened.find_element(By.ID, "profile-legend").text
    script = "return [...document.querySelectorAll('#profile-chart .topic')].map((heading) => heading.textContent)"
    topics = opened.execute_script(script)
    assert topics[:2] == ["class", "rotation and pose"] and len(set(topics)) == len(topics)


@pytest.mark.parametrize(
    ("block", "name"), [("sensitivity", "floor hue"), ("uncertainty", "entropy"), ("correspondence", "angle")]
)
def test_curves_whose_points_are_metrics_have_a_line_a_method(opened: Any, block: str, name: str) -> None:
    choose(opened, f"{block}-name", name)
    assert len(opened.find_elements(By.CSS_SELECTOR, f"#{block}-chart path.band")) == 20


def test_charts_are_saved_with_their_legend_and_no_style_of_the_page(opened: Any) -> None:
    buttons = opened.find_elements(By.CSS_SELECTOR, ".saving button")
    shown = [button for button in buttons if button.is_displayed()]
    charts = [c for c in opened.find_elements(By.CSS_SELECTOR, ".chart") if c.find_elements(By.TAG_NAME, "svg")]
    assert len(shown) == 2 * len(charts) > 0
    browsing.script(opened, """
        window.saved = [];
        HTMLAnchorElement.prototype.click = function () { window.saved.push(this.download); };
    """)  # fmt: skip
    for button in shown[:2]:
        button.click()
    WebDriverWait(opened, 10).until(lambda driver: len(browsing.script(driver, "return window.saved")) == 2)
    assert browsing.script(opened, "return window.saved") == ["scatter.svg", "scatter.png"]
    svg = browsing.script(opened, "return figure(byId('profile-chart')).svg")
    root = ElementTree.fromstring(svg)
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("method-" in text and "whole" in text for text in texts) and "class=" not in svg
    assert all(element.get("font-size") for element in root.iter("{http://www.w3.org/2000/svg}text"))


def test_orbits_have_a_line_and_a_band_a_method(opened: Any) -> None:
    def drawn(kind: str) -> int:
        return len(opened.find_elements(By.CSS_SELECTOR, f"#orbit-chart svg > path{kind}"))

    assert drawn(" > title") == drawn(".band") == 4
    assert "rot_z, degrees" in opened.find_element(By.ID, "orbit-chart").text
    before = opened.find_element(By.CSS_SELECTOR, "#orbit-chart svg > path:last-child").get_attribute("d")
    choose(opened, "orbit-of", "worst object")
    assert drawn(" > title") == 4 and drawn(".band") == 0
    choose(opened, "orbit-curve", "cosine to the middle view")
    assert opened.find_element(By.CSS_SELECTOR, "#orbit-chart svg > path:last-child").get_attribute("d") != before
    options = [option.text for option in Select(opened.find_element(By.ID, "orbit-part")).options]
    assert options == ["whole", "invariant", "equivariant"]
    choose(opened, "orbit-part", "invariant")
    assert drawn(" > title") == 2  # of method-0 and method-15


def test_questions_to_a_predictor_are_shown(opened: Any) -> None:
    choose(opened, "retrieval-method", "method-2")
    figure = opened.find_element(By.ID, "retrieval-figure")
    questions = figure.find_elements(By.CSS_SELECTOR, ".question")
    assert len(questions) == 6 and len(figure.find_elements(By.CSS_SELECTOR, ".axes")) == 6
    assert len(figure.find_elements(By.CSS_SELECTOR, ".right")) == 3
    assert "the target has rank 2 of 5" in questions[1].text and "rotated by" in questions[1].text
    loaded = "return [...document.querySelectorAll('.question img')].every((i) => i.src.startsWith('data:image/jpeg'))"
    assert browsing.script(opened, loaded)
    assert not opened.find_element(By.ID, "retrieval-every").is_displayed()  # an older score has only these


def retrieved(twenty: dict[Path, Score], name: str) -> tuple[np.ndarray, np.ndarray]:
    stored = next(score for score in twenty.values() if score.name == name).retrievals
    assert stored is not None
    return stored.lists()


def test_any_source_and_target_view_can_be_chosen(opened: Any, twenty: dict[Path, Score]) -> None:
    choose(opened, "retrieval-method", "method-4")
    Select(opened.find_element(By.ID, "retrieval-object")).select_by_index(3)
    views, ranks = (each[3] for each in retrieved(twenty, "method-4"))
    assert {rank == 1 for rank in ranks.ravel()} == {True, False}
    shown = browsing.script(opened, """
        const [sources, targets] = ["sources", "targets"].map((name) => [...byId(`retrieval-${name}`).children]);
        const figures = () => [...document.querySelectorAll("#retrieval-query figure")];
        return sources.map((source, s) => {
          source.click();
          const queries = targets.flatMap((target, t) => {
            if (t === s) return [];
            target.click();
            return [figures().map((figure) => [figure.className, figure.textContent])];
          });
          const count = byId("retrieval-count").textContent;
          return { queries, count, ranks: targets.map((target) => target.textContent) };
        });
    """)  # fmt: skip
    for source, (at, own, row) in enumerate(zip(shown, views, ranks, strict=True)):
        assert at["ranks"] == [*map(str, row[:source]), "–", *map(str, row[source:])]
        assert at["count"] == f"From view {source} of this object, {(row == 1).sum()} of 5 targets are retrieved."
        targets = [view for view in range(6) if view != source]
        for target, view, rank, figures in zip(targets, own, row, at["queries"], strict=True):
            assert figures[0][1].endswith(f", view {source}") and figures[1][1].startswith("rotated by ")
            wrong = f"retrieved: view {view}; the target has rank {rank} of 5"
            assert figures[2] == (["right", "retrieved: the target view"] if rank == 1 else ["wrong", wrong])
            assert figures[3] == ["", f"target: view {target}"]


def test_another_method_keeps_the_object_and_the_views(opened: Any, twenty: dict[Path, Score]) -> None:
    choose(opened, "retrieval-method", "method-4")
    Select(opened.find_element(By.ID, "retrieval-object")).select_by_index(2)
    opened.find_elements(By.CSS_SELECTOR, "#retrieval-sources label")[4].click()
    opened.find_elements(By.CSS_SELECTOR, "#retrieval-targets label")[1].click()
    choose(opened, "retrieval-method", "method-8")
    rank = retrieved(twenty, "method-8")[1][2, 4, 1]
    words = opened.find_element(By.ID, "retrieval-query").text
    assert "view 4" in words and "target: view 1" in words
    assert "retrieved: the target view" in words if rank == 1 else f"the target has rank {rank} of 5" in words


def test_the_angle_between_views_is_that_of_the_dataset(opened: Any, tiny_dataset: Path) -> None:
    pictures = Pictures.of(tiny_dataset, DatasetInfo.load(tiny_dataset), SMALL, None)
    for target in range(1, 6):
        degrees, matrices = pictures.turn(1, 0, target)  # type: ignore[misc]
        figure = "const figure = rotation(1, 0, arguments[0]);"
        assert browsing.script(opened, f"{figure} return figure.textContent", target) == f"rotated by {degrees:.0f}°"
        paths = browsing.script(
            opened, f"{figure} return [...figure.querySelectorAll('.after')].map((e) => e.getAttribute('d'))", target
        )
        ends = np.array([path.partition("L")[2].split() for path in paths], float)
        np.testing.assert_allclose(ends, 48 + 40 * projected(matrices)[1], atol=0.06)


def test_views_are_chosen_by_the_arrow_keys(opened: Any) -> None:
    choose(opened, "retrieval-method", "method-4")
    opened.find_element(By.ID, "retrieval-object").send_keys(Keys.TAB)
    assert browsing.script(opened, "return document.activeElement.name") == "retrieval-source"
    ActionChains(opened).send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT).perform()
    assert ", view 2" in opened.find_element(By.ID, "retrieval-query").text
    ring = "return getComputedStyle(document.activeElement.parentElement).outlineStyle"
    assert browsing.script(opened, ring) == "double"
    ActionChains(opened).send_keys(Keys.TAB, *[Keys.ARROW_RIGHT] * 2).perform()  # from view 0 past the source to view 3
    assert browsing.script(opened, "return document.activeElement.name") == "retrieval-target"
    assert "target: view 3" in opened.find_element(By.ID, "retrieval-query").text


def test_classes_that_a_method_confuses_are_a_matrix(opened: Any, twenty: dict[Path, Score]) -> None:
    choose(opened, "confusion-method", "method-2")
    answers = next(s for s in twenty.values() if s.name == "method-2").answers
    assert answers is not None
    cells = opened.find_elements(By.CSS_SELECTOR, "#confusion-table tbody td")
    assert len(cells) == len(answers.classes) ** 2
    rows = opened.find_elements(By.CSS_SELECTOR, "#confusion-table tbody tr")
    sums = [sum(int(cell.text or 0) for cell in row.find_elements(By.TAG_NAME, "td")) for row in rows]
    assert {total for total in sums if total} <= set(range(97, 104))  # rounded percents of each class with val objects
    assert opened.find_element(By.ID, "confusion-pairs").text.startswith("Most confused: ")
    options = [option.text for option in Select(opened.find_element(By.ID, "confusion-method")).options]
    assert "method-1" not in options  # it has no predictions


def test_an_object_leads_to_the_predictions_for_its_views(opened: Any, twenty: dict[Path, Score]) -> None:
    choose(opened, "object-method", "method-2")
    assert not opened.find_element(By.ID, "object-views").is_displayed()
    opened.find_element(By.CSS_SELECTOR, "#worst button.tile").click()
    views = opened.find_elements(By.CSS_SELECTOR, "#object-tiles figure")
    score = next(s for s in twenty.values() if s.name == "method-2")
    assert len(views) == score.dataset.views and all("°" in view.text for view in views)
    assert all(view.get_attribute("class") in ("right", "wrong") for view in views)
    assert views[0].find_element(By.TAG_NAME, "img").get_attribute("src").startswith("data:image/jpeg;base64,")
    choose(opened, "object-method", "method-1")
    assert not opened.find_elements(By.CSS_SELECTOR, "#worst button.tile")  # it has no predictions


def test_classes_lead_to_their_worst_objects(opened: Any, twenty: dict[Path, Score]) -> None:
    choose(opened, "object-method", "method-5")
    choose(opened, "object-metric", "rotation error °")
    each = unpack(next(s for s in twenty.values() if s.name == "method-5").resamples.each["rotation_degrees_mean"])
    tiles = opened.find_elements(By.CSS_SELECTOR, "#worst figure")
    numbers = [float(tile.text.split(" · ")[0]) for tile in tiles]
    assert numbers == pytest.approx(sorted(each, reverse=True), abs=0.3)  # a byte a value, and one decimal
    buttons = opened.find_elements(By.CSS_SELECTOR, "#classes button")
    name = buttons[0].text
    buttons[0].click()
    tiles = opened.find_elements(By.CSS_SELECTOR, "#worst figure")
    assert len(tiles) == 1 and name in tiles[0].text and name in opened.find_element(By.ID, "worst-title").text
    buttons[0].click()
    assert len(opened.find_elements(By.CSS_SELECTOR, "#worst figure")) == 6


def test_curves_are_chosen_by_what_was_logged(opened: Any) -> None:
    options = [option.text for option in Select(opened.find_element(By.ID, "curve-term")).options]
    assert options == ["loss", "variance"]
    choose(opened, "curve-term", "variance")
    assert len(opened.find_elements(By.CSS_SELECTOR, "#curve-chart svg > path > title")) == COUNT


def test_the_keyboard_reaches_and_works_everything(opened: Any) -> None:
    reached: list[str] = []
    for _ in range(60):
        ActionChains(opened).send_keys(Keys.TAB).perform()
        focused = opened.switch_to.active_element
        reached.append(focused.get_attribute("id") or focused.text)
        if focused.text == "colour R²":
            break
    assert {"filter", "parts", "more"} <= set(reached) and reached[-1] == "colour R²"
    assert browsing.script(opened, "return getComputedStyle(document.activeElement).outlineStyle") != "none"
    opened.switch_to.active_element.send_keys(Keys.ENTER)
    values = column(opened, "colour_r2_mean")
    assert values == sorted(values, reverse=True) and opened.switch_to.active_element.text == "colour R²"


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(driver: Any, file: Path, width: int) -> None:
    browsing.open_page(driver, file, width=width)
    assert browsing.script(driver, "return document.documentElement.scrollWidth") <= width
    assert browsing.script(driver, "return document.documentElement.clientWidth") == width
    small = browsing.script(driver, """
        return [...document.querySelectorAll("body *")].filter((e) => e.offsetParent && e.childNodes.length === 1
          && e.firstChild.nodeType === 3 && parseFloat(getComputedStyle(e).fontSize) < 11.5).map((e) => e.outerHTML);
    """)  # fmt: skip
    assert small == []
    assert browsing.script(driver, "return document.querySelector('#scatter svg').clientWidth") <= width
    cut = browsing.script(driver, """
        const names = [...document.querySelectorAll("#board tbody th")].filter((e) => e.scrollWidth > e.clientWidth);
        const titles = [...document.querySelectorAll("#profile-chart text")].filter((e) => e.getBBox().x < 0);
        return [...names, ...titles].map((e) => e.textContent);
    """)  # fmt: skip
    assert cut == []
    overlaps = browsing.script(driver, """
        const titles = [...document.querySelectorAll("#profile-chart text:has(tspan)")];
        const boxes = titles.map((e) => [e.textContent, e.getBBox()]);
        const next = boxes.slice(1).map(([words, box], i) => [words, box.y - (boxes[i][1].y + boxes[i][1].height)]);
        return [boxes.length, next.filter(([, gap]) => gap < 0)];
    """)  # fmt: skip
    assert overlaps[0] > 5 and overlaps[1] == []
    assert driver.get_log("browser") == []


def test_a_phone_keeps_the_names_of_rows_in_sight(driver: Any, file: Path) -> None:
    browsing.open_page(driver, file, width=390)
    driver.find_element(By.ID, "parts").click()
    hidden = browsing.script(driver, """
        const tables = [...document.querySelectorAll("#board, .described, .heat, .runs")];
        return tables.filter((table) => table.offsetParent).map((table) => {
          const scroller = table.closest(".scroll"), place = table.id === "board" ? 1 : 0;
          scroller.scrollLeft = 200;
          const edge = scroller.getBoundingClientRect().left;
          const rows = [...table.rows].filter((row) => row.offsetParent);
          const names = rows.map((row) => row.cells[place].getBoundingClientRect());
          return [scroller.scrollLeft, names.length, names.filter((box) => Math.abs(box.left - edge) > 1).length];
        });
    """)  # fmt: skip
    assert len(hidden) >= 3 and all(count > 1 and lost == 0 for scrolled, count, lost in hidden if scrolled)
    assert sum(scrolled > 100 for scrolled, _, _ in hidden) >= 3
    words = "return getComputedStyle(document.querySelector('#board tr.part th'), '::after').content"
    assert "variant" in browsing.script(driver, words)


def test_titles_of_axes_are_whole_on_a_phone(driver: Any, file: Path) -> None:
    browsing.open_page(driver, file, width=390)
    cut = browsing.script(driver, """
        const texts = [...document.querySelectorAll(".chart svg text.soft")].filter((text) => text.checkVisibility());
        const out = ({ left, right }, box) => left < box.left - 1 || right > box.right + 1;
        const box = (element) => element.getBoundingClientRect();
        const lost = texts.filter((text) => out(box(text), box(text.closest("svg"))));
        return [texts.length, lost.map((text) => text.textContent)];
    """)  # fmt: skip
    assert cut[0] > 8 and cut[1] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(driver: Any, file: Path, scheme: str) -> None:
    """Every text on the page has a contrast of at least 4.5 as defined by WCAG 2.1."""
    browsing.open_page(driver, file, scheme=scheme)
    result = browsing.script(driver, """
        const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
        const rgb = (text) => text.startsWith("color(") ? numbers(text).map((v) => 255 * v) : numbers(text);
        const linear = (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const light = (c) => c.slice(0, 3).map((v) => linear(v / 255))
          .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = (e) => { for (; e; e = e.parentElement) {
          const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } };
        const poor = [];
        let count = 0;
        for (const e of document.querySelectorAll("body *")) {
          if (!e.checkVisibility() || e.tagName === "SCRIPT") continue;
          if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
          const style = getComputedStyle(e), svg = e instanceof SVGElement;
          const [a, b] = [light(rgb(svg ? style.fill : style.color)), light(ground(e))].sort((x, y) => y - x);
          count += 1;
          if ((a + 0.05) / (b + 0.05) < 4.5) poor.push([(a + 0.05) / (b + 0.05), e.outerHTML.slice(0, 120)]);
        }
        return [count, light(ground(document.body)), poor];
    """)  # fmt: skip
    count, ground, poor = result
    assert count > 300 and (ground > 0.8) is (scheme == "light") and poor == []


def test_it_is_drawn_anew_when_its_width_changes(opened: Any) -> None:
    wide = browsing.script(opened, "return document.querySelector('#scatter svg').clientWidth")
    metrics = {"width": 700, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    opened.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    assert browsing.script(opened, "return document.querySelector('#scatter svg').clientWidth") < wide
