import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

import statefolio as sf
from statefolio.backtest.validation.sharpe import (
    SharpeMoments,
    deflated_sharpe,
    expected_maximum_sharpe,
    minimum_length,
    minimum_track_record,
    probabilistic_sharpe,
)
from statefolio.exceptions import InputError

# Bailey and López de Prado (2014), numerical example: annual Sharpe ratio 2.5, five years of 250 days
PAPER = SharpeMoments(2.5 / np.sqrt(250), 1250, -3.0, 10.0)
GAUSSIAN = SharpeMoments(2.5 / np.sqrt(250), 1250)


def test_the_deflated_sharpe_ratio_of_the_paper():
    assert expected_maximum_sharpe(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(PAPER, 100, 0.5, 250) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(PAPER, 46, 0.5, 250) == pytest.approx(0.9505, abs=5e-5)
    assert deflated_sharpe(GAUSSIAN, 88, 0.5, 250) == pytest.approx(0.9505, abs=5e-5)


def test_the_probabilistic_sharpe_ratio_of_the_paper():
    """Bailey and López de Prado (2012), a hedge fund's 24 months: Sharpe ratio .458 a month."""
    assert probabilistic_sharpe(SharpeMoments(0.458, 24), 0.0, 12) == pytest.approx(0.982, abs=5e-4)
    fund = SharpeMoments(0.458, 24, -2.448, 10.164)
    assert probabilistic_sharpe(fund, 0.0, 12) == pytest.approx(0.913, abs=5e-4)


def test_five_years_allow_45_trials():
    """Bailey, Borwein, López de Prado and Zhu (2014), figure 2."""
    assert minimum_length(45) < 5 < minimum_length(46)
    assert minimum_length(10, 1.0) < 2 * np.log(10)  # their upper bound
    assert minimum_length(100, 2.0) == pytest.approx(minimum_length(100) / 4)


@pytest.mark.parametrize("number", [5, 20, 100, 1000])
def test_the_expected_maximum_against_an_integral(number):
    exact = quad(lambda x: x * number * norm.pdf(x) * norm.cdf(x) ** (number - 1), -10, 10)[0]
    assert expected_maximum_sharpe(number) == pytest.approx(exact, abs=0.04)


def test_against_skfolio():
    from skfolio.measures import deflated_sharpe_ratio, probabilistic_sharpe_ratio

    stocks = sf.load_demo().returns
    ratios = (stocks.mean() / stocks.std()).to_numpy()
    for name in stocks.columns[:5]:
        r = stocks[name]
        theirs = probabilistic_sharpe_ratio(r.to_numpy(), 0.02)
        assert probabilistic_sharpe(r, 0.02 * np.sqrt(252)) == pytest.approx(theirs, rel=1e-10)
        theirs = deflated_sharpe_ratio(r.to_numpy(), ratios)
        assert deflated_sharpe(r, 20, ratios.var(ddof=1) * 252) == pytest.approx(theirs, rel=1e-10)


def test_the_minimum_track_record_is_where_the_probability_is_reached():
    dates = minimum_track_record(PAPER, 1.0, 0.95, 250)
    at = SharpeMoments(PAPER.sharpe, int(dates), -3.0, 10.0)
    before = SharpeMoments(PAPER.sharpe, int(dates) - 1, -3.0, 10.0)
    assert probabilistic_sharpe(before, 1.0, 250) < 0.95 <= probabilistic_sharpe(at, 1.0, 250)
    assert minimum_track_record(PAPER, 3.0, 0.95, 250) == np.inf


@given(st.floats(1, 1e6), st.floats(1, 1e6))
def test_more_trials_deflate_more(one, other):
    few, many = sorted((one, other))
    assert expected_maximum_sharpe(few) <= expected_maximum_sharpe(many) + 1e-12 or many < 3
    if few >= 3:
        assert deflated_sharpe(PAPER, few, 0.5, 250) >= deflated_sharpe(PAPER, many, 0.5, 250)


def test_cash_and_short_samples_are_nan():
    stock = sf.load_demo().returns.iloc[:, 0]
    assert np.isnan(probabilistic_sharpe(stock * 0))
    assert np.isnan(probabilistic_sharpe(stock.iloc[:2]))
    assert np.isnan(minimum_track_record(stock * 0))


def test_bad_input_is_rejected():
    with pytest.raises(InputError, match="number must be a finite number of at least 1, got 0"):
        expected_maximum_sharpe(0)
    with pytest.raises(InputError, match="variance"):
        deflated_sharpe(PAPER, 10, -1.0)
    with pytest.raises(InputError, match="sharpe must be a number above 0"):
        minimum_length(10, 0.0)
