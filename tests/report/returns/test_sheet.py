"""Tear sheets against empyrical, their own definitions, and odd input."""

from itertools import pairwise

import empyrical
import numpy as np
import pandas as pd
import polars as pl
import pytest

from statefolio.exceptions import DataTypeError, InputError
from statefolio.report import tear_sheet
from statefolio.report.returns.sheet_chapters import sheet_chapters, sheet_lead, sheet_tiles

DATES = pd.bdate_range("2019-01-01", periods=600, name="date")


@pytest.fixture(scope="module")
def both():
    rng = np.random.default_rng(3)
    market = pd.Series(rng.standard_t(4, 600) * 0.007, DATES, name="market")
    return (0.0003 + 0.8 * market + rng.normal(0, 0.004, 600)).rename("fund"), market


@pytest.fixture(scope="module")
def sheet(both):
    return tear_sheet(*both, cash_rate=0.0001)


def test_measures_are_those_of_empyrical(both, sheet):
    r, b = both
    own = sheet.measures["fund"]
    expected = {
        "annual_return": empyrical.annual_return(r),
        "annual_volatility": empyrical.annual_volatility(r),
        "sharpe": empyrical.sharpe_ratio(r, risk_free=0.0001),
        "sortino": empyrical.sortino_ratio(r - 0.0001),
        "maximum_drawdown": empyrical.max_drawdown(r),
        "calmar": empyrical.calmar_ratio(r),
        "value_at_risk_95": empyrical.value_at_risk(r),
        "tail_ratio": empyrical.tail_ratio(r),
        "beta": empyrical.beta(r, b, risk_free=0.0001),
        "up_capture": empyrical.up_capture(r, b),
        "down_capture": empyrical.down_capture(r, b),
        "information_ratio": empyrical.excess_sharpe(r, b) * np.sqrt(252),
        "total_return": empyrical.cum_returns_final(r),
        "best_month_return": empyrical.aggregate_returns(r, "monthly").max(),
        "worst_year_return": empyrical.aggregate_returns(r, "yearly").min(),
    }
    np.testing.assert_allclose([own[name] for name in expected], list(expected.values()), rtol=1e-9)


def test_alpha_and_beta_are_those_of_a_regression(both, sheet):
    r, b = both
    slope, intercept = np.polyfit(b - 0.0001, r - 0.0001, 1)
    assert sheet.measures.loc["beta", "fund"] == pytest.approx(slope)
    assert sheet.measures.loc["annual_alpha", "fund"] == pytest.approx(252 * intercept)
    assert sheet.measures.loc["r_squared", "fund"] == pytest.approx(np.corrcoef(r, b)[0, 1] ** 2)


def test_drawdowns_do_not_overlap_and_the_first_is_the_deepest(both, sheet):
    table = sheet.drawdowns
    assert table["drawdown"].iloc[0] == pytest.approx(empyrical.max_drawdown(both[0]))
    assert table["drawdown"].is_monotonic_increasing
    value = (1 + both[0]).cumprod()
    for row in table.itertuples():
        top = 1.0 if row.peak == "start" else value[row.peak]
        assert value[row.trough] / top - 1 == pytest.approx(row.drawdown)
        assert row.recovery is None or value[row.recovery] >= top
    starts = [DATES[0] if peak == "start" else peak for peak in table["peak"]]
    spans = sorted(zip(starts, [end or DATES[-1] for end in table["recovery"]], strict=True))
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_rolling_measures_end_with_those_of_the_last_window(both, sheet):
    r, b = both
    last, against = r.iloc[-100:], b.iloc[-100:]
    assert sheet.plot_beta(100).data[0].y[-1] == pytest.approx(empyrical.beta(last, against), rel=1e-5)
    assert sheet.plot_volatility(100).data[0].y[-1] == pytest.approx(100 * empyrical.annual_volatility(last), rel=1e-5)
    assert sheet.plot_sharpe(100).data[-1].y[-1] == pytest.approx(empyrical.sharpe_ratio(last, 0.0001), rel=1e-5)


def test_figures_have_the_series(both, sheet):
    assert sheet.plot_value().data[0].y[-1] == pytest.approx(float((1 + both[0]).prod()), rel=1e-5)
    assert [trace.name for trace in sheet.plot_drawdown().data] == ["fund", "market"]
    assert float(np.sum(sheet.plot_distribution().data[0].y)) == pytest.approx(100.0, rel=1e-4)
    assert sheet.plot_monthly().data[0].z.shape == (3, 12)


def test_the_report_begins_with_the_answer(sheet):
    lead = sheet_lead(sheet)
    assert lead.startswith(f"fund earned {sheet.measures.loc['annual_return', 'fund']:.1%} a year")
    assert "Its deepest drawdown was" in lead
    assert list(sheet_tiles(sheet))[:4] == ["Annual return", "Annual volatility", "Sharpe", "Maximum drawdown"]
    assert [chapter.title for chapter in sheet_chapters(sheet)][1:3] == ["Measures", "Worst drawdowns"]
    assert "Annual alpha" in str(sheet.summary())


def test_missing_ends_and_shorter_benchmarks_are_said(both):
    r, b = both
    late = pd.concat([pd.Series([np.nan], [DATES[0] - pd.offsets.BDay()]), r])
    found = tear_sheet(late, b.iloc[100:300])
    assert len(found.returns) == 600
    assert "1 missing values before and after are left out" in found.notes[0]
    assert "the 200 of 600 dates that both have" in found.notes[1]
    assert found.measures.loc["beta", found.name] == pytest.approx(empyrical.beta(r.iloc[100:300], b.iloc[100:300]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: 100 * r, "percent, it seems. Divide them by 100"),
        (lambda r: 50 * (1 + r).cumprod(), r"prices, it seems. Pass returns: sf.to_returns\(prices\)"),
        (lambda r: r.where(np.arange(len(r)) != 50), "must be known on every date, got NaN on 1 of 600 dates"),
        (lambda r: r.reset_index(drop=True), "must be indexed by dates, got an index of 0"),
        (lambda r: r * np.nan, "must have at least one value, got none"),
        (lambda r: pd.concat([r, r]), "must have each date once"),
        (lambda r: r.to_numpy(), "must be a Series by date or a back-test's result, got a ndarray"),
        (lambda r: pd.DataFrame({"a": r, "b": r}), "must have one column, got 2 columns"),
        (lambda r: r.iloc[:0], "at least one"),
    ],
)
def test_what_is_no_series_of_returns_is_refused(both, change, said):
    with pytest.raises((InputError, DataTypeError), match=said):
        tear_sheet(change(both[0]))


def test_a_benchmark_of_other_dates_is_refused(both):
    with pytest.raises(InputError, match="benchmark must have dates of the returns"):
        tear_sheet(both[0].iloc[:300], both[1].iloc[300:])


@pytest.mark.parametrize("some", [slice(0, 1), slice(0, 2), slice(None)])
def test_short_and_constant_series_have_reasons_and_a_report(both, some, tmp_path):
    for r in (both[0].iloc[some], 0.0 * both[0].iloc[some]):
        found = tear_sheet(r, 0.0 * r)
        assert found.reasons["beta"] == "the benchmark does not vary"
        assert set(found.reasons) >= set(found.measures.index[found.measures[found.name].isna()]) - {"tail_ratio"}
        assert sheet_lead(found)
        assert "nan" not in str(found.summary())
        assert len(sheet_chapters(found)) == 4


def test_polars_and_results_are_read(both):
    frame = pl.DataFrame({"date": list(DATES.date), "fund": both[0].to_numpy()})
    assert tear_sheet(frame).measures["fund"].equals(tear_sheet(both[0]).measures["fund"])
