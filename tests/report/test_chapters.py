"""Chapters in the page: figures are drawn, tables are shown, and names are escaped."""

import pandas as pd
import plotly.graph_objects as go
import pytest

from statefolio.report import Chapter, Exhibit, write_report


@pytest.fixture(scope="module")
def page(model, tmp_path_factory):
    table = pd.DataFrame({"asset": ["<b>bold</b>"], "share_of_risk": [0.25]})
    chapters = [
        Chapter(
            "Risk & return",
            "What <i>moves</i>",
            (
                Exhibit("Bars", "how to read", figure=go.Figure(go.Bar(x=["a", "b"], y=[1.0, 2.0]))),
                Exhibit("Rows", table=table, wide=True),
            ),
            {"volatility": "12.3 %"},
        ),
        Chapter("Nothing to show", "A sentence alone."),
    ]
    return write_report(tmp_path_factory.mktemp("report") / "report.html", model, chapters=chapters)


def test_chapters_are_listed_and_drawn_before_the_loadings(browse, page):
    script = """
      const figure = document.querySelector("#chapter-1 [data-figure]");
      return {
        links: [...document.querySelectorAll("nav a")].map((link) => [link.getAttribute("href"), link.textContent]),
        order: [...document.querySelectorAll("main > section")].slice(0, 3).map((section) => section.id),
        bars: figure.querySelectorAll(".bars path").length,
        heights: figure.data[0].y,
        tile: document.querySelector("#chapter-1 .tile").textContent,
        cells: [...document.querySelectorAll("#chapter-1 td")].map((cell) => cell.textContent),
        markup: document.querySelectorAll("main b:not(.tile b), main i").length,
        overflow: document.documentElement.scrollWidth - window.innerWidth,
      };
    """
    found = browse(page, script)
    assert found["links"] == [
        ["#chapter-1", "Risk & return"],
        ["#chapter-2", "Nothing to show"],
        ["#one", "Loadings"],
    ]
    assert found["order"] == ["chapter-1", "chapter-2", "one"]
    assert (found["bars"], found["heights"]) == (2, [1, 2])
    assert found["tile"] == "volatility12.3 %"
    assert found["cells"] == ["<b>bold</b>", "25.0%"]
    assert found["markup"] == 0
    assert found["overflow"] <= 0


def test_going_to_a_chapter_keeps_the_asset(browse, page):
    script = """
      const plot = document.getElementById("asset-figure");
      document.querySelector("nav a").click();
      await new Promise((resume) => setTimeout(resume, 300));
      return [location.hash, plot.dataset.asset];
    """
    assert browse(page, script, "#asset=asset%203") == ["#chapter-1", "asset 3"]


def test_a_page_without_chapters_has_no_contents(model, tmp_path):
    assert "<nav>" not in write_report(tmp_path / "report.html", model).read_text(encoding="utf-8")
