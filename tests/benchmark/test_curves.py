"""Training curves as SVG."""

from xml.etree import ElementTree

from iebench.benchmark.curves import curves

SIE = [{"step": s, "loss": 10.0 / s, "equivariance": 1.0 / s, "seconds": 0.1, "images_per_s": 5.0} for s in (1, 2, 3)]
VICREG = [{"step": s, "loss": 8.0 / s, "seconds": 0.1, "images_per_s": 5.0} for s in (1, 2, 3)]


def test_each_term_has_a_panel_and_each_run_a_line_in_it() -> None:
    svg = curves({"one_run": SIE, "other": VICREG, "never": []})
    root = ElementTree.fromstring(svg)
    texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("loss") == texts.count("equivariance") == 1 and "seconds" not in texts
    assert texts.count("one_run") == texts.count("other") == 1 and "never" not in texts
    colours = [svg.count(colour) > 0 for colour in ("#1f77b4", "#ff7f0e", "#2ca02c")]
    assert colours == [True, True, False]


def test_it_takes_the_pages_colour_and_is_the_same_every_time() -> None:
    svg = curves({"one": SIE})
    assert svg == curves({"one": SIE})
    assert "currentColor" in svg and "#7b7c7d" not in svg and "http" not in svg.replace("http://www.w3.org", "")


def test_without_any_log_there_is_no_picture() -> None:
    assert curves({"random": []}) == ""
