"""Forecasts the factors' next return: its mean and the covariance around it."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio.loadings.alignment import check_names
from statefolio.risk.factor_covariance import FactorCovariance, FactorMean


@dataclass(frozen=True, eq=False)
class FactorForecast:
    """Forecast of the factors' return on the date after the data; immutable, an update returns a new one.

    Attributes
    ----------
    names : Index
        K factors.
    running : FactorMean
        Mean of all returns so far.
    covariance : FactorCovariance
        Omega, estimated from deviations from the running mean before each date, or from zero.
    given : (K,) array or None
        mu, unless it is the running mean.
    around_zero : bool
        Omega is estimated around zero.
    """

    names: pd.Index
    running: FactorMean
    covariance: FactorCovariance
    given: Array | None = None
    around_zero: bool = False

    @property
    def mean(self) -> Array:
        """The forecast mean mu (K,)."""
        return self.running.mean() if self.given is None else self.given

    def updated(self, factors: Any, until: pd.Timestamp, since: pd.Timestamp | None = None) -> Self:
        """Return the forecast after the dates of a DataFrame after `since` and up to `until`.

        Dates on which a factor is not known are left out.
        """
        values, dates, columns = read_values(factors, "factors")
        check_names(columns, self.names, "factors")
        rows = (dates <= until) & ~np.isnan(values).any(axis=1)
        if since is not None:
            rows &= dates > since
        values = values[rows][:, columns.get_indexer(self.names)]
        deviations, running = self.running.updated(values)
        learned = self.covariance.updated(values if self.around_zero else deviations)
        return replace(self, running=running, covariance=learned)
