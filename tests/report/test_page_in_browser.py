"""The page in headless Chromium: choosing an asset changes the figure."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from statefolio.report import write_report

NOW = """
const shown = () => {
  const plot = document.getElementById("asset-figure");
  return {
    asset: plot.dataset.asset,
    chosen: document.getElementById("asset").selectedOptions[0].textContent,
    names: plot.data.map((trace) => trace.name || ""),
    last: plot.data.map((trace) => trace.y[trace.y.length - 1]),
    ranges: plot.layout.yaxis.range,
    drawn: [...plot.querySelectorAll(".scatterlayer path.js-line")].map((path) => path.getAttribute("d")),
    facts: document.getElementById("asset-facts").textContent,
    hash: location.hash,
  };
};
const plot = document.getElementById("asset-figure");
"""


@pytest.fixture(scope="module")
def page(model, rolling, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    names = pd.Index(["Kalman", "rolling 250"], name="model")
    comparison = pd.DataFrame({"log_score": [1.0, 0.5]}, index=names)
    return write_report(path, model, other=rolling, other_name="rolling", comparison=comparison)


def test_choosing_an_asset_changes_the_plot(browse, page, model, rolling):
    script = """
      const first = shown();
      const chooser = document.getElementById("asset");
      chooser.value = "3";
      chooser.dispatchEvent(new Event("change"));
      await until(() => plot.dataset.asset === "asset 3");
      return [first, shown()];
    """
    first, second = browse(page, NOW + script)
    assert (first["asset"], second["asset"]) == ("asset 0", "asset 3")
    assert second["chosen"] == "asset 3"
    assert second["hash"] == "#asset=asset%203"
    assert len(second["drawn"]) >= 8
    assert all(a != b for a, b in zip(first["drawn"], second["drawn"], strict=True))
    for shown, i in ((first, 0), (second, 3)):
        last = model.loadings_.isel(date=-1, asset=i).sel(factor="market")
        expected = float(last["filtered"])
        half = 1.959963984540054 * float(last["filtered_variance"]) ** 0.5
        other = float(rolling.loadings_["filtered"].isel(date=-1, asset=i).sel(factor="market"))
        step = (shown["ranges"][1] - shown["ranges"][0]) / 1000
        wanted = [expected - half, expected + half, other, expected]
        assert shown["last"][:4] == pytest.approx(wanted, abs=3 * step)
    assert first["facts"] != second["facts"]


def test_the_address_selects_the_asset_and_the_arrows_step_through_all(browse, page):
    script = """
      const found = [plot.dataset.asset];
      for (const [id, name] of [["next", "asset 0"], ["previous", "asset 4"]]) {
        document.getElementById(id).click();
        await until(() => plot.dataset.asset === name);
        found.push(plot.dataset.asset);
      }
      const find = document.getElementById("find");
      find.value = "SET 2";
      find.dispatchEvent(new Event("input"));
      await until(() => plot.dataset.asset === "asset 2");
      return [...found, plot.dataset.asset];
    """
    assert browse(page, NOW + script, "#asset=asset%204") == ["asset 4", "asset 0", "asset 4", "asset 2"]


def test_a_cell_of_the_heat_map_leads_to_its_asset(browse, page):
    script = """
      const map = document.querySelector("[data-figure=today]");
      map.emit("plotly_click", { points: [{ x: "market", y: "asset 1" }] });
      await until(() => plot.dataset.asset === "asset 1");
      return plot.dataset.asset;
    """
    assert browse(page, NOW + script) == "asset 1"


@pytest.mark.parametrize("width", [500, 1366])
def test_every_figure_is_drawn_nothing_is_fetched_and_nothing_overflows(browse, page, width):
    script = """
      const figures = [...document.querySelectorAll(".figure")];
      return {
        drawn: figures.map((figure) => figure.querySelectorAll("svg.main-svg").length > 0),
        fetched: performance.getEntriesByType("resource").length,
        trouble: document.querySelectorAll(".trouble").length,
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        columns: new Set(Object.keys(plot.layout).filter((k) => k.startsWith("xaxis"))
          .map((k) => plot.layout[k].domain[0])).size,
        shaded: plot.layout.shapes.length,
        label: plot.layout.shapes.some((shape) => shape.name === "In sample" && shape.showlegend),
        row: getComputedStyle(document.querySelector("#asset-today tbody tr")).display,
        lights: [...document.querySelectorAll("header .light .state")].length,
      };
    """
    found = browse(page, NOW + script, width=width)
    assert found["drawn"] == [True] * 6
    assert found["fetched"] == found["trouble"] == 0
    assert found["overflow"] <= 0
    assert found["columns"] == (1 if width < 760 else 2)
    assert found["shaded"] == 4
    assert found["row"] == ("grid" if width < 760 else "table-row")  # a card on a narrow screen
    assert found["lights"] == 3
    assert found["label"]


def test_names_from_files_are_text_and_never_markup(browse, make_model, tmp_path):
    model = make_model(n_dates=80)
    names = ["<img src=x onerror=alert(1)>", "</script><b>x", 'a"b&c', "${title}", "é"]
    model.loadings_ = model.loadings_.assign_coords(asset=names)
    model.innovations_ = model.innovations_.assign_coords(asset=names)
    page = write_report(tmp_path / "report.html", model, reading={"<i>file</i>": "</dd><script>"})
    options = "return [...document.getElementById('asset').options].map((o) => o.textContent)"
    assert browse(page, options) == names
    assert browse(page, "return document.querySelectorAll('img, main script').length") == 0


def test_a_panel_without_values_opens(browse, make_model, tmp_path):
    model = make_model(n_dates=30, n_assets=2, tuned_until=None)
    model.loadings_ = model.loadings_ * np.nan
    model.innovations_ = model.innovations_ * np.nan
    page = write_report(tmp_path / "report.html", model)
    assert browse(page, "return document.body.dataset.ready") == "yes"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_serious_accessibility_fault(browse, page, tmp_path, dark):
    axe_core_python = pytest.importorskip("axe_core_python")
    (source,) = Path(axe_core_python.__file__).parent.rglob("axe.min.js")
    text = source.read_text(encoding="utf-8").replace("</", "<\\/")
    checked = tmp_path / "checked.html"
    body = page.read_text(encoding="utf-8")
    assert body.count("</body>") == 1
    checked.write_text(body.replace("</body>", f"<script>{text}</script></body>"), encoding="utf-8")
    script = """
      document.querySelectorAll("#told").forEach((one) => one.remove());
      const found = await axe.run(document);
      return {
        passed: found.passes.length,
        ground: getComputedStyle(document.querySelector("section")).backgroundColor,
        faults: found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
          .map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")),
      };
    """
    found = browse(checked, script, dark=dark)
    assert found["ground"] == ("rgb(20, 25, 31)" if dark else "rgb(255, 255, 255)")
    assert found["passed"] > 15
    assert found["faults"] == []


def test_figures_follow_a_dark_page_are_light_on_paper_and_dark_again(browse, page):
    script = """
      const grounds = () => [...document.querySelectorAll(".figure")].map((each) => each._fullLayout.paper_bgcolor);
      const texts = () => getComputedStyle(plot.querySelector("text.xtitle, .xtick text, text")).fill;
      const found = [[grounds(), texts(), plot.layout.height, plot.data[3].y.length]];
      for (const moment of ["beforeprint", "afterprint"]) {
        window.dispatchEvent(new Event(moment));
        found.push([grounds(), texts(), plot.layout.height, plot.data[3].y.length]);
      }
      return found;
    """
    before, printed, after = browse(page, NOW + script, dark=True)
    assert before == after
    assert before[0] == ["#14191f"] * 6
    assert printed[0] == ["#ffffff"] * 6
    assert printed[1] != before[1]
    assert printed[2] == pytest.approx(0.66 * before[2])
    (light,) = {*browse(page, NOW + script)[0][0]}
    assert light == "#ffffff"


def test_no_text_of_a_figure_overlaps_another(page, text_faults):
    assert text_faults(page) == {}
