"""Puts the measures of several back-tests side by side."""

from collections.abc import Mapping

import pandas as pd

from statefolio.backtest.result import BacktestResult


def compared_measures(
    results: Mapping[str, BacktestResult], compared: "pd.Series[float] | None", cash_rate: "pd.Series[float]"
) -> pd.DataFrame:
    """Return the measures of several back-tests over the same dates (measure x portfolio)."""
    columns = {
        name: result.summary(
            None if compared is None or len(result.returns) < len(compared) else compared,
            cash_rate.reindex(result.returns.index),
        )
        for name, result in results.items()
    }
    table = pd.DataFrame(columns)
    return table.loc[max((column.index for column in columns.values()), key=len)].rename_axis("measure")
