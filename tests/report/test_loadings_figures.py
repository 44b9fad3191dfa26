from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError, UnknownNameError
from statefolio.loadings.movement import settled
from statefolio.report import loadings_figure
from statefolio.report.fitted_loadings import view_range, view_ranges
from statefolio.report.loadings_panels import period


def test_bands_are_1_96_standard_errors_around_the_filtered_loading(model, rolling):
    figure = loadings_figure(model, "asset 2", rolling, other_name="rolling")
    lower, upper, mean = figure.data[:3]
    other = next(trace for trace in figure.data if trace.name == "rolling")
    one = model.loadings_.sel(asset="asset 2", factor="market")
    half = 1.959963984540054 * np.sqrt(one["filtered_variance"].to_numpy())
    np.testing.assert_allclose(mean.y, one["filtered"])
    np.testing.assert_allclose(upper.y - mean.y, half)
    np.testing.assert_allclose(mean.y - lower.y, half)
    np.testing.assert_allclose(other.y, rolling.loadings_["filtered"].sel(asset="asset 2", factor="market"))


def test_alpha_is_last_and_in_basis_points(model):
    figure = loadings_figure(model, "asset 1")
    alpha = model.loadings_["filtered"].sel(asset="asset 1", factor="alpha")
    np.testing.assert_allclose(figure.data[11].y, 1e4 * alpha)
    assert "alpha, bp per day" in " ".join(note.text for note in figure.layout.annotations)


def test_another_model_is_aligned_to_dates_and_factors(model, make_model):
    other = make_model(n_dates=100, n_factors=2, seed=3)
    figure = loadings_figure(model, "asset 1", other)
    by_name = figure.data[12].y, figure.data[14].y
    assert np.isfinite(by_name[0][:100]).all()
    assert np.isnan(by_name[0][100:]).all()
    assert np.isnan(by_name[1]).all()


def test_dates_in_sample_are_shaded_and_labelled(model, make_model):
    figure = loadings_figure(model, "asset 1")
    assert {shape.x1 for shape in figure.layout.shapes} == {"2016-06-30T00:00:00"}
    assert [shape.showlegend for shape in figure.layout.shapes if shape.name == "In sample"] == [
        True,
        False,
        False,
        False,
    ]
    assert not loadings_figure(make_model(tuned_until=None), "asset 1").layout.shapes


def test_one_factor_a_wider_band_and_several_others(model, rolling, make_model):
    figure = loadings_figure(model, "asset 2", {"one": rolling, "two": make_model(seed=2)}, factor="market", band=0.99)
    lower, _, mean, one, two = figure.data
    error = np.sqrt(model.loadings_["filtered_variance"].sel(asset="asset 2", factor="market").to_numpy())
    np.testing.assert_allclose(mean.y - lower.y, 2.5758293035489004 * error)
    assert (figure.data[1].name, one.name, two.name) == ("99 % band", "one", "two")
    with pytest.raises(UnknownNameError, match="factor must be one of the model's"):
        loadings_figure(model, "asset 2", factor="gold")
    with pytest.raises(InputError, match="band must be a finite number above 0 and below 1, got 95"):
        loadings_figure(model, "asset 2", band=95)


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


def test_ranges_show_the_band_and_the_central_part_of_the_other_estimate():
    mean, error = np.zeros((3, 101)), np.full((3, 101), 0.5)
    other = np.stack([np.linspace(-10.0, 90.0, 101), np.full(101, np.nan), np.linspace(-0.1, 0.1, 101)])
    other[0, 0] = np.nan
    half = 0.5 * NormalDist().inv_cdf(0.975)
    ends = [(np.nanpercentile(other[0], 2.0), np.nanpercentile(other[0], 98.0)), (-half, half), (-half, half)]
    wanted = [(low - 0.06 * (high - low), high + 0.06 * (high - low)) for low, high in ends]
    assert np.allclose(view_ranges(mean, error, other), wanted)
    assert [view_range(*parts) for parts in zip(mean, error, other, strict=True)] == view_ranges(mean, error, other)
