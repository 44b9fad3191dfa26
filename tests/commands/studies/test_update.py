"""A study at the last date of its data: orders that turn holdings into target weights."""

import numpy as np
import pandas as pd
import pytest
from small_study import SMALL, Recorded, study_of

from statefolio.commands.studies.update import update_study, write_orders
from statefolio.data import load_demo_prices
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.portfolio.optimisation.best_effort import A_STEP


@pytest.fixture(scope="module")
def updated(tmp_path_factory):
    return update_study(study_of(SMALL, tmp_path_factory.mktemp("update")), Recorded())


def test_orders_turn_holdings_into_targets(updated):
    assert updated.date == pd.Timestamp("2020-06-30")
    assert not updated.due
    assert updated.last_decision == pd.Timestamp("2020-06-01")
    for each in updated.instructions.values():
        assert each.decision.converged
        value = each.holdings.value
        assert value == 1_000_000.0
        after = each.holdings.weights * value
        after = after.add(each.orders["currency"], fill_value=0.0)
        wanted = each.decision.weights.reindex(after.index) * each.account.loc["value", "after"]
        prices = load_demo_prices().loc[updated.date].reindex(after.index)
        assert ((after - wanted).abs() <= prices + 1e-6).all()  # whole shares
        assert each.account.loc["cash", "after"] == pytest.approx(
            each.account.loc["cash", "before"] - each.orders["currency"].sum() - each.orders["cost"].sum()
        )
        assert each.orders["commission"].to_numpy() == pytest.approx(0.0005 * each.orders["currency"].abs().to_numpy())


def test_prices_are_those_of_the_date(updated):
    orders = updated.instructions["even"].orders
    prices = load_demo_prices().loc["2020-06-30"]
    np.testing.assert_array_equal(orders["price"], prices[orders.index])
    np.testing.assert_allclose(orders["shares"] * orders["price"], orders["currency"], rtol=1e-12)
    assert (orders["priced_on"] == updated.date).all()


def test_the_decision_is_that_of_a_longer_walk(updated, tmp_path):
    """Orders on a date of the calendar are the decision of a walk on that date."""
    text = SMALL.replace("to = 2020-06-30", "to = 2020-07-01")
    due = update_study(study_of(text, tmp_path), Recorded())
    assert due.due
    assert due.last_decision == due.date == pd.Timestamp("2020-07-01")
    np.testing.assert_allclose(due.instructions["even"].decision.weights, 0.05)
    assert due.instructions["even"].holdings.dates_since == 22


def test_orders_start_from_what_is_really_held(tmp_path):
    held = tmp_path / "held.csv"
    held.write_text("asset,shares\nAAPL,100\nXOM,200\n")
    found = update_study(study_of(SMALL, tmp_path), Recorded(), holdings=held, cash=5_000.0)
    prices = load_demo_prices().loc["2020-06-30"]
    even = found.instructions["even"]
    worth = 100 * prices["AAPL"] + 200 * prices["XOM"] + 5_000.0
    assert even.holdings.value == pytest.approx(worth)
    assert even.holdings.cash == pytest.approx(5_000.0 / worth)
    assert even.orders.loc["KO", "currency"] == pytest.approx(worth / 20, abs=prices["KO"])
    assert even.orders.loc["AAPL", "shares"] == even.orders.loc["AAPL", "shares"].round()
    write_orders(tmp_path / "orders.csv", found)
    table = pd.read_csv(tmp_path / "orders.csv")
    assert list(table.columns[:2]) == ["portfolio", "asset"]
    assert set(table["portfolio"]) == {"budget", "kelly", "even"}
    held.write_text("asset,shares\nTSLA,100\n")
    with pytest.raises(UnknownNameError, match="TSLA"):
        update_study(study_of(SMALL, tmp_path), Recorded(), holdings=held)


def test_where_only_returns_are_known_orders_are_in_currency(tmp_path):
    from statefolio.data import load_demo

    demo = load_demo()
    demo.returns.loc["2018":"2020-06"].to_csv(tmp_path / "returns.csv")
    demo.factors.loc["2018":"2020-06"].assign(RF=1e-5).to_csv(tmp_path / "factors.csv")
    source = 'source = "files"\nreturns = "returns.csv"\nfactors = "factors.csv"\nrisk_free = "RF"'
    text = SMALL.replace('source = "demo"', source)
    found = update_study(study_of(text, tmp_path), Recorded())
    assert list(found.instructions["even"].orders.columns) == [
        *("held", "wanted", "after", "currency", "commission", "spread", "impact", "cost"),
        *("minimum_commission", "turnover", "reason"),
    ]
    (tmp_path / "held.csv").write_text("asset,shares\nAAPL,100\n")
    with pytest.raises(InputError, match=r"Name data\.prices"):
        update_study(study_of(text, tmp_path), Recorded(), holdings=tmp_path / "held.csv")
    wrong = text.replace('"RF"', '"RFF"')
    with pytest.raises(
        UnknownNameError, match=r"data\.risk_free must name columns of the factors .*got 'RFF'.*Did you mean RF\?"
    ):
        update_study(study_of(wrong, tmp_path), Recorded())


LIMITED = """
[study]
name = "limited"
[data]
source = "demo"
from = 2019-06-03
to = 2020-06-30
[loadings]
tuning = "fixed"
state_variance = 1e-3
[risk]
residual_structure = "none"
[portfolio.least]
objective = "minimum_variance"
[portfolio.least.constraints]
turnover = 0.1
upper = 0.2
[backtest]
start = 2020-03-02
benchmark = "least"
rebalance = "monthly"
"""


def test_where_turnover_stops_the_way_orders_are_the_largest_step(tmp_path, capsys):
    """7 % in cash and 92 % in one asset: a turnover of 10 % reaches no weights within the limits."""
    from statefolio.commands.studies.terminal_output import show_orders
    from statefolio.commands.terminal import Terminal

    held = tmp_path / "held.csv"
    held.write_text("asset,shares\nAAPL,1000\nXOM,20\n")
    found = update_study(study_of(LIMITED, tmp_path), Recorded(), holdings=held, cash=7_000.0)
    least = found.instructions["least"]
    assert least.decision.reason == A_STEP
    moved = (least.orders["wanted"] - least.orders["held"]).abs().sum()
    assert moved == pytest.approx(0.1, abs=0.01)  # without orders of less than a share
    assert least.step.steps_left == int(np.ceil(least.step.rest / 0.1))
    assert least.step.steps_left > 10
    assert least.binding == ["turnover"]
    assert (least.orders["reason"].str.contains("turnover")).all()
    with Terminal() as terminal:
        show_orders(terminal, found)
    said = " ".join(capsys.readouterr().out.split())
    assert "Account: the value of --holdings and --cash." in said
    assert "largest step towards the target" in said
    assert f"{least.step.steps_left} more dates of trading" in said


def test_the_account_is_the_walked_value_or_the_given_cash(tmp_path):
    walked = update_study(study_of(LIMITED, tmp_path), Recorded())
    assert walked.account == "the value that the portfolio has walked to"
    assert walked.instructions["least"].holdings.value != 1_000_000.0
    in_cash = update_study(study_of(LIMITED, tmp_path), Recorded(), cash=50_000.0)
    least = in_cash.instructions["least"]
    assert least.holdings.value == 50_000.0
    assert least.holdings.cash == 1.0
    assert least.orders["currency"].sum() == pytest.approx(50_000.0, abs=3_000.0)
    with pytest.raises(InputError, match="--cash must be above 0 without --holdings"):
        update_study(study_of(LIMITED, tmp_path), Recorded(), cash=0.0)


def test_a_holdout_keeps_the_walked_value_to_itself(updated):
    assert "the study's capital" in updated.account
    assert "holdout" in updated.account


def test_a_bad_as_of_is_named_itself(tmp_path):
    for text, day, message in (
        (SMALL, "2017-12-29", "--as-of must not be before data.from, 2018-01-02, got 2017-12-29"),
        (SMALL, "2018-06-29", "--as-of must not be before backtest.start, 2019-01-02, got 2018-06-29"),
        (SMALL.replace("from = 2018-01-02\n", "").replace("start = 2019-01-02\n", ""), "2013-12-31", "--as-of 2013-1"),
        (SMALL.replace("2018-01-02", "2023-01-02").replace("to = 2020-06-30\n", ""), "2023-02-01", "--as-of 2023-02-"),
    ):
        with pytest.raises(InputError, match=message) as raised:
            update_study(study_of(text, tmp_path), Recorded(), as_of=pd.Timestamp(day))
        assert "--to" not in str(raised.value)
        assert "data.to" not in str(raised.value)
