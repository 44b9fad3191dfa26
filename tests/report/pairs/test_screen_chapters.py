"""The figure and the chapters of a screen."""

from dataclasses import replace

import numpy as np
import pytest

from statefolio.exceptions import InputError
from statefolio.report import write_report
from statefolio.report.pairs.screen_chapters import screen_chapters, screen_lead, screen_tiles
from statefolio.report.pairs.screen_figure import screen_figure


def test_every_tested_basket_is_a_point_at_its_half_life_and_p_value(screen):
    figure = screen_figure(screen)
    points = {name: (x, y) for trace in figure.data for name, x, y in zip(trace.text, trace.x, trace.y, strict=True)}
    assert set(points) == set(screen.table.index)
    for name, row in screen.table.iterrows():
        np.testing.assert_allclose(points[name], [np.clip(row["half_life"], 0.5, 2000.0), row["p_value"]], rtol=1e-5)


def test_confirmed_baskets_are_marked_and_named(screen):
    figure = screen_figure(screen)
    marked = [trace for trace in figure.data if trace.name.endswith(", confirmed")]
    assert len(screen.confirmed)
    assert [trace.text[0] for trace in marked] == list(screen.confirmed.index)
    point, row = marked[0], screen.confirmed.iloc[0]
    assert (point.x[0], point.y[0]) == (pytest.approx(row["half_life"]), pytest.approx(row["p_value"]))


def test_only_some_of_many_other_baskets_are_drawn(screen):
    figure = screen_figure(screen, most=3)
    others = next(trace for trace in figure.data if trace.name == "Other baskets")
    assert len(others.text) == 3


def test_no_tested_basket_is_an_error(screen):
    with pytest.raises(InputError, match="No basket could be tested"):
        screen_figure(replace(screen, table=screen.table.iloc[:0]))


def test_chapters_show_selected_and_untested_baskets(screen, tmp_path):
    found, untested = screen_chapters(screen)
    assert untested.title == "Not tested"
    assert "9 baskets" in untested.lead  # everything with the price that stands still
    table = found.exhibits[2].table
    assert list(table["basket"]) == list(screen.confirmed.index)
    page = write_report(
        tmp_path / "page.html", None, chapters=[found, untested], tiles=screen_tiles(screen), lead=screen_lead(screen)
    )
    assert "by chance alone" in page.read_text(encoding="utf-8")


def test_a_screen_without_selected_baskets_is_reported(screen):
    table = screen.table.assign(cointegrated=False, confirmed=False)
    found = screen_chapters(replace(screen, table=table))[0]
    assert found.exhibits[2].title.startswith("No basket passes")
    assert len(found.exhibits[2].table) == 10
