"""In a browser, no text of any figure overlaps another or leaves the figure, on a laptop and on a phone."""

import importlib.util
import inspect
from pathlib import Path

import pytest

import statefolio as sf
from statefolio._display.shown import Shown
from statefolio.factors.showing import ShownRanking

HERE = Path(__file__).parent


def load(file):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


drawn = load(HERE / "drawn.py")
made = load(HERE / "every_figure.py")
backtests = load(HERE / "backtest" / "conftest.py")


@pytest.fixture(scope="module")
def figures():
    return made.every_figure(backtests.made_up(300), backtests.made_up(300, seed=3))


@pytest.fixture(scope="module")
def faults():
    with drawn.browser() as find:
        yield find


def plots(kind):
    return {f"{kind.__name__}.{name}" for name in dir(kind) if name.startswith("plot_")}


def test_every_method_that_draws_is_drawn(figures):
    def below(one):
        return {one, *(each for child in one.__subclasses__() for each in below(child))}

    covered = {name.split(",")[0] for name in figures}
    alike = {
        sf.loadings.LoadingsModel: "LoadingsModel",
        sf.pairs.StaticHedge.__mro__[1]: "Hedge",
        sf.risk.FactorRisk: "FactorRisk",
    }
    for kind in below(Shown) | below(ShownRanking):
        if (
            "showing" in kind.__module__
            or "_display" in kind.__module__
            or not kind.__module__.startswith("statefolio")
        ):
            continue
        parent = next((name for base, name in alike.items() if issubclass(kind, base)), kind.__name__)
        if kind.__subclasses__() and kind not in alike:  # a base of what is drawn
            continue
        assert {f"{parent}.{name.split('.')[1]}" for name in plots(kind)} <= covered, kind


def test_no_text_overlaps_another_or_leaves_the_figure(figures, faults):
    found = {
        (name, width): told
        for name, figure in figures.items()
        for width in drawn.WIDTHS
        if (told := faults(figure, width))
    }
    assert found == {}


def test_the_search_finds_an_overlap(faults):
    figure = sf.report.tear_sheet(made.panel()[0].iloc[:, 0]).plot_value()
    for place in (0.5, 0.52):
        figure.add_annotation(text="two names", x=place, y=0.5, xref="paper", yref="paper", showarrow=False)
    assert any("two names | two names" in told for told in faults(figure, 1400))
    figure.add_annotation(text="far away", x=1.4, y=0.5, xref="paper", yref="paper", showarrow=False)
    assert "leaves the figure: far away" in faults(figure, 1400)
    assert inspect.isfunction(faults)
