"""Computes exposures from prices and volumes alone: momentum, volatility, beta, size and sectors."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.frames import read_values
from statefolio._arrays.other_tables import one_column
from statefolio._arrays.text import show, shown
from statefolio._arrays.types import Array
from statefolio._plausible.reading import read_returns
from statefolio.exceptions import DataTypeError, InputError

YEAR, MONTH, QUARTER = 252, 21, 63
_MIN_SHARE = 0.5
_MAX_PRICE_AGE = 5
_CONSTANT = 1e-10


def price_exposures(
    prices: Any, dollar_volume: Any = None, sectors: "pd.Series[str] | None" = None, market: Any = None
) -> xr.Dataset:
    """Compute characteristics of date t from prices and volumes up to and including t.

    Parameters
    ----------
    prices : DataFrame (T dates, N assets)
        Daily, adjusted; NaN where there is no price.
    dollar_volume : DataFrame, optional
        Price times volume on the same dates and assets, for "size": a proxy where capitalisations are not available
        (their logarithms are correlated, but it reflects turnover too).
    sectors : Series, optional
        Sector by asset, for "sector". A map of later date than the prices uses the future; this is not checked.
    market : Series, optional
        Returns for "beta", on the dates of prices but the first. Default: the mean return of the assets observed.

    Returns
    -------
    Dataset (date, asset)
        "momentum", p_(t-21) / p_(t-252) - 1 (Jegadeesh and Titman 1993); "volatility", the standard deviation of the
        last 252 daily returns; "beta", their slope on the market; "size", the logarithm of the mean dollar volume
        of the last 63 dates; "sector" (asset). NaN where fewer than half of a window's returns or volumes are observed;
        momentum uses prices up to 5 dates old. Pass the Dataset to `characteristic_factors`, which lags it.

    Raises
    ------
    InputError
        Prices that are not positive, too few dates, tables on other dates.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.factors import price_exposures
    >>> prices = sf.load_demo_prices().loc["2021":]
    >>> exposures = price_exposures(prices[["AAPL", "KO", "XOM"]])
    >>> exposures.sel(date="2022-12-28").drop_vars("date").to_dataframe().round(3)
           momentum  volatility   beta
    asset
    AAPL     -0.191       0.022  1.302
    KO        0.089       0.012  0.578
    XOM       0.851       0.022  1.120
    """
    values, dates, assets = read_values(prices, "prices")
    if (values <= 0.0).any():
        row, column = np.argwhere(values <= 0.0)[0]
        raise InputError(
            f"prices must be positive, got {int((values <= 0.0).sum())} values at or below zero (first: "
            f"{assets[column]!r} on {show(dates[row])}). Pass prices rather than returns; set errors to NaN."
        )
    if len(dates) <= YEAR:
        raise InputError(
            f"prices must have more than {YEAR} dates, got {len(dates)}. Pass a longer history: exposures need a year."
        )
    frame = pd.DataFrame(values, dates, assets)
    returns = frame / frame.shift() - 1.0
    filled = frame.ffill(limit=_MAX_PRICE_AGE)
    exposures: dict[str, Any] = {
        "momentum": filled.shift(MONTH) / filled.shift(YEAR) - 1.0,
        "volatility": returns.rolling(YEAR, min_periods=int(YEAR * _MIN_SHARE)).std(),
        "beta": _beta(returns, _market(market, returns)),
    }
    if dollar_volume is not None:
        exposures["size"] = _size(dollar_volume, frame)
    coordinates = {"date": dates.rename("date"), "asset": assets.rename("asset")}
    found = xr.Dataset(
        {name: (("date", "asset"), table.to_numpy(dtype=np.float64)) for name, table in exposures.items()}, coordinates
    )
    return found if sectors is None else found.assign(sector=(("asset",), _sectors(sectors, assets)))


def _beta(returns: pd.DataFrame, market: "pd.Series[float]") -> pd.DataFrame:
    """Return the slope over the last year, on dates with both observed; NaN where the market is constant."""
    least = int(YEAR * _MIN_SHARE)
    table = pd.DataFrame(np.where(returns.notna(), market.to_numpy()[:, None], np.nan), returns.index, returns.columns)
    both = returns.where(table.notna())

    def mean(of: pd.DataFrame) -> Array:
        found: Array = of.rolling(YEAR, min_periods=least).mean().to_numpy()
        return found

    x, y, square = mean(table), mean(both), mean(table * table)
    variance = square - x * x
    slope = (mean(table * both) - x * y) / np.where(variance > _CONSTANT * square, variance, np.nan)
    return pd.DataFrame(slope, returns.index, returns.columns)


def _market(market: Any, returns: pd.DataFrame) -> "pd.Series[float]":
    if market is None:
        return returns.mean(axis=1)
    market = one_column(market, "market")
    if not isinstance(market, pd.Series):
        raise DataTypeError(
            f"market must be a Series of returns by date, got {shown(market)}. Pass e.g. market=factors['market']."
        )
    values, dates, _ = read_returns(market.to_frame("market"), "market", assets=False)
    on = pd.Series(values[:, 0], dates).reindex(returns.index)
    absent = returns.index[1:][on.iloc[1:].isna()]
    if len(absent):
        raise InputError(
            f"market must have a return on every date of prices but the first, got none on {len(absent)} dates (first: "
            f"{show(absent[0])}). Pass the missing returns, or select the dates of prices that market has."
        )
    return on


def _size(dollar_volume: Any, prices: pd.DataFrame) -> pd.DataFrame:
    values, dates, assets = read_values(dollar_volume, "dollar_volume")
    if not (dates.equals(prices.index) and prices.columns.isin(assets).all()):
        raise InputError(
            "dollar_volume must have the dates and assets of prices, got other dates or too few assets. Pass "
            "dollar_volume.reindex(index=prices.index, columns=prices.columns)."
        )
    table = pd.DataFrame(np.where(values > 0.0, values, np.nan), dates, assets)[prices.columns]
    mean = table.rolling(QUARTER, min_periods=int(QUARTER * _MIN_SHARE)).mean()
    return pd.DataFrame(np.log(mean.to_numpy()), dates, prices.columns)


def _sectors(sectors: Any, assets: pd.Index) -> Any:
    if not isinstance(sectors, pd.Series) or not sectors.index.is_unique:
        raise DataTypeError(
            f"sectors must be a Series of sectors by asset, each asset once, got {shown(sectors)}. "
            "Pass e.g. pd.Series({'AAPL': 'Technology'})."
        )
    return sectors.reindex(assets).to_numpy(dtype=object)
