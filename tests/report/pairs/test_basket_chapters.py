"""The chapters of a basket's report show all results given, and leave out missing ones."""

from dataclasses import replace

import pytest

from statefolio.report import write_report
from statefolio.report.pairs.basket_chapters import basket_chapters, basket_tiles, walk_table
from statefolio.report.pairs.cointegration_chapter import series_table
from statefolio.report.pairs.verdict_chapter import COLUMNS, verdict_chapter


def test_chapters_are_in_order(results):
    chapters = basket_chapters(results)
    titles = [chapter.title for chapter in chapters]
    assert titles == ["Verdict", "Hedge", "Tuning", "Walk-forward test", "Position today", "Tests of cointegration"]
    drawn = [exhibit.title for chapter in chapters for exhibit in chapter.exhibits if exhibit.figure is not None]
    assert len(drawn) == 10


def test_missing_results_have_no_chapter(results):
    bare = replace(results, verdict=None, trace=None, tests=None, untested="prices have gaps.")
    chapters = basket_chapters(bare)
    assert [chapter.title for chapter in chapters] == [
        "Hedge",
        "Walk-forward test",
        "Position today",
        "Tests of cointegration",
    ]
    assert "prices have gaps" in chapters[-1].lead
    assert "Verdict" not in basket_tiles(bare)


def test_the_verdict_is_the_first_tile(results):
    tiles = basket_tiles(results)
    assert list(tiles)[:4] == ["Verdict", "Calibrated p-value", "Position", "Z-score"]
    assert tiles["One unit, 1,000,000"].count(",") > 2
    assert "away" in tiles["Next level"]
    assert len(tiles["Next level"]) < 25
    assert tiles["Verdict"] == "reverts"
    assert tiles["From"] == "2018-01-01"
    assert tiles["Tuning"] == f"collapsed, pass {results.hedge.collapse_.at_pass}"


def test_the_table_of_the_walk_has_all_hedges_and_measures(results):
    table = walk_table(results.walk.table)
    assert list(table["Hedge"]) == ["static", "rolling", "Kalman"]
    assert len(table.columns) == 1 + len(results.walk.table.columns)


def test_the_page_opens_and_names_are_escaped(results, tmp_path):
    page = write_report(
        tmp_path / "page.html",
        None,
        chapters=basket_chapters(results),
        tiles=basket_tiles(results),
        lead=results.verdict.sentence,
        title="Basket",
    ).read_text(encoding="utf-8")
    assert "&lt;ONE&gt; reverts: calibrated p = 0.025." in page
    assert "<ONE>" not in page.split('<script type="application/json"')[0]
    assert page.count('class="figure"') == 10


def test_every_figure_is_drawn_in_a_narrow_browser(results, tmp_path, browse):
    page = write_report(tmp_path / "page.html", None, chapters=basket_chapters(results), lead="", title="Basket")
    script = "return [...document.querySelectorAll('.figure')].map((f) => f.querySelectorAll('svg').length > 0);"
    assert browse(page, script, width=500) == [True] * 10


def test_the_table_of_tests_has_one_row_per_series(results):
    table = series_table(results.tests).set_index("series")
    assert list(table.index) == ["<ONE>", "TWO", "SIX", "spread"]
    assert list(table.columns[:3]) == ["Engle-Granger", "ADF", "KPSS"]
    frame = results.tests.to_frame().set_index(["test", "series"])
    assert table.loc["TWO", "KPSS"] == frame.loc[("KPSS", "TWO"), "p_value"]
    assert table.loc["<ONE>", "Engle-Granger"] == frame.loc[("Engle-Granger", "<ONE>"), "p_value"]
    assert table["Half-life, dates"].notna().all()


def test_the_figures_of_the_verdict_show_its_numbers(results):
    chapter = verdict_chapter(results.verdict)
    held = chapter.exhibits[1].figure
    assert [shape.x0 for shape in held.layout.shapes] == [-4.0, pytest.approx(-2.8)]
    assert list(chapter.exhibits[0].table.columns) == ["measure", *COLUMNS.values()]


def test_no_text_of_a_figure_overlaps_another(results, tmp_path, text_faults):
    page = write_report(tmp_path / "page.html", None, chapters=basket_chapters(results), lead="", title="Basket")
    assert text_faults(page) == {}
