"""A desk follows a study: orders on every date of the calendar, fills, holdings, and what is refused on the way."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from small_study import Recorded, study_of
from typer.testing import CliRunner

from statefolio.commands.command_line import app
from statefolio.commands.studies.age import check_age
from statefolio.commands.studies.building import build_study
from statefolio.commands.studies.update import update_study
from statefolio.commands.studies.walking import make_walk
from statefolio.data import load_demo, load_demo_prices
from statefolio.exceptions import InputError

ASSETS = ["AAPL", "JNJ", "KO", "XOM"]
STUDY = """
[study]
name = "desk"
[data]
source = "files"
prices = "prices.csv"
factors = "factors.csv"
[portfolio.calm]
objective = "inverse_volatility"
window = 40
[backtest]
start = 2018-03-01
rebalance = 10
benchmark = "calm"
capital = 100_000
[backtest.costs]
proportional = 0.0005
half_spread = 0.0002
minimum_commission = 1.0
lot_size = 1
minimum_order = 200
"""


def write_data(folder, prices):
    prices.to_csv(folder / "prices.csv")
    load_demo().factors[["market"]].loc[prices.index[1] : prices.index[-1]].to_csv(folder / "factors.csv")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    write_data(folder, load_demo_prices().loc["2018-01-02":"2019-03-08", ASSETS])
    (folder / "study.toml").write_text(STUDY)
    return folder


def test_orders_followed_for_a_year_are_the_account_of_the_back_test(desk, tmp_path):
    """Filled at the prices of their decisions: shares and cash by hand, beside the ledger, on every date."""
    file = study_of(STUDY, desk)
    built = build_study(file)
    walk = make_walk(built, built.market)
    while not walk.done:
        walk.step()
    result = walk.results()["calm"]
    prices = load_demo_prices()[ASSETS]
    dates, decided = result.ledger.index, set(result.decisions.index)
    shares, cash, held, worth = pd.Series(0.0, index=ASSETS), 100_000.0, tmp_path / "held.csv", [100_000.0]
    for date, following in pairwise(dates):
        if date in decided:
            mine = shares[shares != 0.0].rename_axis("asset").rename("shares")
            mine.reset_index().to_csv(held, index=False)
            found = update_study(
                file, Recorded(), holdings=held if len(mine) else None, cash=cash, as_of=pd.Timestamp(date)
            )
            assert found.due
            assert found.date == date
            orders = found.instructions["calm"].orders
            shares = shares.add(orders["shares"], fill_value=0.0)[ASSETS]
            cash -= (orders["shares"] * orders["price"] + orders["cost"]).sum()
        worth.append(cash + (shares * prices.loc[following]).sum())
    assert len(decided) > 20
    assert (dates[-1] - dates[0]).days > 365
    assert result.ledger["minimum_commission"].sum() > 0.0
    assert np.abs(np.array(worth) / result.value - 1.0).max() <= 1e-10


def run(folder, *words):
    words = [str(folder / word) if word.endswith((".toml", ".csv")) else word for word in words]
    done = CliRunner().invoke(app, words)
    return done, " ".join((done.output + str(done.exception or "")).split())


def test_update_fills_reconcile_and_on(desk, tmp_path):
    """The commands one after the other, as typed."""
    for name in ("study.toml", "prices.csv", "factors.csv"):
        (tmp_path / name).write_bytes((desk / name).read_bytes())
    done, said = run(tmp_path, "update", "study.toml", "--cash", "50000", "--as-of", "2019-03-08", "--orders", "o.csv")
    assert done.exit_code == 0, said
    assert "expected costs" in said
    assert "the account before and after" in said
    orders = pd.read_csv(tmp_path / "o.csv")
    assert set(orders["priced_on"]) == {"2019-03-08"}
    fills = orders[["order_id", "asset", "shares", "price"]].assign(commission=1.25, fill_id=range(len(orders)))
    fills["price"] *= 1.001
    fills.loc[0, "shares"] -= 10
    fills.to_csv(tmp_path / "fills.csv", index=False)
    line = ("reconcile", "study.toml", "--fills", "fills.csv", "--orders", "o.csv", "--cash", "50000")
    done, said = run(tmp_path, *line, "--out", "held.csv", "--table", "compared.csv")
    assert done.exit_code == 0, said
    assert "Filled in part: " + orders["asset"][0] in said
    spent = (fills["shares"] * fills["price"]).sum() + 1.25 * len(fills)
    assert f"--cash {50_000 - spent:.2f}" in said
    held = pd.read_csv(tmp_path / "held.csv", index_col="asset")["shares"]
    assert held.to_dict() == fills.set_index("asset")["shares"].to_dict()
    compared = pd.read_csv(tmp_path / "compared.csv", index_col="asset")
    assert compared["slippage"].sum() == pytest.approx(0.001 * (fills["shares"] * orders["price"]).sum())
    done, said = run(
        tmp_path, "update", "study.toml", "--holdings", "held.csv", "--cash", "700", "--as-of", "2019-03-08"
    )
    assert done.exit_code == 0, said
    done, said = run(tmp_path, *line, "--out", "held.csv")
    assert done.exit_code != 0
    assert "exists already" in said
    done, said = run(tmp_path, *line, "--holdings", "held.csv", "--out", "again.csv")
    assert "Not booked again: 0, 1, 2, 3." in said
    assert pd.read_csv(tmp_path / "again.csv").equals(pd.read_csv(tmp_path / "held.csv"))
    fills.assign(asset="TSLA", order_id="").iloc[:1].to_csv(tmp_path / "fills.csv", index=False)
    done, said = run(tmp_path, *line, "--out", "new.csv")
    assert done.exit_code != 0
    assert "must name assets of the data" in said
    assert not (tmp_path / "new.csv").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--as-of", "2019-03-25"), "is 11 business days before 2019-03-25"),
        (("--as-of", "2017-03-25"), "--as-of must not be before backtest.start, 2018-03-01, got 2017-03-25"),
        (("--holdings", "tesla.csv"), "must name assets of the data"),
        (("--holdings", "words.csv"), "ten"),
        (("--holdings", "gone.csv"), "gone.csv"),
        (("--cash", "-5"), "--cash must be above 0 without --holdings"),
        (("--cash", "1", "--portfolio", "wild"), "--portfolio must name portfolios of the data (calm), got 'wild'"),
        (("--broker-format", "fix"), "--broker-format needs --orders"),
    ],
)
def test_wrong_words_are_refused(desk, words, text):
    (desk / "tesla.csv").write_text("asset,shares\nTSLA,100\n")
    (desk / "words.csv").write_text("asset,shares\nAAPL,ten\n")
    words = words if "--as-of" in words else (*words, "--as-of", "2019-03-08")
    done, said = run(desk, "update", "study.toml", *words)
    assert done.exit_code != 0
    assert text in said


def test_a_stale_price_of_a_held_asset_is_refused(tmp_path):
    """XOM has had no price for ten business days: its value is not known, whether it is traded or not."""
    prices = load_demo_prices().loc["2018-01-02":"2019-03-08", ASSETS]
    prices.iloc[-10:, 3] = np.nan
    write_data(tmp_path, prices)
    (tmp_path / "held.csv").write_text("asset,shares\nXOM,100\n")
    file, day = study_of(STUDY, tmp_path), pd.Timestamp("2019-03-08")
    found = update_study(file, Recorded(), holdings=tmp_path / "held.csv", cash=10.0, as_of=day)
    with pytest.raises(InputError, match=r"the last prices of XOM \(2019-02-22\) are older than 5 business days"):
        check_age(found)
    priced = found.instructions["calm"].orders["priced_on"]
    assert priced["XOM"] == pd.Timestamp("2019-02-22")


def test_a_held_asset_without_any_price_is_refused(tmp_path):
    prices = load_demo_prices().loc["2018-01-02":"2019-03-08", ASSETS]
    prices["XOM"] = np.nan
    write_data(tmp_path, prices)
    (tmp_path / "held.csv").write_text("asset,shares\nXOM,100\n")
    with pytest.raises(InputError, match="'XOM' without"):
        update_study(study_of(STUDY, tmp_path), Recorded(), holdings=tmp_path / "held.csv", cash=10.0)


def test_when_everything_is_sold_the_next_update_starts_from_cash(desk, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY.replace('"prices.csv"', f'"{desk}/prices.csv"'))
    (tmp_path / "factors.csv").write_bytes((desk / "factors.csv").read_bytes())
    (tmp_path / "held.csv").write_text("asset,shares\nKO,10\n")
    columns = "portfolio,asset,order_id,shares,price,commission,spread,impact"
    (tmp_path / "o.csv").write_text(f"{columns}\ncalm,KO,1,-10,45,1,0,0\n")
    (tmp_path / "fills.csv").write_text("fill_id,asset,shares,price\n1,KO,-10,45\n")
    line = ("reconcile", "study.toml", "--fills", "fills.csv", "--orders", "o.csv", "--cash", "50")
    done, said = run(tmp_path, *line, "--holdings", "held.csv", "--out", "next.csv")
    assert done.exit_code == 0, said
    assert "Nothing is held. Cash: 500.00." in said
    assert not (tmp_path / "next.csv").exists()
