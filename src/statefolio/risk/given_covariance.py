"""Covariances that the caller gives, dated by the day on which they are known."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show
from statefolio._estimator import Estimator
from statefolio._options import Kind, Rule, Whole, check_options
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.risk.full_rank import check_count, full_rank_covariance

RULES: dict[str, Rule] = {
    "table": Kind(str, "the name of a table of the market", "'covariance'"),
    "horizon": Whole(at_least=1, example=21),
}
PAIR = " x "
"""Between the two assets in the name of a column of the table."""
_SYMMETRIC = 1e-8


class GivenCovariance(Estimator):
    """A covariance from a table of the market, `Market(others={"covariance": table})`: a risk model without a model.

    Each row of the table is a covariance; at the close of a date the latest row dated up to that date is used. There
    are no factors: `factors_` is empty.

    Parameters
    ----------
    table : str
        The name among the market's `others`. A row per date, a column per pair of assets, named "AAPL x BAC", in either
        order, variances included; `covariance_table` makes one of DataFrames.
    horizon : int
        Number of dates that a covariance is over: 1 for daily data and daily covariances, 252 for yearly ones.

    Attributes
    ----------
    covariance_ : LowRankCovariance
        Of one date's returns.
    assets_, factors_ : Index
    excluded_ : DataFrame
        Assets without a covariance.
    known_on_ : Timestamp
        The date of the row in use.

    Examples
    --------
    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns.iloc[:, :3]
    >>> yearly = returns.loc["2019"].cov() * 252
    >>> table = sf.risk.covariance_table({"2019-12-31": yearly})
    >>> risk = sf.risk.GivenCovariance(horizon=252).fit(returns.loc[:"2020"], others={"covariance": table})
    >>> bool((abs(risk.covariance_.dense() * 252 - yearly) < 1e-12).all(axis=None))
    True
    """

    def __init__(self, table: str = "covariance", horizon: int = 1) -> None:
        self.table = table
        self.horizon = horizon

    def fit(self, returns: Any, *, others: Mapping[str, pd.DataFrame] | None = None) -> Self:
        """Take the latest covariance of the table.

        Parameters
        ----------
        returns : DataFrame (date x asset)
            Only the last date and the assets are used.
        others : mapping of DataFrame
            The market's tables as they are known at that date.

        Raises
        ------
        InputError, UnknownNameError
            If an option is invalid, there is no such table, no row is known yet, it names an asset that the market
            lacks, or a matrix is not positive definite.
        """
        check_options(self, RULES)
        table = table_of(self.table, others, "the covariance")
        known = table.loc[: returns.index[-1]].dropna(how="all")
        if known.empty:
            first = f"; the first is of {show(table.index[0])}" if len(table) else ""
            raise InputError(
                f"the covariance must be known on {show(returns.index[-1])}, got none{first}. Start later, or add an "
                "earlier one."
            )
        matrix = _square(known.iloc[-1].dropna(), str(show(known.index[-1])))
        unknown = matrix.index.difference(returns.columns, sort=False)
        if len(unknown):
            raise UnknownNameError(
                f"the covariance must name assets of the market ({listed(returns.columns)}), got {listed(unknown)}. "
                "Correct the names."
            )
        self.assets_ = returns.columns[returns.columns.isin(matrix.index)]
        check_count(len(self.assets_), type(self).__name__)
        values = matrix.loc[self.assets_, self.assets_].to_numpy(dtype=np.float64) / self.horizon
        self.covariance_ = full_rank_covariance(values)
        self.factors_ = pd.Index([], dtype=object)
        missing = returns.columns.difference(self.assets_, sort=False)
        self.excluded_ = pd.DataFrame({"reason": "no covariance given"}, index=missing)
        self.known_on_, self.last_date_ = known.index[-1], returns.index[-1]
        return self

    def partial_fit(self, new_returns: Any, *, others: Mapping[str, pd.DataFrame] | None = None) -> Self:
        """Take the latest covariance of the table at the last of the new dates."""
        return self.fit(new_returns, others=others)


def covariance_table(matrices: Mapping[Any, pd.DataFrame]) -> pd.DataFrame:
    """Return dated covariances as one table for `Market(others=...)`.

    Parameters
    ----------
    matrices : mapping from date to DataFrame (asset x asset)
        By the date on which each is known.

    Returns
    -------
    DataFrame (date x pair)

    Raises
    ------
    InputError
        If there is no matrix, or one is not square and symmetric with the same names on both sides.

    Examples
    --------
    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns.iloc[:, :2]
    >>> sf.risk.covariance_table({"2019-12-31": returns.loc["2019"].cov()}).columns.tolist()
    ['AAPL x AAPL', 'AAPL x AMD', 'AMD x AMD']
    """
    if not matrices:
        raise InputError("matrices must have at least one covariance, got none. Pass e.g. {'2020-01-31': matrix}.")
    rows = {}
    for date, matrix in matrices.items():
        names = [str(name) for name in matrix.columns]
        values = matrix.to_numpy(dtype=np.float64)
        if [str(name) for name in matrix.index] != names:
            raise InputError(f"the covariance of {date} must have the same names in rows and columns. Reindex it.")
        scale = float(np.nanmax(np.abs(values), initial=0.0))
        if not np.allclose(values, values.T, rtol=0.0, atol=_SYMMETRIC * scale, equal_nan=True):
            raise InputError(f"the covariance of {date} must be symmetric, got one that is not. Correct the file.")
        i, j = np.triu_indices(len(names))
        pairs = [f"{names[a]}{PAIR}{names[b]}" for a, b in zip(i, j, strict=True)]
        rows[pd.Timestamp(date)] = pd.Series(values[i, j], index=pairs)
    return pd.DataFrame(rows).T.sort_index().rename_axis("date")


def table_of(name: str, others: Mapping[str, pd.DataFrame] | None, what: str) -> pd.DataFrame:
    """Return a table of the market by its name; `what` it has is named if there is none."""
    if others is None or name not in others:
        known = listed(list(others or {})) or "none"
        raise InputError(
            f"{what} must be a table of the market, which has {known}, got {name!r}. Pass it to the market: "
            f"Market(returns, others={{{name!r}: table}})."
        )
    return others[name]


def latest_rows(table: pd.DataFrame, date: pd.Timestamp, max_age: int | None) -> "pd.Series[float]":
    """Return the latest value of each column up to a date, and at most `max_age` days old; without missing ones."""
    known = table.loc[:date]
    if max_age is not None:
        known = known.loc[known.index >= date - pd.Timedelta(days=max_age)]
    if known.empty:
        return pd.Series(dtype=np.float64)
    return pd.Series(known.ffill().iloc[-1].dropna(), dtype=np.float64)


def _square(pairs: "pd.Series[float]", date: str) -> pd.DataFrame:
    """Return the matrix of one row."""
    names = [str(name).split(PAIR) for name in pairs.index]
    odd = [name for name, parts in zip(pairs.index, names, strict=True) if len(parts) != 2]
    if odd:
        raise InputError(
            f"columns of the covariance must be pairs such as 'AAPL{PAIR}BAC', got {listed(odd)}. Make the table with "
            "covariance_table."
        )
    assets = pd.Index(dict.fromkeys(each for pair in names for each in pair))
    matrix = pd.DataFrame(np.nan, index=assets, columns=assets)
    i, j = (assets.get_indexer(pd.Index([pair[side] for pair in names])) for side in (0, 1))
    values = matrix.to_numpy(copy=True)
    values[i, j] = values[j, i] = pairs.to_numpy(dtype=np.float64)
    whole = ~np.isnan(np.diag(values))
    kept = values[np.ix_(whole, whole)]
    if np.isnan(kept).any():
        a, b = np.argwhere(np.isnan(kept))[0]
        named = assets[whole]
        raise InputError(
            f"the covariance of {date} must have every pair of its assets, got none for {named[a]} and {named[b]}. "
            "Add it."
        )
    return pd.DataFrame(kept, index=assets[whole], columns=assets[whole])
