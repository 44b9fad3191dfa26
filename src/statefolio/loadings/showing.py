"""Mixes summaries and figures into models of loadings."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from statefolio._arrays.text import show
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import ShownModel
from statefolio._display.summary import SummaryTable
from statefolio.loadings.summaries import asset_summary, loadings_frame, panel_summary

if TYPE_CHECKING:
    from xarray import Dataset


class ShownLoadings(ShownModel):
    """The summaries and figures of every model of loadings."""

    assets_: pd.Index
    factors_: pd.Index
    last_date_: pd.Timestamp

    if TYPE_CHECKING:

        @property
        def loadings_(self) -> Dataset:
            """Provided by the model."""

        def _check_fitted(self) -> None: ...

    def summary(self, asset: Any = None) -> SummaryTable:
        """Return a table that prints whole: the loadings of one asset with their tests, or of all assets.

        Parameters
        ----------
        asset : str, optional
            One of the model's assets; by default all.

        Returns
        -------
        DataFrame (factor)
            Of one asset: loading, standard_error, t, p_value, lower, upper (95 %), moved. Of all: the distribution of
            the loadings over assets. It prints with R-squared one step ahead, log-likelihood, options and warnings.

        Raises
        ------
        UnknownNameError
            If the model does not have the asset.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.RollingLoadings(window=120).fit(demo.returns, demo.factors[["market", "value"]])
        >>> model.summary("XOM")["loading"].round(2).to_dict()
        {'alpha': 0.0, 'market': 0.8, 'value': 1.1}
        >>> print(model.summary("XOM"))
        Loadings of XOM, filtered, on 2022-12-28
        <BLANKLINE>
        Model: RollingLoadings(window=120)                 Dates: 2014-01-03 to 2022-12-28 (2,263)
        Returns scored: 2,198                              R², one step ahead: 45.1%
        ...
        """
        self._check_fitted()
        return panel_summary(self) if asset is None else asset_summary(self, asset)

    def to_frame(self, asset: Any = None, date: Any = None) -> pd.DataFrame:
        """Return predicted and filtered loadings with their variances as a DataFrame.

        Parameters
        ----------
        asset : str, optional
            One asset; by default all.
        date : date, optional
            One date of the results; by default all.

        Returns
        -------
        DataFrame (date, asset, factor)
            Levels with one label only are left out.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.RollingLoadings(window=250).fit(demo.returns, demo.factors[["market"]])
        >>> model.to_frame("AAPL", "2022-12-28")["filtered"].round(3).to_dict()
        {'alpha': -0.0, 'market': 1.306}
        """
        return loadings_frame(self.loadings_, asset, date)

    def plot_loadings(
        self,
        asset: Any,
        factor: Any = None,
        *,
        band: float = 0.95,
        beside: "ShownLoadings | Mapping[str, ShownLoadings] | None" = None,
    ) -> Figure:
        """Draw the filtered loadings of one asset through time, with bands and other models beside them.

        Parameters
        ----------
        asset : str
            One of the model's assets.
        factor : str, optional
            One of its factors; by default a panel for each.
        band : float
            Probability of the band under the model.
        beside : model or mapping of models by name, optional
            Other fitted models, e.g. rolling least squares, whose loadings are drawn too.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        UnknownNameError
            If the model does not have the asset or the factor.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> returns, factors = demo.returns.loc["2020":, ["AAPL", "XOM"]], demo.factors.loc["2020":, ["market"]]
        >>> model = sf.KalmanLoadings(tuning="discount").fit(returns, factors)
        >>> rolling = sf.RollingLoadings(window=120).fit(returns, factors)
        >>> figure = model.plot_loadings("XOM", "market", beside={"rolling, 120 dates": rolling})
        >>> [trace.name for trace in figure.data if trace.name]
        ['95 % band', 'Filtered loading', 'rolling, 120 dates']
        """
        self._check_fitted()
        if beside is not None and not isinstance(beside, Mapping):
            beside = {repr(beside).strip("<").split(":")[0]: beside}
        return draw("loadings_figures.loadings_figure", self, asset, beside, factor=factor, band=band)

    def plot_map(self, *, moved: bool = False) -> Figure:
        """Draw all assets and factors as a heat map: the last filtered loadings, or how far each has moved.

        Parameters
        ----------
        moved : bool
            Draw the 95th less the 5th percentile of each loading through time instead of its last value.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> factors = demo.factors.loc["2021":, ["market", "value"]]
        >>> model = sf.RollingLoadings(window=120).fit(demo.returns.loc["2021":], factors)
        >>> figure = model.plot_map(moved=True)
        >>> figure.data[0].x
        ('market', 'value')
        """
        self._check_fitted()
        return draw(f"heat_maps.{'movement' if moved else 'loadings'}_heat_map", self)

    def plot_calibration(self) -> Figure:
        """Draw whether the predictions are calibrated: coverage, integral transforms and autocorrelations.

        Returns
        -------
        plotly.graph_objects.Figure
            Three panels: coverage of the predicted bands less nominal, density of the probability integral transforms
            (1 if calibrated), and mean autocorrelations of innovations and of their squares.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.RollingLoadings(window=120).fit(demo.returns.loc["2021":], demo.factors.loc["2021":, ["market"]])
        >>> figure = model.plot_calibration()
        >>> dict(zip(figure.data[0].x, figure.data[0].customdata))["95%"]  # of returns within the 95 % bands
        '94.9%'
        """
        self._check_fitted()
        return draw("calibration_figures.calibration_figure", self)

    def plot_contributions(self, returns: Any, factors: Any, asset: Any) -> Figure:
        """Draw what each factor earned for one asset, summed through time.

        Parameters
        ----------
        returns, factors : DataFrame
            As for `contributions`; the model keeps no data.
        asset : str
            One of the model's assets.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> returns, factors = demo.returns.loc["2020":], demo.factors.loc["2020":, ["market", "value"]]
        >>> model = sf.RollingLoadings(window=120).fit(returns, factors)
        >>> figure = model.plot_contributions(returns, factors, "XOM")
        >>> [trace.name for trace in figure.data]
        ['market', 'residual', 'alpha', 'value', 'Total']
        """
        self._check_fitted()
        return draw("contribution_figures.asset_contribution_figure", self, returns, factors, asset)

    def _headline(self) -> str:
        dates = self.__dict__.get("dates_")
        count = "loaded" if dates is None else f"{len(dates):,} dates"
        return f"{len(self.assets_):,} assets, {len(self.factors_):,} loadings each, {count} to {show(self.last_date_)}"

    def _repr_html_(self) -> str:
        """Return the summary of the panel as HTML, without what would need the results of every date."""
        return panel_summary(self, quick=True)._repr_html_() if self._is_shown_fitted() else super()._repr_html_()
