"""Mixes summaries and figures into factor risk."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show
from statefolio._display.drawing import Figure, call_by_name, draw
from statefolio._display.shown import ShownModel
from statefolio._display.summary import SummaryTable
from statefolio._options import OneOf, check

BY = ("factor", "asset")


class ShownRisk(ShownModel):
    """The summaries and figures of `FactorRisk`."""

    if TYPE_CHECKING:
        assets_: pd.Index
        factors_: pd.Index
        last_date_: pd.Timestamp
        exposures_: pd.DataFrame
        residual_loadings_: pd.DataFrame
        factor_covariance_: pd.DataFrame
        idiosyncratic_variance_: pd.Series
        loading_uncertainty_: pd.Series
        excluded_: pd.DataFrame
        covariance_: Any

        def _check_fitted(self) -> None: ...

    def summary(self, weights: Any = None) -> SummaryTable:
        """Return a table that prints whole: the factors of the covariance, or the risk of a portfolio.

        Parameters
        ----------
        weights : Series or mapping by asset, optional
            A portfolio; by default the factors alone.

        Returns
        -------
        DataFrame (factor)
            Without weights: volatility of the factor on the next date, and the median exposure over assets with its
            5th and 95th percentiles. With weights: exposure with its 95 % limits, contribution to the portfolio's
            volatility, and share of its variance.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.FactorRisk(sf.RollingLoadings(120), residual_structure=None)
        >>> risk = risk.fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])
        >>> print(risk.summary({"AAPL": 0.5, "JNJ": 0.5}))
        Risk of a portfolio on the first date after 2015-12-28
        <BLANKLINE>
        Volatility: 1.27% (95 % limits 1.18% and 1.36%)    Assets held: 2 of 10
        ...
        """
        self._check_fitted()
        if weights is not None:
            return _portfolio_summary(self, weights)
        exposures = self.exposures_
        low, middle, high = (exposures.quantile(level) for level in (0.05, 0.5, 0.95))
        table = pd.DataFrame(
            {
                "volatility": np.sqrt(np.diag(self.factor_covariance_)),
                "median exposure": middle,
                "5 %": low,
                "95 %": high,
            },
            index=pd.Index([str(name) for name in self.factors_], name="factor"),
        )
        variance = self.covariance_.asset_variance
        facts = {
            "Assets": f"{len(self.assets_):,}",
            "Residual factors": f"{self.residual_loadings_.shape[1]:,}",
            "Median volatility": f"{np.sqrt(np.median(variance)):.2%}",
            "Median idiosyncratic volatility": f"{np.sqrt(self.idiosyncratic_variance_.median()):.2%}",
            "Model": self._options_text(),
        }
        share = float(np.median(self.loading_uncertainty_.to_numpy() / variance))
        notes = [f"The uncertainty of the loadings is {share:.1%} of the median asset's variance."]
        if len(self.excluded_):
            notes.append(f"Without a covariance: {listed(self.excluded_.index)}. excluded_ has the reasons.")
        title = f"Covariance of returns on the first date after {show(self.last_date_)}"
        return SummaryTable(table, title, facts, notes, {"volatility": ".2%"})

    def to_frame(self, weights: Any = None) -> pd.DataFrame:
        """Return exposures and volatility by asset, or the risk contributions of a portfolio by factor.

        Parameters
        ----------
        weights : Series or mapping by asset, optional

        Returns
        -------
        DataFrame
            By asset: volatility, idiosyncratic volatility and one exposure per factor. With weights by factor:
            exposure, contribution and share, each with standard error and 95 % limits.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.FactorRisk(sf.RollingLoadings(120), residual_structure=None)
        >>> risk = risk.fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])
        >>> risk.to_frame().loc["AAPL", ["volatility", "market"]].round(3).to_dict()
        {'volatility': 0.018, 'market': 0.632}
        """
        self._check_fitted()
        if weights is not None:
            found = _attributed(self, weights)
            return pd.DataFrame(found[[name for name in found if found[name].dims == ("factor",)]].to_dataframe())
        volatility = np.sqrt(self.covariance_.asset_variance)
        own = np.sqrt(self.idiosyncratic_variance_.to_numpy())
        table = pd.DataFrame({"volatility": volatility, "idiosyncratic_volatility": own}, index=self.assets_)
        return table.join(self.exposures_)

    def plot_exposures(self, weights: Any = None) -> Figure:
        """Draw the exposures: of a portfolio with 95 % bands, or of all assets as a heat map.

        Parameters
        ----------
        weights : Series or mapping by asset, optional
            A portfolio.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.FactorRisk(sf.RollingLoadings(120), residual_structure=None)
        >>> risk = risk.fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])
        >>> figure = risk.plot_exposures({"AAPL": 0.5, "JNJ": 0.5})
        >>> figure.data[0].y[0], round(float(figure.data[0].x[0]), 2)
        ('market', 0.74)
        """
        self._check_fitted()
        if weights is None:
            return draw("risk_figures.exposure_heat_map", self.exposures_)
        return draw("risk_figures.portfolio_exposure_figure", _attributed(self, weights))

    def plot_contributions(self, weights: Any, *, by: str = "factor") -> Figure:
        """Draw the contributions to a portfolio's volatility, with 95 % bands.

        Parameters
        ----------
        weights : Series or mapping by asset
        by : {"factor", "asset"}
            Of assets, the largest are drawn.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.FactorRisk(sf.RollingLoadings(120), residual_structure=None)
        >>> risk = risk.fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])
        >>> figure = risk.plot_contributions({"AAPL": 0.5, "JNJ": 0.5}, by="asset")
        >>> figure.data[0].y
        ('AAPL', 'JNJ')
        """
        check("by", by, OneOf(*BY))
        self._check_fitted()
        return draw(f"risk_figures.{by}_risk_figure", _attributed(self, weights))

    def plot_correlation(self) -> Figure:
        """Draw the forecast correlations of the factors.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.FactorRisk(sf.RollingLoadings(120), residual_structure=None)
        >>> risk = risk.fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])
        >>> figure = risk.plot_correlation()
        >>> round(float(figure.data[0].z[0][0]), 2)
        1.0
        """
        self._check_fitted()
        return draw("risk_figures.factor_correlation_figure", self.factor_covariance_)

    def plot_forecast_vs_realised(
        self,
        returns: Any,
        factors: Any,
        weights: Any = None,
        *,
        test_from: Any = None,
        refit_every: int = 21,
        window: int = 63,
    ) -> Figure:
        """Draw a portfolio's forecast and realised volatility through time, out of sample, and their bias.

        A copy of this model, not fitted, walks through the dates from `test_from` on (`validation.walk_risk`), so that
        every forecast uses earlier data alone.

        Parameters
        ----------
        returns, factors : DataFrame
            As for `fit`.
        weights : Series or mapping by asset, optional
            A portfolio; by default equal weights.
        test_from : date, optional
            First date of a forecast; by default the middle of the dates.
        refit_every : int
            Number of dates that a forecast is for.
        window : int
            Dates over which the realised volatility and the bias are measured.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If the model has `prefit=True`, or the test has fewer dates than `window`.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.FactorRisk(sf.RollingLoadings(120), residual_structure=None)
        >>> figure = risk.plot_forecast_vs_realised(
        ...     demo.returns.iloc[:500, :5], demo.factors.iloc[:500], test_from="2015-06"
        ... )
        >>> [trace.name for trace in figure.data][:2]
        ['Forecast', 'Realised, 63 dates']
        """
        options = {"test_from": test_from, "refit_every": refit_every, "window": window}
        return draw("forecast_figures.forecast_vs_realised_figure", self, returns, factors, weights, **options)

    def _headline(self) -> str:
        return (
            f"covariance of {len(self.assets_):,} assets from {len(self.factors_):,} factors and "
            f"{self.residual_loadings_.shape[1]:,} residual factors, for the first date after {show(self.last_date_)}"
        )


def _attributed(risk: Any, weights: Any) -> Any:
    return call_by_name("statefolio.risk.attribution.attribute_risk", risk, weights)


def _portfolio_summary(risk: Any, weights: Any) -> SummaryTable:
    found = _attributed(risk, weights)
    names = ("exposure", "exposure_lower", "exposure_upper", "contribution", "share")
    table = pd.DataFrame({name: found[name].to_numpy() for name in names}, index=found.indexes["factor"])
    table = table.rename(columns=lambda name: name.removeprefix("exposure_"))
    lower, upper, middle = (float(found[f"volatility{part}"]) for part in ("_lower", "_upper", ""))
    held = int((found["weight"] != 0.0).sum())
    facts = {
        "Volatility": f"{middle:.2%} (95 % limits {lower:.2%} and {upper:.2%})",
        "Assets held": f"{held:,} of {len(risk.assets_):,}",
    }
    notes = [
        "Contributions add up to the volatility, shares to 1. Limits are those of the exposure, from the uncertainty "
        "of the loadings; a residual has none."
    ]
    title = f"Risk of a portfolio on the first date after {show(risk.last_date_)}"
    return SummaryTable(table, title, facts, notes, {"contribution": ".3%"})
