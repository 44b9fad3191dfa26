"""A study file with everything that an account has: fees, flows, lots, minimum commissions, rates by date."""

import pandas as pd
import pytest
from small_study import Recorded, study_of

from statefolio.commands.studies.building import build_study
from statefolio.commands.studies.measures import since
from statefolio.commands.studies.options import StudyOutput
from statefolio.commands.studies.records.configuration import configuration, identity
from statefolio.commands.studies.run import run_study
from statefolio.commands.studies.walking import make_walk
from statefolio.data import load_demo, load_demo_prices
from statefolio.exceptions import InputError, UnknownNameError

PLAIN = """
[study]
name = "everything"
[data]
source = "demo"
from = 2018-01-02
to = 2019-06-28
[loadings]
tuning = "fixed"
state_variance = 1e-3
[portfolio.even]
objective = "equal_weight"
[portfolio.calm]
objective = "inverse_volatility"
window = 60
[validation]
look_ahead_cuts = 0
[validation.windows]
count = 2
[backtest]
start = 2018-06-01
benchmark = "even"
capital = 100_000
"""
EVERYTHING = f"""{PLAIN}
flows = {{ 2018-09-03 = 20_000, 2019-03-01 = -10_000 }}
[backtest.costs]
proportional = 0.0005
borrow = "borrow.csv"
short_rebate = -0.002
minimum_commission = 2.0
lot_size = 5
minimum_order = 300
management_fee = 0.02
performance_fee = 0.2
crystallised = "quarterly"
"""
FURTHER = {"minimum_commission", "management_fee", "performance_fee", "deposits", "withdrawals", "untraded"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("everything")
    returns = load_demo().returns.loc["2018":"2019-06"]
    pd.DataFrame(0.01, index=returns.index, columns=returns.columns).to_csv(folder / "borrow.csv")
    run_study(study_of(EVERYTHING, folder), StudyOutput(out=folder / "out"), Recorded())
    return folder / "out"


def test_the_ledger_has_the_lines_and_adds_up(ran):
    ledger = pd.read_parquet(ran / "ledger.parquet").query("portfolio == 'even'").set_index("date")
    assert set(ledger.columns) >= FURTHER
    assert ledger["deposits"].sum() == 20_000.0
    assert ledger.loc["2018-09-04", "deposits"] == 20_000.0  # the 3rd was a holiday
    paid = ledger[["trading_cost", "minimum_commission", "management_fee", "performance_fee"]].sum(axis=1)
    earned = ledger["profit"] + ledger["cash_interest"] + ledger["deposits"] - ledger["withdrawals"]
    gap = ledger["value"].diff() - (earned - paid - ledger["borrow_fee"] - ledger["financing_fee"])
    assert gap.abs().max() <= 1e-5
    assert (ledger[["minimum_commission", "management_fee", "performance_fee", "untraded"]].abs().sum() > 0.0).all()


def test_the_report_shows_costs_and_flows(ran):
    page = (ran / "report.html").read_text(encoding="utf-8")
    for text in (
        "management fee 2 % a year",
        "performance fee 20 %",
        "minimum commission 2,",
        "borrow a year by asset and date",
        "quarterly",
        "Deposits of 20,000 and withdrawals of 10,000, which returns leave out",
        "Minimum commission",
        "Management fee",
        "Withdrawals",
    ):
        assert text in page
    value = pd.read_csv(ran / "value.csv", index_col="date")
    assert value["even, without flows"].iloc[-1] != pytest.approx(value["even"].iloc[-1], rel=0.01)


def test_an_unused_option_leaves_the_trials_on_record_as_they_were(tmp_path):
    study = study_of(PLAIN, tmp_path).study
    found = configuration(study, "calm")
    former = configuration(study, "calm")
    kept = ("proportional", "half_spread", "impact", "impact_window", "borrow", "financing")
    former["backtest"]["costs"] = {name: found["backtest"]["costs"][name] for name in kept}
    former["backtest"].pop("flows")
    assert identity(found, study) == identity(former, study)
    other = study_of(EVERYTHING, tmp_path).study
    used = configuration(other, "calm")
    assert used["backtest"]["costs"]["lot_size"] == 5
    assert identity(used, other) != identity(found, study)


def files_of(folder, data="prices", more="", costs=""):
    """A study on files of prices or returns."""
    demo, prices = load_demo(), load_demo_prices()[["AAPL", "KO"]].loc["2018-01-02":"2019-06-28"]
    table = prices if data == "prices" else demo.returns.loc[prices.index[1] :, ["AAPL", "KO"]]
    table.to_csv(folder / "table.csv")
    demo.factors.loc[prices.index[1] : prices.index[-1]].to_csv(folder / "factors.csv")
    own = f'source = "files"\n{data} = "table.csv"\nfactors = "factors.csv"\n{more}'
    return study_of(PLAIN.replace('source = "demo"', own) + costs, folder)


def test_dividends_from_a_file(tmp_path):
    paid = pd.DataFrame({"KO": [0.37, 0.4]}, index=pd.DatetimeIndex(["2018-09-13", "2019-03-14"], name="date"))
    paid.to_csv(tmp_path / "dividends.csv")
    walk = walk_of(files_of(tmp_path, more='dividends = "dividends.csv"'))
    while not walk.done:
        walk.step()
    result = walk.results()["even"]
    ledger = result.ledger
    assert (ledger["dividends"] > 0.0).sum() == 2
    later = since(result, pd.Timestamp("2018-09-14")).ledger  # as if it had started on the first ex-date
    assert later.index[0] == pd.Timestamp("2018-09-13")
    assert later["dividends"].iloc[0] == 0.0
    assert later[["value", "cash"]].iloc[0].tolist() == ledger.loc[later.index[0], ["value", "cash"]].tolist()
    with pytest.raises(InputError, match="must have prices, without dividends"):
        files_of(tmp_path, "returns", more='dividends = "dividends.csv"')


def walk_of(file):
    built = build_study(file)
    return make_walk(built, built.market)


@pytest.mark.parametrize(
    ("data", "costs", "error", "text"),
    [
        ("returns", "lot_size = 1", InputError, r"backtest\.costs\.lot_size must be 0 without data\.prices"),
        ("prices", "lot_size = { TSLA = 1 }", UnknownNameError, r"backtest\.costs\.lot_size must name assets"),
        ("prices", 'borrow = "few.csv"', UnknownNameError, "borrow must have a column for every asset"),
        ("prices", 'short_rebate = "late.csv"', InputError, "short_rebate must have every date of the run"),
    ],
)
def test_costs_that_do_not_fit_the_data(tmp_path, data, costs, error, text):
    dates = pd.bdate_range("2018-01-02", "2019-06-28", name="date")
    pd.DataFrame({"KO": 0.01}, index=dates).to_csv(tmp_path / "few.csv")
    pd.DataFrame({"KO": 0.01, "AAPL": 0.01}, index=dates[-20:]).to_csv(tmp_path / "late.csv")
    study = files_of(tmp_path, data, costs=f"[backtest.costs]\n{costs}\n")
    with pytest.raises(error, match=text):
        walk_of(study)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("flows = { soon = 5 }", "a date such as"),
        ("flows = 5", "a table from dates to amounts"),
        ("[backtest.costs]\nmanagement_fee = 2", r"backtest\.costs\.management_fee"),
        ('[backtest.costs]\ncrystallised = "daily"', "monthly"),
        ("[backtest.costs]\nborrow = true", "or the path of a file"),
    ],
)
def test_fields_that_are_not_valid(tmp_path, line, text):
    with pytest.raises(InputError, match=text):
        study_of(f"{PLAIN}\n{line}\n", tmp_path)
