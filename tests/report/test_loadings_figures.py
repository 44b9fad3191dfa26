import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import UnknownNameError
from statefolio.report import loadings_figure
from statefolio.report.fitted_loadings import settled, view_range
from statefolio.report.loadings_figures import period


def test_bands_are_1_96_standard_errors_around_the_filtered_loading(model, rolling):
    figure = loadings_figure(model, "asset 2", rolling, other_name="rolling")
    lower, upper, other, mean = figure.data[:4]
    one = model.loadings_.sel(asset="asset 2", factor="market")
    half = 1.959963984540054 * np.sqrt(one["filtered_variance"].to_numpy())
    np.testing.assert_allclose(mean.y, one["filtered"])
    np.testing.assert_allclose(upper.y - mean.y, half)
    np.testing.assert_allclose(mean.y - lower.y, half)
    np.testing.assert_allclose(other.y, rolling.loadings_["filtered"].sel(asset="asset 2", factor="market"))


def test_alpha_is_last_and_in_basis_points(model):
    figure = loadings_figure(model, "asset 1")
    alpha = model.loadings_["filtered"].sel(asset="asset 1", factor="alpha")
    np.testing.assert_allclose(figure.data[-1].y, 1e4 * alpha)
    assert "alpha, basis points per day" in " ".join(note.text for note in figure.layout.annotations)


def test_another_model_is_aligned_to_dates_and_factors(model, make_model):
    other = make_model(n_dates=100, n_factors=2, seed=3)
    figure = loadings_figure(model, "asset 1", other)
    by_name = figure.data[2].y, figure.data[10].y
    assert np.isfinite(by_name[0][:100]).all()
    assert np.isnan(by_name[0][100:]).all()
    assert np.isnan(by_name[1]).all()


def test_dates_in_sample_are_shaded_and_labelled(model, make_model):
    figure = loadings_figure(model, "asset 1")
    assert {shape.x1 for shape in figure.layout.shapes} == {"2016-06-30T00:00:00"}
    assert sum(note.text == "In sample" for note in figure.layout.annotations) == 4
    assert not loadings_figure(make_model(tuned_until=None), "asset 1").layout.shapes


def test_an_unknown_asset_is_an_error_that_lists_known_ones(model):
    with pytest.raises(
        UnknownNameError,
        match=r"asset must be one of the model's \('asset 0', 'asset 1', 'asset 2' and 2 more\), got 'X'",
    ):
        loadings_figure(model, "X")


def test_the_axis_excludes_the_wide_bands_at_the_start():
    error = np.concatenate([np.full(5, 50.0), np.full(100, 0.1)])
    low, high = view_range(np.zeros(105), error, None)
    assert settled(error[:, None]).sum() == 100
    assert -0.3 < low < -0.19
    assert 0.19 < high < 0.3
    assert view_range(np.full(9, np.nan), np.full(9, np.nan), None) == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("frequency", "word"), [("B", "day"), ("W", "week"), ("ME", "month"), ("QE", "quarter"), ("YE", "year")]
)
def test_the_word_for_the_distance_between_dates(frequency, word):
    assert period(pd.date_range("2001-01-01", periods=30, freq=frequency)) == word
