"""Mixes summaries and figures into a covariance of low rank."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import Shown
from statefolio._display.summary import SummaryTable
from statefolio.exceptions import InputError


class ShownCovariance(Shown):
    """The summary and the figure of `LowRankCovariance`."""

    if TYPE_CHECKING:
        loadings: Array
        diagonal: Array

        @property
        def asset_variance(self) -> Array:
            """Provided by the covariance."""

        def __len__(self) -> int: ...

        def dense(self) -> Array:
            """Provided by the covariance."""

    def summary(self) -> SummaryTable:
        """Return the distribution of volatilities and correlations over assets; it prints whole.

        Returns
        -------
        DataFrame ("least", "median", "largest")

        Examples
        --------
        >>> import statefolio as sf
        >>> print(sf.risk.LowRankCovariance([[1.0], [1.0], [0.5]], [[0.04]], [0.01, 0.02, 0.03]).summary())
        Covariance of 3 assets, 1 factor
        <BLANKLINE>
                                 Least  Median  Largest
        ----------------------  ------  ------  -------
        volatility              0.2000  0.2236   0.2449
        share of common factor  0.2500  0.6667   0.8000
        """
        variance = self.asset_variance
        rows = {"volatility": np.sqrt(variance), "share of common factor": 1.0 - self.diagonal / variance}
        found = {
            name: [values.min(), np.median(values), values.max()] if len(values) else [np.nan] * 3
            for name, values in rows.items()
        }
        table = pd.DataFrame(found, index=["least", "median", "largest"]).T
        return SummaryTable(table, self._headline()[:1].upper() + self._headline()[1:])

    def to_frame(self) -> pd.DataFrame:
        """Return the covariance as a DataFrame of N x N numbers, with the places of the assets as labels."""
        return pd.DataFrame(self.dense())

    def plot_correlation(self, names: Any = None) -> Figure:
        """Draw the correlations of the assets.

        Parameters
        ----------
        names : sequence of str, optional
            One name per asset; by default their places.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If the names are not one per asset.

        Examples
        --------
        >>> import statefolio as sf
        >>> sigma = sf.risk.LowRankCovariance([[1.0], [1.0]], [[0.04]], [0.01, 0.02])
        >>> round(float(sigma.plot_correlation(["A", "B"]).data[0].z[0][1]), 2)
        0.73
        """
        labels = list(range(1, len(self) + 1)) if names is None else list(names)
        if len(labels) != len(self):
            raise InputError(f"names must be one per asset ({len(self):,}), got {len(labels):,}. Pass risk.assets_.")
        named = [str(label) for label in labels]
        return draw("risk_figures.factor_correlation_figure", pd.DataFrame(self.dense(), index=named, columns=named))

    def _headline(self) -> str:
        count = self.loadings.shape[1]
        return f"covariance of {len(self):,} assets, {count:,} factor{'' if count == 1 else 's'}"
