import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio._arrays.dates import read_date, read_dates, row_from, rows_through, rows_until, split_row
from statefolio.exceptions import InputError

DATES = pd.bdate_range("2019-01-01", "2020-06-30")


def test_a_text_is_the_whole_period_where_it_is_the_last():
    assert read_date("2020-03", "end") == pd.Timestamp("2020-03-01")
    assert read_date("2020-03", "end", last=True).normalize() == pd.Timestamp("2020-03-31")
    assert read_date("2020-03-05", "end", last=True) > pd.Timestamp("2020-03-05 23:59")
    assert read_date(dt.date(2020, 3, 5), "end", last=True) == pd.Timestamp("2020-03-05")


@pytest.mark.parametrize(
    "given",
    [
        "soon",
        "",
        pd.NaT,
        None,
        2.5,
        2.5j,
        20200305,
        True,
        pd.Timestamp("2020-03-05", tz="UTC"),
        "2020-03-05T00:00+01:00",
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_what_is_not_a_date_is_refused(given, last):
    with pytest.raises(InputError, match="start must be a date"):
        read_date(given, "start", last=last)


@pytest.mark.parametrize("given", ["2020-03-05", "2", 2.5, True])
def test_what_is_not_a_list_of_dates_is_refused(given):
    with pytest.raises(InputError, match="cuts must be a list of dates"):
        read_dates(given, "cuts")
    with pytest.raises(InputError, match="cuts must be a date, got 'soon'"):
        read_dates(["2020-03-05", "soon"], "cuts")
    assert read_dates(["2020-03", dt.date(2021, 1, 5)], "cuts").tolist() == [
        pd.Timestamp("2020-03-01"),
        pd.Timestamp("2021-01-05"),
    ]


def test_rows_from_and_through_a_date():
    assert rows_until(DATES, None) == rows_through(DATES, None, "end") == len(DATES)
    assert DATES[rows_until(DATES, "2019") - 1] == pd.Timestamp("2019-12-31")
    assert DATES[row_from(DATES, "2019-02", "start")] == pd.Timestamp("2019-02-01")
    assert DATES[split_row(DATES, "2019-12-28", "test_from")] == pd.Timestamp("2019-12-30")
    assert rows_through(DATES, "2018", "end") == row_from(DATES, None, "start") == row_from(DATES, "2018", "start") == 0
    assert row_from(DATES, "2021", "start") == len(DATES)
    assert rows_through(DATES, DATES[4], "end") == 5
    assert row_from(DATES, DATES[4], "start") == 4
    assert split_row(DATES, DATES[1], "test_from") == 1
    assert split_row(DATES, DATES[-1], "test_from") == len(DATES) - 1


@pytest.mark.parametrize("given", ["2018-12-31", "2018", dt.date(2018, 1, 1)])
def test_a_period_that_ends_before_the_first_date_is_refused(given):
    with pytest.raises(InputError, match="tune_until must not be before the first date, 2019-01-01"):
        rows_until(DATES, given)


@pytest.mark.parametrize("given", ["2018", "2019-01-01", "2021"])
def test_a_split_needs_dates_on_both_sides(given):
    before = 0 if given < "2020" else len(DATES)
    counts = f"{before} dates are before it and {len(DATES) - before} from it on"
    with pytest.raises(
        InputError, match=f"test_from must be a date after 2019-01-01 and not after 2020-06-30, .*{counts}"
    ):
        split_row(DATES, given, "test_from")


def _panel() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(3)
    factors = pd.DataFrame(rng.normal(0, 0.01, (len(DATES), 1)), DATES, ["market"])
    returns = pd.DataFrame(factors.to_numpy() + rng.normal(0, 0.01, (len(DATES), 3)), DATES, ["A", "B", "C"])
    return returns, factors, 100.0 * (1.0 + returns).cumprod()


FITS = {
    "StaticLoadings": lambda r, f, p, until: (
        sf.StaticLoadings().fit(r, f, tune_until=until).loadings_.attrs["tuned_until"]
    ),
    "KalmanLoadings": lambda r, f, p, until: (
        sf.KalmanLoadings(tuning="discount").fit(r, f, tune_until=until).loadings_.attrs["tuned_until"]
    ),
    "StaticHedge": lambda r, f, p, until: sf.pairs.StaticHedge().fit(p, tune_until=until).tuned_until_,
    "KalmanHedge": lambda r, f, p, until: sf.KalmanHedge().fit(p, tune_until=until).tuned_until_,
    "KalmanMean": lambda r, f, p, until: sf.portfolio.KalmanMean(spread=1e-3).fit(r, tune_until=until).tuned_until_,
}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_every_model_reads_tune_until_alike(fit):
    returns, factors, prices = _panel()
    assert pd.Timestamp(fit(returns, factors, prices, "2019")) == pd.Timestamp("2019-12-31")
    assert pd.Timestamp(fit(returns, factors, prices, "2019-06")) == pd.Timestamp("2019-06-28")
    assert pd.Timestamp(fit(returns, factors, prices, pd.Timestamp("2019-06-30"))) == pd.Timestamp("2019-06-28")
    for wrong in (pd.Timestamp("2019-06-30", tz="Europe/Berlin"), "soon", "2018"):
        with pytest.raises(InputError, match="tune_until must"):
            fit(returns, factors, prices, wrong)


def test_dates_of_arguments_are_read_in_one_place():
    source = Path(sf.__file__).parent
    readers = [file for file in source.rglob("*.py") if "slice_indexer" in file.read_text(encoding="utf-8")]
    assert readers == []
