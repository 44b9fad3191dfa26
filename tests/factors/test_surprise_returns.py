import numpy as np
import pandas as pd
import pytest
from pandas.tseries.holiday import USFederalHolidayCalendar

from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.surprise_returns import surprise_factors
from statefolio.factors.surprises import find_surprises
from statefolio.loadings.least_squares import RollingLoadings

DATES = pd.bdate_range("2020-01-06", "2020-03-27")


def news(published, surprise, scale=2.0, series="cpi"):
    columns = {
        "series": series,
        "published": pd.to_datetime(published, format="ISO8601"),
        "surprise": surprise,
        "scale": scale,
    }
    return pd.DataFrame(columns)


def test_each_surprise_is_on_the_first_trading_date_on_or_after_its_publication():
    table = news(["2020-01-09", "2020-02-15 08:30", "2020-03-10"], [np.nan, 1.0, -3.0])
    result = surprise_factors(table, DATES)
    column = result.returns["cpi"]
    assert column.index.equals(DATES)
    assert column[:"2020-02-14"].isna().all()
    assert column["2020-02-17"] == 1.0  # the 15th is a Saturday
    assert column["2020-03-10"] == -3.0
    assert (column["2020-02-17":].drop(pd.to_datetime(["2020-02-17", "2020-03-10"])) == 0.0).all()
    assert list(result.kinds) == ["observed"]
    assert result.notes == ("'cpi': 2 surprises from 2020-02-17 on, in its own units.",)
    silent = surprise_factors(table, DATES, quiet=np.nan).returns["cpi"]
    assert silent.dropna().to_dict() == {pd.Timestamp("2020-02-17"): 1.0, pd.Timestamp("2020-03-10"): -3.0}


def test_surprises_of_one_trading_date_add_up_and_earlier_ones_are_left_out():
    table = news(["2019-11-01", "2020-01-03", "2020-02-15", "2020-02-17", "2020-03-28"], [9.0, 8.0, 1.0, 2.0, 7.0])
    column = surprise_factors(table, DATES).returns["cpi"]
    assert column["2020-02-17"] == 3.0
    assert column.sum() == 3.0
    assert column.notna().all()
    scaled = surprise_factors(table, DATES, volatility=0.01).returns["cpi"]
    assert scaled["2020-02-17"] == pytest.approx(0.015)


def test_a_series_that_ended_is_not_known_for_ever():
    column = surprise_factors(news(["2020-01-07", "2020-01-08"], [1.0, 2.0]), DATES, stale=30).returns["cpi"]
    assert column[:"2020-01-06"].isna().all()
    assert (column["2020-01-09":"2020-02-07"] == 0.0).all()
    assert column["2020-02-10":].isna().all()


def test_real_series_by_hand_and_by_the_cut(shared):
    """Rates and oil on the stock market's dates: each date has what was published since the date before."""
    macro = pd.read_parquet(shared / "macro_daily_1985_2015.parquet").loc["2010":]
    dates = pd.DatetimeIndex(macro["SP500"].dropna().index)
    frame = pd.DataFrame({"rate": macro["ZC10y"] / 100, "oil": macro["BRENT_USD"], "gold": macro["GOLD_USD"]})
    options = {"transform": {"rate": "difference", "oil": "log difference", "gold": "log difference"}, "every": 10}
    table = find_surprises(frame, {"rate": 1, "oil": pd.offsets.BDay(2), "gold": 0}, max_order=3, **options)
    result = surprise_factors(table, dates)
    assert result.returns.columns.tolist() == ["rate", "oil", "gold"]
    for name, of in table.dropna().groupby("series"):
        for place in range(len(dates) - 200, len(dates)):
            between = (of["published"] > dates[place - 1]) & (of["published"] <= dates[place])
            assert result.returns[name].iloc[place] == pytest.approx(of["surprise"][between].sum(), abs=1e-15)
    cut = surprise_factors(
        find_surprises(frame[:"2012"], {"rate": 1, "oil": pd.offsets.BDay(2), "gold": 0}, max_order=3, **options),
        dates[dates <= "2012-12-31"],
    )
    pd.testing.assert_frame_equal(result.returns[:"2012"], cut.returns, check_exact=True, check_freq=False)


def test_a_macro_factor_goes_into_a_model():
    """A monthly series, published on the 12th, moves a stock on the first trading date after: the loading is found."""
    rng = np.random.default_rng(0)
    months = pd.date_range("1990-01-31", periods=300, freq="ME")
    frame = pd.DataFrame({"inflation": np.cumsum(rng.normal(0, 0.002, 300))}, months)
    dates = pd.bdate_range("2000-01-03", "2014-12-31").difference(USFederalHolidayCalendar().holidays("2000", "2015"))
    factors = surprise_factors(find_surprises(frame, 12, minimum=60), dates, volatility=0.01)
    assert np.count_nonzero(factors.returns["inflation"]) in (179, 180)
    stocks = -2.0 * factors.returns[["inflation"]].rename(columns={"inflation": "bank"}) + rng.normal(
        0, 0.002, (len(dates), 1)
    )
    model = RollingLoadings(window=2000).fit(stocks, factors.returns)
    assert float(model.loadings_["filtered"].sel(factor="inflation")[-1, 0]) == pytest.approx(-2.0, abs=0.1)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"dates": list(DATES)}, DataTypeError, "dates must be a DatetimeIndex, got"),
        ({"dates": DATES[:0]}, InputError, "dates must have .* got an empty index"),
        ({"dates": DATES[::-1]}, InputError, "must have increasing dates"),
        ({"dates": DATES.shift(2000)}, InputError, "'cpi' must have a surprise on the trading dates"),
        (
            {"news": pd.DataFrame({"series": ["a"]})},
            InputError,
            "news must be .* without 'published', 'surprise', 'scale'",
        ),
        ({"quiet": 1.0}, InputError, "quiet must be 0 or NaN, got 1.0"),
        ({"volatility": 0.0}, InputError, "volatility must be .* got 0.0"),
        ({"stale": -1}, InputError, "stale must be .* got -1"),
        ({"news": news(["2020-01-08"], [1.0], scale=0.0), "volatility": 1.0}, InputError, "scale 0"),
    ],
)
def test_invalid_input_is_refused(change, error, message):
    arguments = {"news": news(["2020-01-08"], [1.0]), "dates": DATES} | change
    with pytest.raises(error, match=message):
        surprise_factors(**arguments)


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ({"published": "soon"}, {}),
        ({"surprise": "much"}, {}),
        ({}, {"volatility": "a"}),
        ({}, {"quiet": "a"}),
        ({}, {"quiet": None}),
    ],
)
def test_bad_tables_of_news_and_bad_numbers_are_refused(change, options):
    months = pd.date_range("2000-01-31", periods=3, freq="ME")
    news = pd.DataFrame({"series": "cpi", "published": months, "surprise": 0.1, "scale": 1.0}).assign(**change)
    with pytest.raises((InputError, DataTypeError), match="must"):
        surprise_factors(news, pd.bdate_range("2000-01-01", "2000-06-30"), **options)


def test_news_of_nothing_is_refused():
    months = pd.date_range("2000-01-31", periods=3, freq="ME")
    news = pd.DataFrame({"series": "cpi", "published": months, "surprise": 0.1, "scale": 1.0}).iloc[:0]
    with pytest.raises(InputError, match=r"news must have .* got an empty table"):
        surprise_factors(news, pd.bdate_range("2000-01-01", "2000-06-30"))


def test_dates_long_after_a_release_are_counted_in_a_note():
    years = pd.to_datetime(["2020-01-06", "2021-01-04"])
    dates = pd.bdate_range("2020-01-06", "2021-01-29")
    found = surprise_factors(news(years, [0.1, 0.2]), dates)
    unknown = int(found.returns["cpi"].isna().sum())
    assert unknown > 150
    assert found.notes[-1] == f"'cpi': {unknown} later dates are not known, more than 100 days after a release."
    assert len(surprise_factors(news(years, [0.1, 0.2]), dates, stale=400).notes) == 1
