import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import statefolio as sf
from statefolio.backtest.performance import measures
from statefolio.exceptions import DataTypeError, InputError


def dated(values, start="2020-01-01"):
    values = np.asarray(values, dtype=float)
    return pd.Series(values, index=pd.bdate_range(start, periods=len(values)))


@pytest.fixture(scope="module")
def stock():
    return sf.load_demo().returns.iloc[:, 0]


def test_against_closed_forms_on_four_dates():
    found = measures(dated([0.10, -0.05, 0.02, 0.01]), periods_per_year=4)
    r = np.array([0.10, -0.05, 0.02, 0.01])
    grown = 1.1 * 0.95 * 1.02 * 1.01
    spread = np.sqrt(((r - 0.02) ** 2).sum() / 3)
    assert found["total_return"] == pytest.approx(grown - 1, abs=1e-14)
    assert found["annual_return"] == pytest.approx(grown - 1, abs=1e-14)  # four dates are a year
    assert found["annual_volatility"] == pytest.approx(2 * spread, abs=1e-14)
    assert found["sharpe"] == pytest.approx(0.02 / spread * 2, abs=1e-12)
    assert found["sortino"] == pytest.approx(0.02 / np.sqrt(0.05**2 / 4) * 2, abs=1e-12)
    assert found["maximum_drawdown"] == pytest.approx(-0.05, abs=1e-14)
    assert found["calmar"] == pytest.approx((grown - 1) / 0.05, abs=1e-12)
    assert found["cvar_95"] == pytest.approx(-0.05, abs=1e-14)
    assert found["hit_rate"] == 0.75
    assert found["drawdown_dates"] == 3
    assert np.isnan(found["recovery_dates"])
    assert "not recovered" in found.attrs["reasons"]["recovery_dates"]


def test_against_empyrical_and_skfolio_on_a_stock(stock):
    import empyrical
    from skfolio import Portfolio
    from skfolio.measures import get_drawdowns

    found, r = measures(stock), stock.to_numpy()
    theirs = {
        "annual_return": empyrical.annual_return(stock),
        "annual_volatility": empyrical.annual_volatility(stock),
        "sharpe": empyrical.sharpe_ratio(stock),
        "sortino": empyrical.sortino_ratio(stock),
        "calmar": empyrical.calmar_ratio(stock),
        "maximum_drawdown": empyrical.max_drawdown(stock),
        "total_return": empyrical.cum_returns_final(stock),
    }
    for name, value in theirs.items():
        assert found[name] == pytest.approx(value, rel=1e-10), name
    whole = Portfolio(X=stock.to_frame(), weights=[1.0], annualization_factor=252)
    assert found["sharpe"] == pytest.approx(whole.annualized_sharpe_ratio, rel=1e-10)
    assert found["annual_volatility"] == pytest.approx(whole.annualized_standard_deviation, rel=1e-10)
    assert found["cvar_95"] == pytest.approx(-whole.cvar, rel=1e-10)
    assert found["skewness"] == pytest.approx(whole.skew, rel=1e-10)
    assert found["kurtosis"] == pytest.approx(whole.kurtosis, rel=1e-10)
    assert found["maximum_drawdown"] == pytest.approx(get_drawdowns(r, compounded=True).min(), rel=1e-10)
    worst, k = np.sort(r), 0.05 * len(r)
    partial = (worst[: int(k)].sum() + (k - int(k)) * worst[int(k)]) / k
    assert found["cvar_95"] == pytest.approx(partial, rel=1e-10)


def test_cash_is_subtracted_in_ratios_and_hits():
    r, cash = dated([0.02, 0.0, 0.03, -0.01]), dated([0.001, 0.001, 0.001, 0.001])
    found, excess = measures(r, cash_rate=cash), measures(r - 0.001)
    for name in ("sharpe", "sortino", "hit_rate"):
        assert found[name] == pytest.approx(excess[name], rel=1e-12)
    assert found["annual_return"] == measures(r)["annual_return"]
    assert measures(r, cash_rate=0.001)["sharpe"] == pytest.approx(found["sharpe"], rel=1e-12)


def test_against_a_benchmark(stock):
    import empyrical

    market = sf.load_demo().factors["market"]
    found = measures(stock.iloc[10:], benchmark=market)  # a benchmark may have more dates
    active = (stock - market).iloc[10:]
    assert found["tracking_error"] == pytest.approx(active.std() * np.sqrt(252), rel=1e-10)
    theirs = empyrical.excess_sharpe(stock.iloc[10:], market.iloc[10:]) * np.sqrt(252)
    assert found["information_ratio"] == pytest.approx(theirs, rel=1e-10)
    assert found["active_return"] == pytest.approx(active.mean() * 252, rel=1e-10)
    same = measures(stock, benchmark=stock)
    assert same["tracking_error"] == 0
    assert np.isnan(same["information_ratio"])
    with pytest.raises(InputError, match="benchmark must have every date of the returns, got 1 missing"):
        measures(stock, benchmark=market.iloc[1:])


def test_a_result_provides_turnover_and_weights(stock):
    class Result:
        returns = stock
        gross_returns = stock + 0.0001
        turnover = pd.Series(0.02, index=stock.index)
        weights = pd.DataFrame({"a": 0.8, "b": -0.3}, index=stock.index)
        periods_per_year = 252.0
        name = "mine"

    found = measures(Result())
    assert found["turnover"] == pytest.approx(0.02 * 252)
    assert found["net_exposure"] == pytest.approx(0.5)
    assert found["gross_exposure"] == pytest.approx(1.1)
    assert found["cost_drag"] == pytest.approx(
        measures(Result.gross_returns)["annual_return"] - measures(stock)["annual_return"], rel=1e-12
    )
    assert 0.02 < found["cost_drag"] < 0.04
    assert found.name == "mine"


def test_cash_alone_has_no_sharpe_ratio():
    for r in (dated(np.zeros(50)), dated(np.full(50, 0.0001))):
        found = measures(r, cash_rate=r)
        assert np.isnan(found["sharpe"])
        assert np.isnan(found["sortino"])
        assert np.isnan(found["calmar"])
        assert found["maximum_drawdown"] == 0
        assert "do not vary" in found.attrs["reasons"]["sharpe"]
        assert found.attrs["reasons"]["calmar"] == "there is no drawdown"


def test_one_date():
    found = measures(dated([0.01]))
    assert found["total_return"] == pytest.approx(0.01)
    assert np.isnan(found[["annual_volatility", "sharpe", "sortino", "skewness"]]).all()
    assert found.attrs["reasons"]["sharpe"] == "one date; two or more are needed"


def test_total_loss():
    found = measures(dated([0.01, -1.0, 0.0]))
    assert found["annual_return"] == -1
    assert found["maximum_drawdown"] == pytest.approx(-1)


def test_bad_input_is_rejected():
    with pytest.raises(InputError, match=r"got NaN on 1 of 3 dates \(first: 2020-01-02\)"):
        measures(dated([0.1, np.nan, 0.1]))
    with pytest.raises(DataTypeError, match="a Series by date"):
        measures([0.1, 0.2])
    with pytest.raises(InputError, match="2 columns"):
        measures(pd.DataFrame({"a": dated([0.1]), "b": dated([0.1])}))
    with pytest.raises(InputError, match="periods_per_year"):
        measures(dated([0.1]), periods_per_year=0)
    with pytest.raises(InputError, match="cash_rate"):
        measures(dated([0.1]), cash_rate=np.inf)


returns = st.lists(st.floats(-0.5, 0.5).filter(lambda x: x == 0 or abs(x) > 1e-6), min_size=2, max_size=40)


@pytest.mark.filterwarnings("ignore::statefolio.exceptions.StatefolioWarning")  # random returns may look like splits
@settings(max_examples=50, deadline=None)
@given(returns, st.floats(0.1, 1.9))
def test_ratios_do_not_depend_on_leverage(values, scale):
    one, other = measures(dated(values)), measures(dated(scale * np.array(values)))
    for name in ("sharpe", "sortino"):
        assert one[name] == pytest.approx(other[name], rel=1e-6, nan_ok=True)
    assert one["maximum_drawdown"] <= 0
