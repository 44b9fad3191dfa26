"""Every function that takes returns, prices or weights refuses or warns of what is planted, by kind and asset."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import statefolio as sf
from statefolio import pairs
from statefolio.backtest import Trials, measures, simulate
from statefolio.commands.command_line import app
from statefolio.data import find_suspicious_cells, load_stocks_and_index
from statefolio.exceptions import StatefolioError, StatefolioWarning
from statefolio.factors import traded_factors
from statefolio.portfolio import GivenWeights, KalmanMean

DEMO = sf.load_demo()
RETURNS, FACTORS = DEMO.returns.iloc[:600, 4:12], DEMO.factors.iloc[:600, :2]
PRICES = sf.load_demo_prices().loc["2014":"2016"].iloc[:, 4:12]
ASSET, ROW = "KO", 320
DAY = f"{RETURNS.index[ROW]:%Y-%m-%d}"
PRICE_DAY = f"{PRICES.index[ROW]:%Y-%m-%d}"


def _cells(*values: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Write values into the asset's column from the row on."""

    def plant(table: pd.DataFrame) -> pd.DataFrame:
        table = table.copy()
        table.iloc[ROW : ROW + len(values), table.columns.get_loc(ASSET)] = values
        return table

    return plant


def _column(change: Callable[[Any], Any]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Change the asset's whole column."""
    return lambda table: table.assign(**{ASSET: change(table[ASSET])})


def _split(ratio: float, gap: int = 0) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Leave a split of prices unadjusted; `gap` prices before it are missing."""

    def plant(table: pd.DataFrame) -> pd.DataFrame:
        table = table.copy()
        place = table.columns.get_loc(ASSET)
        table.iloc[ROW:, place] *= ratio
        table.iloc[ROW - gap : ROW, place] = np.nan
        return table

    return plant


def _split_return(ratio: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: _cells((1.0 + table[ASSET].iloc[ROW]) * ratio - 1.0)(table)


FIRST = f"first: '{ASSET}' on {DAY}"
CELLS_OF_RETURNS = {
    "below -100 %": (_cells(-1.5), "nonpositive_price", "above -100 %|at least -1"),
    "total loss in the middle": (_cells(-1.0), "nonpositive_price", "above -100 %"),
    "code -0.9999": (_cells(-0.9999), "vendor_code", "vendor's code"),
    "code -99.99": (_cells(-99.99), "vendor_code", "vendor's code|at least -1"),
    "code -999": (_cells(-999.0), "vendor_code", "vendor's code|at least -1"),
    "code 99999": (_cells(99999.0), "vendor_code", "vendor's code"),
    "code on many dates": (_cells(*[-0.9999] * 20), "vendor_code", "vendor's code"),
    "1e10": (_cells(1e10), "extreme_move", "twenty times"),
    "split 1:2": (_split_return(1 / 2), "split", "look like splits"),
    "split 1:3": (_split_return(1 / 3), "split", "look like splits"),
    "split 2:3": (_split_return(2 / 3), "split", "look like splits"),
    "reverse split 4:1": (_split_return(4.0), "split", "look like splits"),
    "undone": (_cells(1.0, -0.5), "undone_move", "jump and return"),
}
COLUMNS_OF_RETURNS = {
    "percent": (_column(lambda r: (100.0 * r).clip(lower=-0.98)), "percent", f"percent, it seems: '{ASSET}'"),
    "prices": (_column(lambda r: 50.0 * (1.0 + r).cumprod()), "prices", f"prices, it seems: '{ASSET}'"),
    "yearly rate": (
        _column(lambda r: 0.04 + 0.001 * np.sin(np.arange(len(r)) / 20)),
        "yearly_rate",
        f"yearly rates, it seems: '{ASSET}'",
    ),
}
WHOLE_ASSETS = {
    "stale stretch": (_cells(*[0.0] * 60), "mostly_unchanged", f"'{ASSET}' that stands still"),
    "renewed every tenth date": (
        _column(lambda r: r.where(np.arange(len(r)) % 10 == 0, 0.0)), "mostly_unchanged", f"'{ASSET}' that stands still"
    ),
    "near-duplicate": (_column(lambda _: RETURNS["CVX"] * 1.0001), "near_duplicate", f"'{ASSET}' that moves as 'CVX'"),
}  # fmt: skip
KALMAN = sf.KalmanLoadings(tuning="discount", discount_factor=0.99, memory=0.97, degrees_of_freedom=6.0)


DOORS_OF_ASSETS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "StaticLoadings": lambda r: sf.StaticLoadings().fit(r, FACTORS),
    "RollingLoadings": lambda r: sf.RollingLoadings(60).fit(r, FACTORS),
    "KalmanLoadings": lambda r: _copy(KALMAN).fit(r, FACTORS),
    "partial_fit": lambda r: sf.StaticLoadings().fit(RETURNS.iloc[:100], FACTORS).partial_fit(r.iloc[100:], FACTORS),
    "KalmanMean": lambda r: KalmanMean().fit(r),
    "FactorRisk": lambda r: sf.FactorRisk(sf.RollingLoadings(60)).fit(r, FACTORS),
    "Market": sf.Market,
    "Market with factors": lambda r: sf.Market(r, FACTORS),
    "diagnose_specification": lambda r: sf.diagnostics.diagnose_specification(sf.StaticLoadings(), r, FACTORS),
}
DOORS_OF_COLUMNS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "measures": lambda r: measures(r[ASSET]),
    "Trials": lambda r: Trials().add(ASSET, r[ASSET]),
    "traded_factors": traded_factors,
}


ACCOUNTS = ("Market", "Market with factors", "measures", "Trials")


def _copy(model: Any) -> Any:
    return type(model)(**model.get_params())


def outcome(door: Callable[[], Any]) -> list[str]:
    """Call a function; return its warnings, and the text of its refusal."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        texts = []
        try:
            door()
        except StatefolioError as refusal:
            texts.append(str(refusal))
    return texts + [str(warning.message) for warning in caught if issubclass(warning.category, StatefolioWarning)]


def said(texts: list[str], words: str, *names: str) -> bool:
    """Return whether one text alone has one of the words (parted by "|") and all names."""
    fitting = [text for text in texts if any(word in text for word in words.split("|"))]
    return len(fitting) == 1 and all(name in fitting[0] for name in names)


@pytest.mark.parametrize("door", DOORS_OF_ASSETS | DOORS_OF_COLUMNS)
@pytest.mark.parametrize("kind", CELLS_OF_RETURNS)
def test_cells_of_returns(door, kind):
    plant, _, words = CELLS_OF_RETURNS[kind]
    if kind == "total loss in the middle" and door in ACCOUNTS:
        pytest.skip("an account may lose everything, and its returns go on")
    texts = outcome(lambda: (DOORS_OF_ASSETS | DOORS_OF_COLUMNS)[door](plant(RETURNS)))
    assert said(texts, words, FIRST), texts


@pytest.mark.parametrize("door", DOORS_OF_ASSETS | DOORS_OF_COLUMNS)
@pytest.mark.parametrize("kind", COLUMNS_OF_RETURNS)
def test_columns_of_returns(door, kind):
    plant, _, words = COLUMNS_OF_RETURNS[kind]
    texts = outcome(lambda: (DOORS_OF_ASSETS | DOORS_OF_COLUMNS)[door](plant(RETURNS)))
    assert said(texts, words), texts


@pytest.mark.parametrize("door", DOORS_OF_ASSETS)
@pytest.mark.parametrize("kind", WHOLE_ASSETS)
def test_whole_assets(door, kind):
    plant, _, words = WHOLE_ASSETS[kind]
    texts = outcome(lambda: DOORS_OF_ASSETS[door](plant(RETURNS)))
    assert said(texts, words), texts


@pytest.mark.parametrize("kind", CELLS_OF_RETURNS | COLUMNS_OF_RETURNS | WHOLE_ASSETS)
def test_the_list_of_cells_has_the_same_kinds(kind):
    plant, name, _ = (CELLS_OF_RETURNS | COLUMNS_OF_RETURNS | WHOLE_ASSETS)[kind]
    found = find_suspicious_cells(plant(RETURNS), kind="returns")
    assert name in set(found.loc[found["asset"] == ASSET, "kind"])


PRICE_KINDS = {
    "zero": (_cells(0.0), "nonpositive_price", "positive"),
    "negative": (_cells(-99.99), "nonpositive_price", "positive"),
    "1e10": (_cells(1e10), "undone_move", "positive|jump and return"),
    "99999": (_cells(99999.0), "undone_move", "jump and return"),
    "split 1:2": (_split(1 / 2), "split", "look like splits"),
    "split 3:2": (_split(3 / 2), "split", "look like splits"),
    "split 1:4 over a gap": (_split(1 / 4, gap=3), "split", "look like splits"),
    "stale stretch": (lambda p: _cells(*[p[ASSET].iloc[ROW]] * 60)(p), "mostly_unchanged", "stands still"),
    "renewed every tenth date": (
        _column(lambda p: p.where(np.arange(len(p)) % 10 == 0).ffill()), "mostly_unchanged", "stands still"
    ),
}  # fmt: skip
BASKET = [ASSET, "CVX"]
DOORS_OF_PRICES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "Market.from_prices": sf.Market.from_prices,
    "StaticHedge": lambda p: pairs.StaticHedge().fit(p[BASKET]),
    "KalmanHedge": lambda p: sf.KalmanHedge("identity", "fixed").fit(p[BASKET]),
    "screen_pairs": lambda p: pairs.screen_pairs(p.iloc[:, :3].assign(KO=p[ASSET]), likelihood_ratio="none"),
    "hedge_pairs": lambda p: pairs.hedge_pairs(p, [tuple(BASKET)]),
    "cointegration_tests": lambda p: pairs.cointegration_tests(p[BASKET], gaps="drop"),
}


@pytest.mark.parametrize("door", DOORS_OF_PRICES)
@pytest.mark.parametrize("kind", PRICE_KINDS)
def test_prices(door, kind):
    plant, name, words = PRICE_KINDS[kind]
    texts = outcome(lambda: DOORS_OF_PRICES[door](plant(PRICES)))
    assert said(texts, words, ASSET, *([] if name == "mostly_unchanged" else [PRICE_DAY])), texts


@pytest.mark.parametrize("kind", PRICE_KINDS)
def test_the_list_of_prices_has_the_same_kinds(kind):
    plant, name, _ = PRICE_KINDS[kind]
    found = find_suspicious_cells(plant(PRICES), kind="prices")
    assert name in set(found.loc[found["asset"] == ASSET, "kind"])


def test_alike_prices_in_a_screen():
    table = PRICES[["KO", "CVX", "GE"]].assign(KO=3.0 * PRICES["CVX"] * (1.0 + 1e-6 * np.arange(len(PRICES)) % 2))
    texts = outcome(lambda: pairs.hedge_pairs(table, [("KO", "GE")]))
    assert said(texts, "once, got 'CVX' that moves as 'KO'"), texts


RISK = sf.FactorRisk(sf.RollingLoadings(60)).fit(RETURNS, FACTORS)
PERCENT = pd.Series({"KO": 60.0, "CVX": 40.0})
DOORS_OF_WEIGHTS: dict[str, Callable[[], Any]] = {
    "GivenWeights": lambda: sf.run_backtest(
        GivenWeights(PERCENT.to_frame(RETURNS.index[100]).T), sf.Market(RETURNS)
    ),
    "simulate": lambda: simulate(PERCENT.to_frame(RETURNS.index[100]).T, sf.Market(RETURNS)),
    "FactorRisk": lambda: sf.risk.attribute_risk(RISK, PERCENT),
    "attribute_return": lambda: sf.risk.attribute_return(RISK.model_, PERCENT, RETURNS, FACTORS),
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS_OF_WEIGHTS)
def test_weights_in_percent(door):
    with pytest.raises(StatefolioError, match=r"sum (to )?100.*percent, it seems"):
        DOORS_OF_WEIGHTS[door]()


@pytest.mark.parametrize("door", DOORS_OF_ASSETS | DOORS_OF_COLUMNS)
def test_real_returns_are_silent(door):
    texts = outcome(lambda: (DOORS_OF_ASSETS | DOORS_OF_COLUMNS)[door](RETURNS))
    assert [text for text in texts if "no signal found" not in text] == []


@pytest.mark.parametrize("door", DOORS_OF_PRICES)
def test_real_prices_are_silent(door):
    assert outcome(lambda: DOORS_OF_PRICES[door](PRICES)) == []


def test_bundled_panels_are_silent():
    stocks = load_stocks_and_index().returns
    assert outcome(lambda: (sf.Market(stocks), traded_factors(DEMO.factors), sf.Market(DEMO.returns))) == []


def test_the_command_says_the_same(tmp_path):
    _split_return(1 / 2)(RETURNS).to_csv(tmp_path / "returns.csv")
    FACTORS.to_csv(tmp_path / "factors.csv")
    words = ["loadings", "--returns", "returns.csv", "--factors", "factors.csv", "--out", "out"]
    done = CliRunner().invoke(app, [str(tmp_path / word) if "." in word or word == "out" else word for word in words])
    printed = " ".join(done.output.split())
    assert printed.count("look like splits") == 1
    assert f"suspicious: {ASSET}, {DAY}, split" in printed


def test_a_run_warns_once_of_all_its_fits():
    market = sf.Market(RETURNS, FACTORS)
    table = _split_return(1 / 2)(RETURNS)
    assert len(outcome(lambda: sf.StaticLoadings().fit(table, FACTORS))) == 1
    texts = outcome(lambda: sf.validation.validate(
        {"a": sf.StaticLoadings(), "b": sf.RollingLoadings(60)}, table, FACTORS, RETURNS.index[400]
    ))  # fmt: skip
    assert said(texts, "look like splits")
    assert market.dates.equals(RETURNS.index)
