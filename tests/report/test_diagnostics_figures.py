import numpy as np
import pandas as pd
import pytest

from statefolio.diagnostics import diagnose_collinearity, diagnose_estimation, diagnose_specification
from statefolio.exceptions import InputError
from statefolio.report.diagnostics_figures import (
    component_figure,
    eigenvalue_figure,
    halves_figure,
    inflation_figure,
    shrinkage_figure,
)


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2015-01-01", periods=300)
    factors = pd.DataFrame(rng.normal(0, 0.01, (300, 2)), dates, ["market", "size"])
    values = factors.to_numpy() @ rng.normal(1, 0.3, (2, 12)) + rng.normal(0, 0.01, (300, 12))
    values[:, :4] += rng.normal(0, 0.01, (300, 1))
    values[:90, 5] = np.nan
    return pd.DataFrame(values, dates, [f"A{i}" for i in range(12)]), factors


@pytest.fixture(scope="module")
def specification(panel):
    sectors = {f"A{i}": "<b>oil" if i < 4 else "tech" for i in range(12)}
    return diagnose_specification(None, *panel, sectors)


@pytest.fixture(scope="module")
def estimation(panel):
    return diagnose_estimation(None, *panel)


def test_eigenvalues(specification):
    finding = specification["largest residual eigenvalue"]
    (bars,) = eigenvalue_figure(specification).data
    np.testing.assert_allclose(bars.y, finding.table.eigenvalue)
    coloured = np.asarray(bars.marker.color)
    assert (coloured[np.asarray(bars.y) > finding.table.limit.iloc[0]] == coloured[0]).all()
    assert coloured[-1] != coloured[0]


def test_component(specification):
    (bars,) = component_figure(specification).data
    table = specification["first residual component"].table
    np.testing.assert_allclose(bars.x, table.mean_loading.loc[list(bars.y)])


def test_component_without_sectors(panel):
    with pytest.raises(InputError, match="must be diagnosed with sectors"):
        component_figure(diagnose_specification(None, *panel))


def test_a_finding_without_values_is_an_error(panel):
    returns, factors = panel
    with pytest.raises(InputError, match="no values to draw"):
        eigenvalue_figure(diagnose_specification(None, returns[["A0"]], factors))


def test_halves(estimation):
    line, dots = halves_figure(estimation, "market").data
    assert len(dots.x) == 12
    assert min(line.x) <= min(dots.x)
    with pytest.raises(InputError, match="one of 'alpha', 'market', 'size'"):
        halves_figure(estimation, "oil")


def test_shrinkage(estimation):
    figure = shrinkage_figure(estimation)
    assert [curve.name for curve in figure.data] == ["All but alpha", "alpha", "market", "size"]
    curve = figure.data[0]
    best = curve.x[int(np.argmax(curve.y))]
    assert abs(best - estimation["shrinkage wanted"].statistic) <= 0.05


def test_inflation(panel):
    diagnosis = diagnose_collinearity(None, *panel, window=100)
    figure = inflation_figure(diagnosis)
    assert [curve.name for curve in figure.data] == ["market", "size", "Condition number"]
    np.testing.assert_allclose(figure.data[0].y, diagnosis["variance inflation"].table["market"])
