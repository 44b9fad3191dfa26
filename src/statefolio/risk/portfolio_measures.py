"""Measures of a portfolio that follow from a fitted risk model: the part of `FactorRisk` that takes weights."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.risk.low_rank import LowRankCovariance
from statefolio.risk.stress import episodes_table, stress_table
from statefolio.risk.tail_risk import DRAWS, LEVELS, tail_table
from statefolio.risk.weights import match_weights


class PortfolioMeasures:
    """Volatility, value at risk, stress and past episodes of portfolios, given by weights by asset."""

    assets_: pd.Index
    excluded_: pd.DataFrame
    covariance_: LowRankCovariance

    def align_weights(self, weights: Any, expected_sum: float | None = None) -> Array:
        """Return weights by asset as an array in the order of `assets_`; an asset that is not named has weight 0.

        Raises
        ------
        UnknownNameError
            If a weight names an asset without a covariance.
        InputError
            If a weight is NaN or infinite, an asset is named twice, or the weights do not sum to `expected_sum`.
        """
        self._check_fitted()
        return match_weights(weights, self.assets_, self.excluded_, expected_sum)

    def portfolio_variance(self, weights: Any, expected_sum: float | None = None) -> float:
        """Return the variance w' Sigma w of weights by asset; raises as `align_weights`."""
        w = self.align_weights(weights, expected_sum)
        return float(self.covariance_.variance(w))

    def portfolio_volatility(self, weights: Any, expected_sum: float | None = None) -> float:
        """Return the square root of `portfolio_variance`."""
        return float(np.sqrt(self.portfolio_variance(weights, expected_sum)))

    def value_at_risk(
        self,
        weights: Any,
        levels: Any = LEVELS,
        degrees_of_freedom: float | None = None,
        draws: int = DRAWS,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return value at risk and expected shortfall of a portfolio on the next date, as positive losses.

        Losses are around the expected return, as shares of the portfolio's value. The expected shortfall is the mean
        loss beyond the value at risk.

        Parameters
        ----------
        weights : Series or mapping by asset
        levels : float or sequence of floats
            Confidence levels between 0.5 and 1.
        degrees_of_freedom : float, optional
            Of the Student-t, above 2. Default: those of the model's noise; infinite (Gaussian) if it has none.
        draws : int
            Number of simulated returns.
        seed : int
            Of the simulation: the same seed gives the same numbers.

        Returns
        -------
        DataFrame
            One row per distribution: "Gaussian", "Student-t" with the same variance, and "simulated" from all parts of
            the model (factors jointly Student-t, residuals independent Student-t, uncertain loadings). Columns
            value_at_risk_95%, expected_shortfall_95% and so on. `attrs` has volatility, degrees_of_freedom and draws.

        Raises
        ------
        UnknownNameError, InputError
            As `align_weights`; also if an option is invalid.

        References
        ----------
        McNeil, Frey and Embrechts (2015), Quantitative Risk Management, chapter 2.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120))
        >>> risk = risk.fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])
        >>> table = risk.value_at_risk({"AAPL": 0.5, "JNJ": 0.5}, degrees_of_freedom=6)
        >>> for name in table.index:
        ...     print(f"{name:10} {table.loc[name, 'value_at_risk_99%']:.1%}")
        Gaussian   2.9%
        Student-t  3.3%
        simulated  3.1%
        """
        return tail_table(self, self.align_weights(weights), levels, degrees_of_freedom, draws, seed)

    def stress(self, weights: Any, scenarios: Any = None) -> pd.DataFrame:
        """Return a portfolio's return in scenarios of factor returns, with the current exposures.

        Parameters
        ----------
        weights : Series or mapping by asset
        scenarios : mapping from name to mapping from factor to return, optional
            Returns in decimals. Default: each factor alone falls by one and by three forecast standard deviations.

        Returns
        -------
        DataFrame
            One row per scenario: `shocks` as text; `return`, where the other factors do not move; and
            `return_conditional`, where they move as expected given the shocks, Omega[:, S] Omega[S, S]^-1 shocks. Each
            with _lower and _upper, the 95 % band of the exposures. Residuals and alpha are zero.

        Raises
        ------
        UnknownNameError, InputError, DataTypeError
            As `align_weights`; also if a scenario names an unknown factor or is not in decimals.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120))
        >>> risk = risk.fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])
        >>> table = risk.stress({"AAPL": 0.5, "JNJ": 0.5}, {"crash": {"market": -0.1}})
        >>> print(table[["return", "return_conditional"]].round(3).to_string(index=False))
         return  return_conditional
         -0.074              -0.093
        """
        return stress_table(self, self.align_weights(weights), scenarios)

    def episodes(self, weights: Any, factors: Any, count: int = 5, window: int = 21) -> pd.DataFrame:
        """Return the past episodes of the factors in which a portfolio with today's exposures would lose most.

        Parameters
        ----------
        weights : Series or mapping by asset
        factors : DataFrame (date x factor)
            Returns in decimals.
        count : int
            Most episodes; they do not overlap.
        window : int
            Number of dates of an episode.

        Returns
        -------
        DataFrame
            One row per episode, the largest loss first: first and last date, the portfolio's return with the 95 % band
            of its exposures, and the return of each factor, compounded.

        Raises
        ------
        UnknownNameError, InputError
            As `align_weights`; also if factors have fewer dates than a window.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120))
        >>> risk = risk.fit(demo.returns.loc["2019":"2020"].iloc[:, :10], demo.factors.loc["2019":"2020"])
        >>> worst = risk.episodes({"AAPL": 0.5, "JNJ": 0.5}, demo.factors, count=1).iloc[0]
        >>> print(f"{worst['first']:%Y-%m-%d} to {worst['last']:%Y-%m-%d}: {worst['return']:.0%}")
        2020-02-24 to 2020-03-23: -25%
        """
        return episodes_table(self, self.align_weights(weights), factors, count, window)

    def _check_fitted(self) -> None:
        raise NotImplementedError
