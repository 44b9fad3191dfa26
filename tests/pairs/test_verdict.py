"""Verdicts on baskets that revert and that do not; what calibrates them, by hand."""

import numpy as np
import pandas as pd
import pytest
from arch.unitroot import ADF
from baskets import simulate
from sklearn.base import clone

from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.judging.bootstrap import ChangeBootstrap
from statefolio.pairs.judging.measures import measure, measure_all
from statefolio.pairs.judging.verdict import calibrated_p, judge_basket, outcome_of
from statefolio.pairs.judging.verdict_sentence import Judged, Row, sentence
from statefolio.pairs.prices import read_basket
from statefolio.pairs.recipe.collapse import Collapse

ADAPTIVE = KalmanHedge(tuning="adaptive", passes=10)
OTHERWISE = KalmanHedge(
    tuning="adaptive", passes=4, center_spread=False, adaptive_start="path", center="sample", on_collapse="continue"
)


def walks(seed: int, dates: int = 300) -> pd.DataFrame:
    draw = np.random.default_rng([7, seed])
    values = 50.0 + np.cumsum(draw.normal(scale=0.5, size=(dates, 3)), axis=0)
    return pd.DataFrame(values, pd.bdate_range("2010-01-04", periods=dates), ["ONE", "TWO", "SIX"])


@pytest.mark.parametrize(
    "hedge",
    [ADAPTIVE, OTHERWISE, KalmanHedge(), StaticHedge(), RollingHedge(60), KalmanHedge("identity", "fixed")],
    ids=["adaptive", "adaptive otherwise", "mle", "static", "rolling", "fixed"],
)
def test_many_baskets_at_once_are_measured_as_each_by_itself(prices: pd.DataFrame, hedge: Hedge) -> None:
    basket = read_basket(prices)
    bootstrap, dates = ChangeBootstrap(basket.values, 7, 0), len(basket.dates)
    for learned in (dates, 300):
        found = measure_all(hedge, bootstrap.draw, 3, basket, learned)
        table = pd.DataFrame(bootstrap.draw(2), basket.dates, basket.assets)
        alone = clone(hedge).fit(table, tune_until=basket.dates[learned - 1])
        expected = measure(alone, read_basket(table), learned)
        np.testing.assert_allclose(found.iloc[2], expected, rtol=2e-4)


def test_measures_are_those_of_arch_of_what_the_hedge_shows(prices: pd.DataFrame) -> None:
    basket = read_basket(prices)
    hedge = StaticHedge().fit(prices, tune_until=basket.dates[249])
    found = measure(hedge, basket, 250)
    held = hedge.held_value_.dropna()
    later = held.loc[held.index >= held.index[held.index <= basket.dates[249]][-1]]
    assert found.adf_held == pytest.approx(ADF(later, lags=1).stat, rel=1e-9)
    slope = np.polyfit(later.to_numpy()[:-1], np.diff(later), 1)[0]
    assert found.half_life_held == pytest.approx(-np.log(2.0) / slope, rel=1e-9)
    spread = hedge.spread_.iloc[250:].dropna()
    assert found.adf_predicted == pytest.approx(ADF(spread["predicted"], lags=1).stat, rel=1e-9)
    assert found.adf_filtered == pytest.approx(ADF(spread["filtered"], lags=1).stat, rel=1e-9)


def test_ratios_that_start_from_nothing_are_given_time() -> None:
    table = simulate(2)
    hedge = RollingHedge(60).fit(table)
    found = measure(hedge, read_basket(table), len(table))
    expected = ADF(hedge.spread_["predicted"].iloc[15:], lags=1).stat
    assert found.adf_predicted == pytest.approx(expected, rel=1e-9)


def test_what_reverts_is_found_and_what_does_not_is_not() -> None:
    for hedge in (ADAPTIVE, StaticHedge()):
        found = judge_basket(hedge, simulate(1, a=0.85), draws=39, passes=10)
        assert (found.outcome, found.p_value) == ("reverts", 0.025)
        assert found.table.loc["half_life_held", "value"] < 10.0
        assert " reverts: " in found.sentence
        assert judge_basket(hedge, walks(1), draws=39, passes=10).p_value > 0.05


def test_a_spread_that_looks_stationary_beside_a_value_that_is_not_has_fooled_itself() -> None:
    found = judge_basket(KalmanHedge("identity", "fixed"), walks(3), draws=39)
    spread = found.table.loc["adf_predicted"]
    assert spread["nominal_p"] < 1e-6 < 0.05 < found.p_value
    assert spread["false_alarms"] == 1.0
    assert found.outcome == "fooled itself"
    assert "fooled itself" in str(found)


def test_the_collapse_of_the_recipe_is_told() -> None:
    asked = clone(ADAPTIVE).set_params(passes=100)
    found = judge_basket(asked, walks(28), draws=19, passes=30)
    assert found.collapse is not None
    assert found.table["nominal_p"].min() > 0.2  # nothing but the collapse speaks against it
    assert f"collapsed in pass {found.collapse.at_pass} ({found.collapse.reason}" in found.sentence
    assert (found.collapse.reason, found.outcome) == ("persistence", "no evidence")
    assert found.hedge.passes == 30
    assert asked.passes == 100
    assert (found.draws["collapsed_at"] > 0).any()


@pytest.mark.parametrize(
    ("reason", "outcome"), [("measurement variance", "fooled itself"), ("persistence", "no evidence")]
)
def test_only_a_filter_that_memorised_prices_fooled_itself(reason: str, outcome: str) -> None:
    rows = {name: Row(-1.0, 0.6, 0.6, 0.1, "") for name in ("adf_held", "adf_predicted", "adf_filtered")}
    assert outcome_of(rows, Collapse(reason, 7, 6, ""), 0.05) == outcome


def test_no_more_passes_are_run_than_the_hedge_has() -> None:
    found = judge_basket(clone(ADAPTIVE).set_params(passes=1), walks(2), draws=19)
    assert found.hedge.passes == len(found.hedge.trace_) == 1
    assert found.draws["collapsed_at"].max() <= 1


@pytest.mark.parametrize(
    ("held", "nominal", "calibrated", "outcome"),
    [
        (0.04, 0.5, 0.5, "reverts"),
        (0.2, 0.01, 0.3, "fooled itself"),  # the nominal test is misled
        (0.2, 0.01, 0.01, "no evidence"),  # the spread does revert; nobody earns it
        (0.2, 0.3, 0.3, "no evidence"),
    ],
)
def test_only_what_misled_has_fooled_itself(held: float, nominal: float, calibrated: float, outcome: str) -> None:
    rows = {"adf_held": Row(-2.0, 0.3, held, 0.1, ""), "half_life_held": Row(9.0, np.nan, 0.4, np.nan, "")}
    rows |= {name: Row(-4.0, nominal, calibrated, 0.5, "") for name in ("adf_predicted", "adf_filtered")}
    assert outcome_of(rows, None, 0.05) == outcome
    table = walks(1)
    hedge = StaticHedge().fit(table)
    told = sentence(Judged(outcome, rows, 99, 0.0, hedge, None, table.index, True, 0.05))
    assert told.count(f" {outcome}: " if outcome != "no evidence" else " shows no evidence that what is held") == 1
    assert ("nobody earns it" in told) == (outcome == "no evidence" and calibrated < 0.05)


def test_numbers_of_the_table_and_the_sentence() -> None:
    table, told = walks(4), []
    found = judge_basket(StaticHedge(), table, draws=70, seed=5, progress=lambda done, of: told.append((done, of)))
    lower = int((found.draws["adf_held"] <= found.table.loc["adf_held", "value"]).sum())
    assert found.p_value == (1 + lower) / 71
    assert found.table.loc["adf_held", "nominal_p"] == pytest.approx(
        ADF(StaticHedge().fit(table).held_value_.fillna(0.0), lags=1).pvalue, rel=1e-9
    )
    nominal = [adf < -2.871 for adf in found.draws["adf_predicted"]]  # MacKinnon's 5 % at 300 dates
    assert found.table.loc["adf_predicted", "false_alarms"] == pytest.approx(np.mean(nominal), abs=0.03)
    assert f"of 70 baskets with the same price changes that are not cointegrated, tuned alike, {lower} do" in str(found)
    assert "ONE hedged by TWO and SIX with constant ratios (least squares)" in found.sentence
    assert told == [(64, 70), (70, 70)]
    again = judge_basket(StaticHedge(), table, draws=80, seed=5)
    pd.testing.assert_frame_equal(again.draws.iloc[:70], found.draws)


def test_later_dates_are_judged_where_tuning_ends_before() -> None:
    table = simulate(5, a=0.8)
    found = judge_basket(StaticHedge(), table, tune_until=table.index[199], draws=39)
    assert not found.in_sample
    assert (found.dates == table.index[200:]).all()
    assert "after those it was tuned on" in found.sentence
    assert found.outcome == "reverts"
    changed = table.copy()
    changed.iloc[200:] = walks(6, len(table)).to_numpy()[200:]
    assert judge_basket(StaticHedge(), changed, tune_until=table.index[199], draws=39).outcome != "reverts"


def test_false_alarms_are_what_they_are_said_to_be() -> None:
    """One draw a basket: the draws' five percent are the baskets' (Giacomini, Politis and White 2013)."""
    real, drawn = [], []
    for seed in range(300):
        basket = read_basket(walks(seed, 150))
        bootstrap = ChangeBootstrap(basket.values, 6, seed)
        prices = [basket.values, bootstrap.draw(0)]
        found = measure_all(ADAPTIVE, prices.__getitem__, 2, basket, 150)
        real.append(found["adf_held"].iloc[0])
        drawn.append(found["adf_held"].iloc[1])
    rate = np.mean(np.array(real) <= np.quantile(drawn, 0.05))
    assert 0.01 < rate < 0.10  # 5 % give or take three standard errors
    assert np.mean(np.array(real) < -2.88) > 0.12  # the nominal test is not a test here


def test_a_draw_that_cannot_be_hedged_counts_against_the_verdict() -> None:
    assert calibrated_p(-3.0, np.array([-1.0, -2.0, -4.0])) == 0.5
    assert calibrated_p(-3.0, np.array([-1.0, np.nan, -4.0])) == 0.75
    assert calibrated_p(np.nan, np.array([-1.0, -2.0, -4.0])) == 1.0


def test_exchange_traded_funds_of_two_commodity_countries(etfs: pd.DataFrame) -> None:
    found = judge_basket(KalmanHedge(tuning="adaptive"), etfs[["EWC", "EWA", "IGE"]].astype(float), draws=99)
    assert found.outcome == "fooled itself"
    assert found.collapse is not None
    assert found.collapse.at_pass < 10
    assert found.table.loc["adf_predicted", "nominal_p"] < 0.01  # "stationary", as are half of those that are not
    assert found.table.loc["adf_predicted", "false_alarms"] > 0.4
    assert found.p_value > 0.2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 18}, "draws=18"),
        ({"draws": 30, "level": 0.01}, "at least 99"),
        ({"passes": 0}, "passes=0"),
        ({"passes": True}, "passes=True"),
        ({"seed": -1}, "seed=-1"),
        ({"level": np.nan}, "level=nan"),
        ({"block": 0}, "block=0"),
        ({"block": 300}, "from 1 to 299"),
        ({"tune_until": "2011-02-20"}, "tune_until"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        judge_basket(StaticHedge(), walks(0), **options)


def test_a_name_is_no_hedge() -> None:
    with pytest.raises(DataTypeError, match="KalmanHedge"):
        judge_basket("adaptive", walks(0))
