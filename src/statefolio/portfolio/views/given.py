"""Expected returns that the caller gives, dated by the day on which they are known."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed, shown
from statefolio._options import Kind, Number, OneOf, Rule, Whole, check_options, is_number
from statefolio.exceptions import InputError, NotFittedError, UnknownNameError
from statefolio.portfolio.views.view import Forecast
from statefolio.risk.given_covariance import latest_rows, table_of
from statefolio.risk.low_rank import LowRankCovariance

RULES: dict[str, Rule] = {
    "table": Kind(str, "the name of a table of the market", "'views'"),
    "horizon": Whole(at_least=1, example=21),
    "max_age": Whole(at_least=0, example=63) | None,
    "absent": OneOf("leave_out", "zero"),
}
_ERROR = Number(at_least=0.0, example=0.001)
_LEAST_VARIANCE = 1e-24


class GivenViews(BaseEstimator):
    """Expected returns from a table of the market, `Market(others={"views": table})`.

    At the close of a date a view uses the rows dated up to that date, each asset's latest value. It is therefore traded
    on the next date at the earliest, and the look-ahead check of a back-test covers it: the check cuts and changes
    later rows.

    Parameters
    ----------
    table : str
        The name among the market's `others`: expected excess returns (date x asset) in decimals.
    horizon : int
        Number of dates that an expected return is over: 1 for daily data and daily views, 21 for monthly views.
    error : float or Series by asset
        Standard error of the expected returns, over the same number of dates. Its variance is added to the risk.
    max_age : int, optional
        Days after which a value no longer counts. Default: it counts until it is replaced.
    absent : {"leave_out", "zero"}
        Assets without a view are not held, or have an expected return of zero.

    Examples
    --------
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[-300:, :3], demo.factors.iloc[-300:]
    >>> views = pd.DataFrame({"AAPL": [0.02], "BAC": [0.01]}, index=[returns.index[200]])  # per month
    >>> market = sf.Market(returns, factors, others={"views": views})
    >>> policy = sf.ModelPolicy(
    ...     sf.FractionalKelly(0.25),
    ...     sf.FactorRisk(sf.RollingLoadings(126), residual_structure=None),
    ...     sf.portfolio.GivenViews(horizon=21, error=0.02),
    ...     sf.Constraints(net=(0, 1)),
    ... )
    >>> result = sf.run_backtest(policy, market, start=returns.index[201], cuts=3)
    >>> result.weights.iloc[-1].gt(0).to_dict(), result.causality.verdict
    ({'AAPL': True, 'AMD': False, 'BAC': True}, 'causal')
    """

    def __init__(
        self,
        table: str = "views",
        *,
        horizon: int = 1,
        error: "float | pd.Series[float]" = 0.0,
        max_age: int | None = None,
        absent: str = "leave_out",
    ) -> None:
        self.table = table
        self.horizon = horizon
        self.error = error
        self.max_age = max_age
        self.absent = absent

    def fit(self, X: Any, *, others: Any = None) -> Self:
        """Take the latest values of the table.

        Parameters
        ----------
        X : DataFrame (date x asset)
            Excess returns; only their last date and their assets are used.
        others : mapping of DataFrame
            The market's tables as they are known at that date.

        Raises
        ------
        InputError, UnknownNameError
            If an option is invalid, there is no such table, or it names an asset that the market lacks.
        """
        check_options(self, RULES)
        table = table_of(self.table, others, "views")
        unknown = table.columns.difference(X.columns, sort=False)
        if len(unknown):
            raise UnknownNameError(
                f"views must name assets of the market ({listed(X.columns)}), got {listed(unknown)}. Correct the names."
            )
        self.mean_ = latest_rows(table, X.index[-1], self.max_age) / self.horizon
        if self.absent == "zero":
            self.mean_ = self.mean_.reindex(X.columns).fillna(0.0)
        return self

    def partial_fit(self, X: Any, *, others: Any = None) -> Self:
        """Take the latest values of the table at the last date of X."""
        return self.fit(X, others=others)

    def forecast(self, risk: Any) -> Forecast:
        """Return the views on the assets of `risk` for the next date, and their error."""
        if not hasattr(self, "mean_"):
            raise NotFittedError("GivenViews has not been fitted. Call fit first.")
        mean = self.mean_.reindex(risk.assets_).dropna()
        variance = np.maximum((self._error(mean.index) / self.horizon) ** 2, _LEAST_VARIANCE)
        count = len(mean)
        return Forecast(mean, LowRankCovariance(np.zeros((count, 0)), np.zeros((0, 0)), variance))

    def _error(self, assets: pd.Index) -> Any:
        given = self.error
        if not isinstance(given, pd.Series):
            if not (is_number(given) and _ERROR.accepts(given)):
                raise InputError(f"error must be {_ERROR}, or a Series by asset, got {shown(given)}. Pass error=0.01.")
            return np.full(len(assets), float(given))
        found = given.reindex(assets).to_numpy(dtype=np.float64)
        odd = ~(np.isfinite(found) & (found >= 0.0))
        if odd.any():
            raise InputError(
                f"error must be a number of at least 0 for every asset with a view, got another for "
                f"{listed(assets[odd])}. Add it."
            )
        return found
