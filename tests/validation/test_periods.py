import numpy as np
import pandas as pd
import pytest

from statefolio.validation.equal_accuracy import diebold_mariano
from statefolio.validation.losses import date_series
from statefolio.validation.periods import find_stress


def plain_volatilities(values):
    """Volatilities known before each row, by explicit sums."""
    found, means = [], [np.nanmean(row) if np.isfinite(row).any() else np.nan for row in values]
    for until in range(len(values)):
        market = [mean for mean in means[:until] if np.isfinite(mean)]
        weights = 0.94 ** np.arange(len(market))[::-1]
        found.append(np.sqrt(weights @ np.square(market) / weights.sum()) if market else np.nan)
    return np.array(found)


def test_against_explicit_sums(stocks):
    returns = stocks[0].iloc[:800, :5].copy()
    returns.iloc[[10, 11, 300]] = np.nan
    values = returns.to_numpy()
    found = find_stress(values, returns.index)
    volatility = plain_volatilities(values)
    np.testing.assert_allclose(found.volatility, volatility, rtol=1e-9)
    for t in (61, 200, 301, 700, 750, 751, 790, 799):
        last = volatility[max(0, t - 749) : t + 1]
        last = last[np.isfinite(last)]
        assert found.stressed.iloc[t] == (len(last) >= 60 and volatility[t] > np.quantile(last, 2 / 3))
    assert np.isnan(found.volatility.iloc[0])
    assert not found.stressed.iloc[:60].any()


def test_stress_is_known_the_day_before(stocks):
    returns = stocks[0]
    changed = returns.copy()
    changed.iloc[700:] *= 10.0
    before, after = (find_stress(table.to_numpy(), returns.index) for table in (returns, changed))
    pd.testing.assert_series_equal(before.stressed.iloc[:701], after.stressed.iloc[:701])
    pd.testing.assert_series_equal(before.volatility.iloc[:701], after.volatility.iloc[:701])
    assert not before.stressed.iloc[701:].equals(after.stressed.iloc[701:])


def test_the_spring_of_2020_was_stress_and_most_of_2017_was_not(stocks):
    stressed = find_stress(stocks[0].to_numpy(), stocks[0].index).stressed
    assert stressed["2020-03-02":"2020-05-01"].all()
    assert stressed["2017-06":"2017-12"].mean() < 0.1


def test_periods_are_means_over_their_dates(validation):
    table = validation.by_period.set_index(["loss", "period", "model"])
    series = date_series(validation.losses, "squared_error")
    year = series[series.index.year == 2020]
    row = table.loc[("squared_error", "2020", "kalman")]
    assert row["mean"] == pytest.approx(year["kalman"].mean(), rel=1e-12)
    assert row.p_value == diebold_mariano(year["kalman"] - year["rolling"]).p_value
    assert np.isnan(table.loc[("squared_error", "2020", "rolling"), "p_value"])
    counts = table.loc["qlike"]["dates"].xs("static", level="model")
    assert list(counts.index) == ["2019", "2020", "calm", "stress"]
    assert counts["2019"] + counts["2020"] == counts["calm"] + counts["stress"] == len(series)
    stressed = validation.stress.stressed.reindex(series.index)
    in_stress = series.loc[stressed, "static"].mean()
    assert table.loc[("squared_error", "stress", "static"), "mean"] == pytest.approx(in_stress, rel=1e-12)
