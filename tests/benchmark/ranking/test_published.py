"""Published rows: each names its source and its kind of R², and is kept apart from measured rows."""

from iebench.benchmark.ranking.published import CAPTION, TITLES, markdown, published, screen

SEVERAL = {"BYOL", "SIE", "SEN", "EquiMod"}


def test_every_row_says_where_it_stands_and_what_it_is() -> None:
    rows = published()
    assert {row.method for row in rows} > SEVERAL
    for row in rows:
        assert row.source and row.table and row.dataset and row.conditioning and row.resolution
        assert row.top1 or row.mrr
        assert (row.r2_kind in ("pooled", "mean", "unclear")) == bool(row.rotation_r2 or row.colour_r2)
        for text, most in ((row.top1, 100), (row.rotation_r2, 1), (row.colour_r2, 1), (row.mrr, 1), (row.h1, 1)):
            assert text == "" or 0 <= float(text) <= most


def test_no_row_is_there_twice() -> None:
    keys = [(row.source, row.table, row.dataset, row.method, row.conditioning, row.note) for row in published()]
    assert len(set(keys)) == len(keys)


def test_the_same_method_under_two_kinds_of_r2_is_told_apart() -> None:
    kinds = {
        row.r2_kind: row.rotation_r2 for row in published() if row.method == "SIE" and row.conditioning == "rotation"
    }
    assert kinds["mean"] == "0.58" and kinds["pooled"] == "0.671"


def test_both_forms_have_every_row_and_the_warning() -> None:
    rows = published()
    assert len(markdown().splitlines()) == 2 + len(rows) + 2 and CAPTION in markdown() and CAPTION in screen()
    assert {line.count("|") for line in markdown().splitlines() if line.startswith("|")} == {len(TITLES) + 1}
    assert sum(row.method in line for row, line in zip(rows, screen().splitlines()[2:], strict=False)) == len(rows)
