"""Verdicts on baskets that revert and that do not, and their p-values by hand."""

import numpy as np
import pandas as pd
import pytest
from arch.unitroot import ADF
from baskets import simulate, walks
from sklearn.base import clone

from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.adaptive.collapse import Collapse
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.verdict import statistics
from statefolio.pairs.verdict.calibration import VerdictRow, calibrated_p, outcome_of
from statefolio.pairs.verdict.verdict import judge_basket
from statefolio.pairs.verdict.verdict_sentence import VerdictFacts, sentence

ADAPTIVE = KalmanHedge(tuning="adaptive", passes=10)
OTHERWISE = KalmanHedge(
    tuning="adaptive", passes=4, center_spread=False, adaptive_start="path", center="sample", on_collapse="continue"
)


def test_a_basket_that_reverts_and_one_that_does_not() -> None:
    for hedge in (ADAPTIVE, StaticHedge()):
        found = judge_basket(hedge, simulate(1, a=0.85), draws=39, passes=10)
        assert (found.outcome, found.p_value) == ("reverts", 0.025)
        assert found.table.loc["half_life_held", "value"] < 10.0
        assert ": reverts. The held value has a half-life of " in found.sentence
        assert judge_basket(hedge, walks(1), draws=39, passes=10).p_value > 0.05


def test_a_stationary_spread_with_a_held_value_that_does_not_revert_is_misleading() -> None:
    found = judge_basket(KalmanHedge("identity", "fixed"), walks(3), draws=39)
    spread = found.table.loc["adf_predicted"]
    assert spread["nominal_p"] < 1e-6 < 0.05 < found.p_value
    assert spread["false_alarms"] == 1.0
    assert found.outcome == "fooled itself"
    assert "fooled itself" in str(found)


def test_the_collapse_of_the_tuning_is_reported() -> None:
    asked = clone(ADAPTIVE).set_params(passes=100)
    found = judge_basket(asked, walks(28), draws=19, passes=30)
    assert found.collapse is not None
    assert found.table["nominal_p"].min() > 0.2  # the collapse is the only warning
    assert f"collapsed in pass {found.collapse.at_pass} ({found.collapse.reason}" in found.sentence
    assert (found.collapse.reason, found.outcome) == ("persistence", "no evidence")
    assert found.hedge.passes == 30
    assert asked.passes == 100
    assert (found.draws["collapsed_at"] > 0).any()


@pytest.mark.parametrize(
    ("reason", "outcome"), [("measurement variance", "fooled itself"), ("persistence", "no evidence")]
)
def test_only_a_filter_that_reproduces_prices_is_misleading(reason: str, outcome: str) -> None:
    rows = {name: VerdictRow(-1.0, 0.6, 0.6, 0.1, "") for name in ("adf_held", "adf_predicted", "adf_filtered")}
    assert outcome_of(rows, Collapse(reason, 7, 6, ""), 0.05) == outcome


def test_no_more_passes_are_run_than_the_hedge_has() -> None:
    found = judge_basket(clone(ADAPTIVE).set_params(passes=1), walks(2), draws=19)
    assert found.hedge.passes == len(found.hedge.trace_) == 1
    assert found.draws["collapsed_at"].max() <= 1


@pytest.mark.parametrize(
    ("held", "nominal", "calibrated", "outcome"),
    [
        (0.04, 0.5, 0.5, "reverts"),
        (0.2, 0.01, 0.3, "fooled itself"),  # the nominal test is misleading
        (0.2, 0.01, 0.01, "no evidence"),  # the spread reverts, but it is not a profit
        (0.2, 0.3, 0.3, "no evidence"),
    ],
)
def test_outcomes(held: float, nominal: float, calibrated: float, outcome: str) -> None:
    rows = {
        "adf_held": VerdictRow(-2.0, 0.3, held, 0.1, ""),
        "half_life_held": VerdictRow(9.0, np.nan, 0.4, np.nan, ""),
    }
    rows |= {name: VerdictRow(-4.0, nominal, calibrated, 0.5, "") for name in ("adf_predicted", "adf_filtered")}
    assert outcome_of(rows, None, 0.05) == outcome
    table = walks(1)
    hedge = StaticHedge().fit(table)
    text = sentence(VerdictFacts(outcome, rows, 99, 0.0, hedge, None, table.index, True, 0.05))
    assert text.count(f": {outcome}. ") == 1
    assert ("not a profit that an investor can earn" in text) == (outcome == "no evidence" and calibrated < 0.05)


def test_numbers_of_the_table_and_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_AT_ONCE", 64)
    table, heard = walks(4), []
    found = judge_basket(StaticHedge(), table, draws=70, seed=5, progress=lambda done, of: heard.append((done, of)))
    lower = int((found.draws["adf_held"] <= found.table.loc["adf_held", "value"]).sum())
    assert found.p_value == (1 + lower) / 71
    assert found.table.loc["adf_held", "nominal_p"] == pytest.approx(
        ADF(StaticHedge().fit(table).held_value_.fillna(0.0), lags=1).pvalue, rel=1e-9
    )
    nominal = [adf < -2.871 for adf in found.draws["adf_predicted"]]  # MacKinnon's 5 % at 300 dates
    assert found.table.loc["adf_predicted", "false_alarms"] == pytest.approx(np.mean(nominal), abs=0.03)
    assert (
        f"Of 70 baskets with the same price changes that are not cointegrated, tuned in the same way, {lower} reach"
        in str(found)
    )
    assert "ONE hedged by TWO and SIX with constant ratios (least squares)" in found.sentence
    assert heard == [(64, 70), (70, 70)]
    again = judge_basket(StaticHedge(), table, draws=80, seed=5)
    pd.testing.assert_frame_equal(again.draws.iloc[:70], found.draws)


def test_later_dates_are_tested_if_tuning_ends_before() -> None:
    table = simulate(5, a=0.8)
    found = judge_basket(StaticHedge(), table, tune_until=table.index[199], draws=39)
    assert not found.in_sample
    assert (found.dates == table.index[200:]).all()
    assert ", out of sample)" in found.sentence
    assert found.outcome == "reverts"
    changed = table.copy()
    changed.iloc[200:] = walks(6, len(table)).to_numpy()[200:]
    assert judge_basket(StaticHedge(), changed, tune_until=table.index[199], draws=39).outcome != "reverts"


def test_a_draw_that_cannot_be_hedged_counts_against_the_verdict() -> None:
    assert calibrated_p(-3.0, np.array([-1.0, -2.0, -4.0])) == 0.5
    assert calibrated_p(-3.0, np.array([-1.0, np.nan, -4.0])) == 0.75
    assert calibrated_p(np.nan, np.array([-1.0, -2.0, -4.0])) == 1.0


def test_exchange_traded_funds_of_two_commodity_countries(etfs: pd.DataFrame) -> None:
    found = judge_basket(KalmanHedge(tuning="adaptive"), etfs[["EWC", "EWA", "IGE"]].astype(float), draws=99)
    assert found.outcome == "fooled itself"
    assert found.collapse is not None
    assert found.collapse.at_pass < 10
    assert found.table.loc["adf_predicted", "nominal_p"] < 0.01  # as for half of the baskets that are not cointegrated
    assert found.table.loc["adf_predicted", "false_alarms"] > 0.4
    assert found.p_value > 0.2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 18}, "draws must be a whole number of at least 19, got 18"),
        ({"draws": 30, "level": 0.01}, "draws must be at least 99 for level=0.01, .* got 30"),
        ({"passes": 0}, "passes must be .* got 0"),
        ({"passes": True}, "passes must be .* got True"),
        ({"seed": -1}, "seed must be .* got -1"),
        ({"level": np.nan}, "level must be .* got nan"),
        ({"block": 0}, "block must be .* got 0"),
        ({"block": 300}, "block must be .* at most 299 or None, got 300"),
        ({"tune_until": "2011-02-20"}, "tune_until must be followed by at least 20 dates"),
    ],
)
def test_invalid_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        judge_basket(StaticHedge(), walks(0), **options)


def test_a_name_is_not_a_hedge() -> None:
    with pytest.raises(DataTypeError, match="KalmanHedge"):
        judge_basket("adaptive", walks(0))
