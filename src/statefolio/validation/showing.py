"""Mixes summaries and figures into the results of validation."""

from typing import TYPE_CHECKING

import pandas as pd

from statefolio._arrays.text import show
from statefolio._display.drawing import Figure, draw
from statefolio._display.shown import Shown

if TYPE_CHECKING:
    import xarray as xr


class _Calibrated(Shown):
    """Figures that models and covariances share."""

    def plot_probability(self) -> Figure:
        """Draw the density of the probability integral transforms; flat if the predictions are calibrated.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("validation_figures.probability_figure", self)

    def plot_coverage(self) -> Figure:
        """Draw the coverage of the predicted intervals less their nominal coverage.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("validation_figures.interval_coverage_figure", self)


class ShownValidation(_Calibrated):
    """The figures of `Validation`."""

    if TYPE_CHECKING:
        losses: xr.Dataset
        mean_losses: pd.DataFrame
        benchmark: str
        tuned_until: pd.Timestamp

    def to_frame(self) -> pd.DataFrame:
        """Return mean losses, their standard errors and the model confidence set, by loss and model."""
        return self.mean_losses

    def plot_losses(self, loss: str = "negative_log_score") -> Figure:
        """Draw each model's mean loss with 95 % bars; filled markers are in the model confidence set.

        Parameters
        ----------
        loss : {"squared_error", "negative_log_score", "negative_log_score_common", "qlike"}

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> returns, factors = demo.returns.iloc[:700, :5], demo.factors.iloc[:700]
        >>> models = {"static": sf.StaticLoadings(), "rolling": sf.RollingLoadings(120)}
        >>> result = sf.validate(models, returns, factors, test_from="2016", replications=200)
        >>> result.plot_losses("squared_error").layout.title.text
        'Mean squared error with 95 % bars'
        """
        return draw("validation_figures.mean_loss_figure", self, loss)

    def plot_differences(self, loss: str = "negative_log_score") -> Figure:
        """Draw each model's loss less the benchmark's, summed through time; it falls while the model is better.

        Parameters
        ----------
        loss : str
            As for `plot_losses`.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("validation_figures.loss_difference_figure", self, loss)

    def plot_periods(self, loss: str = "negative_log_score") -> Figure:
        """Draw the mean difference from the benchmark by year, in calm and in stress.

        Parameters
        ----------
        loss : str
            As for `plot_losses`.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("validation_figures.period_loss_figure", self, loss)

    def _headline(self) -> str:
        models, dates = self.losses.sizes["model"], self.losses.indexes["date"]
        return f"{models} models on {len(dates):,} dates to {show(dates[-1])}, benchmark {self.benchmark!r}"


class ShownCovarianceScores(_Calibrated):
    """The figures of `CovarianceScores`."""

    if TYPE_CHECKING:
        by_date: pd.DataFrame
        portfolios: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the scores of each portfolio."""
        return self.portfolios

    def plot_bias(self) -> Figure:
        """Draw the bias statistics of all portfolios with the 95 % interval of a correct Gaussian forecast.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> forecast = {"2020-01-02": demo.returns.loc["2014":"2015"].cov()}
        >>> scores = sf.validation.score_covariances(forecast, demo.returns.loc["2020"], random_portfolios=10)
        >>> figure = scores.plot_bias()
        >>> figure.layout.title.text
        'Realised / forecast volatility by portfolio'
        """
        return draw("validation_figures.bias_figure", self)

    def _headline(self) -> str:
        bias = float(self.portfolios["bias"].median())
        return f"{len(self.portfolios):,} portfolios on {len(self.by_date):,} dates, median bias {bias:.2f}"
