import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo
from statefolio.exceptions import UnknownNameError
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.report.validation_figures import (
    bias_figure,
    interval_coverage_figure,
    loss_difference_figure,
    mean_loss_figure,
    period_loss_figure,
    probability_figure,
)
from statefolio.validation.covariance_scores import score_covariances
from statefolio.validation.losses import LOSSES, date_series
from statefolio.validation.validation import validate


@pytest.fixture(scope="module")
def data():
    demo = load_demo()
    return demo.returns.loc["2017":"2020"].iloc[:, :8], demo.factors.loc["2017":"2020"]


@pytest.fixture(scope="module")
def validation(data):
    models = {"rolling": RollingLoadings(120), "static": StaticLoadings(), "exponential": ExponentialLoadings(90)}
    return validate(models, *data, "2019-01-01", replications=200)


@pytest.fixture(scope="module")
def scores(data):
    returns = data[0].loc["2019":]
    return score_covariances({returns.index[0]: data[0].loc[:"2018"].cov()}, returns, random_portfolios=10)


@pytest.mark.parametrize("loss", LOSSES)
def test_bars_are_the_means_and_their_errors(validation, loss):
    figure, table = mean_loss_figure(validation, loss), validation.mean_losses.loc[loss]
    drawn = {y: (x, e) for t in figure.data for x, y, e in zip(t.x, t.y, t.error_x.array, strict=True)}
    assert set(drawn) == set(table.index)
    for name, (mean, half) in drawn.items():
        assert mean == table.loc[name, "mean"]
        assert half == pytest.approx(1.96 * table.loc[name, "standard_error"], rel=1e-3)
    assert set(figure.data[0].y) == set(table.index[table.included])


def test_differences_are_summed_through_time(validation):
    figure = loss_difference_figure(validation, "squared_error")
    series = date_series(validation.losses, "squared_error")
    assert [line.name for line in figure.data] == ["static", "exponential"]
    np.testing.assert_allclose(figure.data[0].y[-1], (series["static"] - series["rolling"]).sum(), rtol=1e-10)
    assert "rolling" in figure.layout.title.text


def test_cells_are_percent_of_the_benchmark(validation):
    cells = period_loss_figure(validation, "squared_error").data[0]
    assert list(cells.x) == ["2019", "2020", "calm", "stress"]
    table = validation.by_period.query("loss == 'squared_error' and period == '2020'").set_index("model")["mean"]
    expected = 100 * (table["static"] / table["rolling"] - 1)
    np.testing.assert_allclose(cells.z[list(cells.y).index("static")][1], expected, rtol=1e-9)
    plain = period_loss_figure(validation, "qlike").data[0]
    assert np.isfinite(np.asarray(plain.z, dtype=float)).all()


def test_transforms_and_coverage_by_model_and_by_portfolio(validation, scores):
    for result, count in ((validation, 3), (scores, 4)):
        histogram, coverage = probability_figure(result), interval_coverage_figure(result)
        assert len(histogram.data) == len(coverage.data) == count
        for line in histogram.data:
            assert np.mean(line.y[:-1]) == pytest.approx(1.0)
    realised = validation.summary().loc["static", "coverage_95%"]
    assert interval_coverage_figure(validation).data[1].y[1] == pytest.approx(100 * (realised - 0.95))


def test_every_portfolio_has_its_bias(scores):
    figure = bias_figure(scores)
    drawn = np.sort(np.concatenate([np.asarray(part.y) for part in figure.data]))
    np.testing.assert_array_equal(drawn, np.sort(scores.portfolios["bias"]))


def test_a_single_model_has_no_comparison(data):
    alone = validate([StaticLoadings()], *data, "2020-10-01")
    for draw in (mean_loss_figure, loss_difference_figure, period_loss_figure):
        assert draw(alone).layout.title.text
    with pytest.raises(UnknownNameError, match=r"loss must be one of .* got 'mse'"):
        mean_loss_figure(alone, "mse")
    assert isinstance(alone.summary(), pd.DataFrame)
