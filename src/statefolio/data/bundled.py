"""Loads real data that skfolio's wheel contains; nothing is downloaded."""

from dataclasses import dataclass

import pandas as pd

from statefolio.data.returns import to_returns

_ETF_NAMES = {
    "MTUM": "momentum",
    "QUAL": "quality",
    "SIZE": "size",
    "USMV": "low_volatility",
    "VLUE": "value",
}


@dataclass(frozen=True, slots=True)
class BundledData:
    """Returns and factors on the same dates, with a description.

    Attributes
    ----------
    returns : DataFrame
        Simple returns in decimals, one row per date and one column per stock.
    factors : DataFrame
        Factor returns in decimals on the same dates.
    description : str
        Content and source, in a few sentences.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> demo.returns.index.equals(demo.factors.index)
    True
    >>> demo.description[:46]
    '20 large US stocks, daily, 2014 to 2022. Facto'
    """

    returns: pd.DataFrame
    factors: pd.DataFrame
    description: str

    def __repr__(self) -> str:
        dates, assets = self.returns.shape
        return f"<BundledData: {dates:,} dates, {assets:,} assets, {self.factors.shape[1]:,} factors>"


def load_demo() -> BundledData:
    """Return 20 US stocks and six factors, daily, from 2014-01-03 to 2022-12-28.

    The factors are the S&P 500's return (``market``) and, for each of five factor ETFs, its return less
    the index's. These are raw returns: no risk-free rate comes with the data.

    Returns
    -------
    BundledData
        2,263 dates; nothing is missing.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> demo.returns.shape, list(demo.factors.columns)
    ((2263, 20), ['market', 'momentum', 'quality', 'size', 'low_volatility', 'value'])
    """
    from skfolio.datasets import load_factors_dataset

    stocks, index = _stocks_and_index()
    etfs = to_returns(load_factors_dataset().rename(columns=_ETF_NAMES))
    market = index.loc[etfs.index]
    factors = pd.concat([market, etfs.sub(market["market"], axis=0)], axis=1)
    return BundledData(
        returns=stocks.loc[etfs.index],
        factors=factors.rename_axis(columns="factor"),
        description=(
            "20 large US stocks, daily, 2014 to 2022. Factors: the S&P 500 (market) and five factor ETFs, "
            "each less the S&P 500 (momentum MTUM, quality QUAL, size SIZE, low volatility USMV, value "
            "VLUE). Raw returns: no risk-free rate is subtracted. Stocks and ETFs include dividends, the "
            "index does not. The stocks were chosen in hindsight. Source: skfolio's bundled data sets."
        ),
    )


def load_demo_prices() -> pd.DataFrame:
    """Return the adjusted closing prices (date x asset) of the 20 US stocks, daily, from 1990-01-02 to 2022-12-28.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.load_demo_prices().loc["2022-12-27":, ["AAPL", "KO", "XOM"]].round(2)
    asset         AAPL     KO     XOM
    Date
    2022-12-27  129.65  63.24  108.41
    2022-12-28  125.67  62.61  106.63
    """
    from skfolio.datasets import load_sp500_dataset

    prices: pd.DataFrame = load_sp500_dataset().rename_axis(columns="asset")
    return prices


def load_stocks_and_index() -> BundledData:
    """Return 20 US stocks and the S&P 500 (``market``), daily, from 1990-01-03 to 2022-12-28.

    These are raw returns: no risk-free rate comes with the data.

    Returns
    -------
    BundledData
        8,312 dates; nothing is missing.

    Examples
    --------
    >>> from statefolio.data import load_stocks_and_index
    >>> data = load_stocks_and_index()
    >>> data.returns.shape, list(data.factors.columns)
    ((8312, 20), ['market'])
    """
    stocks, index = _stocks_and_index()
    return BundledData(
        returns=stocks,
        factors=index.rename_axis(columns="factor"),
        description=(
            "20 large US stocks and the S&P 500 (market), daily, 1990 to 2022. Raw returns: no risk-free "
            "rate is subtracted. Stocks include dividends, the index does not. Adjusted prices are rounded to"
            " a tenth of a cent, which matters for early ones (RRC is unchanged for weeks before 1993). The stocks "
            "were chosen in hindsight. Source: skfolio's bundled data sets."
        ),
    )


def _stocks_and_index() -> tuple[pd.DataFrame, pd.DataFrame]:
    from skfolio.datasets import load_sp500_dataset, load_sp500_index

    stocks = to_returns(load_sp500_dataset()).rename_axis(columns="asset")
    index = to_returns(load_sp500_index()).rename(columns={"SP500": "market"})
    return stocks, index.loc[stocks.index]
