"""Tables of other libraries at the functions that take tables by date: the answer of pandas' table."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr

import statefolio as sf
from statefolio.exceptions import InputError

DATES = pd.bdate_range("2020-01-01", periods=90, name="date")
RNG = np.random.default_rng(2)
FACTORS = pd.DataFrame(RNG.normal(0.0, 0.01, (90, 1)), DATES, ["market"])
RETURNS = pd.DataFrame(FACTORS.to_numpy() @ [[1.0, 0.5]] + RNG.normal(0.0, 0.01, (90, 2)), DATES, ["A", "B"])
RATE = pd.Series(1e-4 + 1e-6 * RNG.normal(size=90), DATES, name="RF")
MODEL = sf.StaticLoadings().fit(RETURNS, FACTORS)


def framed(table):
    return table.to_frame() if isinstance(table, pd.Series) else table


FORMS = {
    "polars": lambda table: pl.from_pandas(framed(table).reset_index()),
    "pyarrow": lambda table: pa.Table.from_pandas(framed(table).reset_index(), preserve_index=False),
    "xarray": lambda table: xr.DataArray(framed(table), dims=("date", "asset")),
    "zone": lambda table: table.tz_localize("America/New_York"),
    "periods": lambda table: table.to_period("D"),
}
CALLS = {
    "fit": lambda form: sf.StaticLoadings().fit(form(RETURNS), form(FACTORS)).loadings_["filtered"],
    "predict": lambda form: MODEL.predict(form(FACTORS[:2]))["mean"],
    "Market": lambda form: sf.Market(form(RETURNS), form(FACTORS), cash_rate=form(RATE)).returns,
    "measures": lambda form: sf.backtest.measures(form(RETURNS["A"])),
    "split": lambda form: [
        len(window.train) for window in sf.backtest.Windows(count=3, embargo=0).split(form(RETURNS))
    ],
    "to_returns": lambda form: sf.to_returns(form((1 + RETURNS).cumprod()), form(RATE)),
    "KalmanMean": lambda form: sf.portfolio.KalmanMean(spread=1e-3).fit(form(RETURNS)).mu_,
    "FactorPremia": lambda form: (
        sf.portfolio.FactorPremia(sf.RollingLoadings(40)).fit(form(RETURNS), form(FACTORS)).mu_
    ),
    "KalmanFactorPrior": lambda form: (
        sf.adapters.KalmanFactorPrior(sf.FactorRisk(sf.StaticLoadings(), residual_structure=None))
        .fit(form(RETURNS), factors=form(FACTORS))
        .return_distribution_.covariance
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_tables_of_other_libraries(name):
    expected = np.asarray(CALLS[name](lambda table: table), dtype=float)
    for form in FORMS.values():
        np.testing.assert_allclose(np.asarray(CALLS[name](form), dtype=float), expected, rtol=1e-9)


def test_more_than_one_column_where_one_is_meant():
    with pytest.raises(InputError, match="returns must have one column beside its dates, got 'A', 'B'"):
        sf.backtest.measures(FORMS["polars"](RETURNS))
