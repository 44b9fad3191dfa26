"""Mixes the summary and the figures into `Diagnosis`."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from statefolio._arrays.text import listed
from statefolio._display.drawing import Figure, draw
from statefolio._display.numbers import P_VALUE
from statefolio._display.shown import Shown
from statefolio._display.summary import SummaryTable

COLUMNS = ("statistic", "p_value", "level", "rejected", "verdict")


class ShownDiagnosis(Shown):
    """The summary and the figures of `Diagnosis`: each figure belongs to one failure, and the others refuse it."""

    if TYPE_CHECKING:
        failure: str
        findings: tuple[Any, ...]
        excluded: pd.DataFrame

    def summary(self) -> SummaryTable:
        """Return one row per finding, in their order: failure, statistic, p_value, level, rejected, verdict.

        It prints whole, with every verdict.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> diagnosis = sf.diagnostics.diagnose_collinearity(None, demo.returns, demo.factors)
        >>> diagnosis.summary()["rejected"].tolist()
        [False, False, False]
        """
        names = pd.Index([finding.name for finding in self.findings], name="finding")
        rows = [[self.failure, *(getattr(finding, column) for column in COLUMNS)] for finding in self.findings]
        table = pd.DataFrame(rows, index=names, columns=["failure", *COLUMNS])
        notes = []
        if len(self.excluded):
            notes.append(f"Left out, with too little data: {listed(self.excluded.index)}.")
        formats = {"p_value": P_VALUE, "level": ".0%"}
        return SummaryTable(table, f"Diagnosis of {self.failure}", {}, notes, formats)

    def to_frame(self) -> pd.DataFrame:
        """Return the summary as a plain DataFrame."""
        return pd.DataFrame(self.summary())

    def plot_findings(self) -> Figure:
        """Draw all findings with a p-value: how small it is, and the level of the test.

        Returns
        -------
        plotly.graph_objects.Figure

        Raises
        ------
        InputError
            If no finding has a p-value.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> returns, factors = demo.returns.iloc[:400, :8], demo.factors.iloc[:400]
        >>> model = sf.RollingLoadings(120).fit(returns, factors)
        >>> diagnosis = sf.diagnostics.diagnose_specification(model, returns, factors)
        >>> len(diagnosis.plot_findings().data[0].y) <= len(diagnosis.findings)
        True
        """
        return draw("diagnostics_figures.findings_figure", self)

    def plot_eigenvalues(self) -> Figure:
        """Draw the largest eigenvalues of the residual correlations and their limit; of a specification.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("diagnostics_figures.eigenvalue_figure", self)

    def plot_component(self) -> Figure:
        """Draw the sectors' loadings on the first residual component; of a specification with sectors.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("diagnostics_figures.component_figure", self)

    def plot_halves(self, factor: str) -> Figure:
        """Draw loadings from odd blocks of dates against those from even ones; of an estimation.

        Parameters
        ----------
        factor : str

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("diagnostics_figures.halves_figure", self, factor)

    def plot_shrinkage(self) -> Figure:
        """Draw the held-out log-likelihood against the shrinkage of loadings; of an estimation.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("diagnostics_figures.shrinkage_figure", self)

    def plot_inflation(self) -> Figure:
        """Draw variance inflation and condition number through time; of multicollinearity.

        Returns
        -------
        plotly.graph_objects.Figure

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> diagnosis = sf.diagnostics.diagnose_collinearity(None, demo.returns, demo.factors)
        >>> len(diagnosis.plot_inflation().data)  # one line per factor, and the condition number
        7
        """
        return draw("diagnostics_figures.inflation_figure", self)

    def plot_moving(self) -> Figure:
        """Draw the share of assets whose loadings move, by factor and test; of non-stationarity.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("change_figures.moving_share_figure", self)

    def plot_breaks(self) -> Figure:
        """Draw the number of assets with a break in each month; of non-stationarity.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("change_figures.break_months_figure", self)

    def plot_cusum(self, model: Any, asset: Any = None) -> Figure:
        """Draw the CUSUM of an asset's innovations with its bounds; of non-stationarity.

        Parameters
        ----------
        model : LoadingsModel
            The diagnosed model.
        asset : str, optional
            By default the asset with the largest statistic.

        Returns
        -------
        plotly.graph_objects.Figure
        """
        return draw("change_figures.cusum_figure", self, model, asset)

    def _headline(self) -> str:
        failed = sum(finding.rejected is True for finding in self.findings)
        return f"{self.failure}, {failed} of {len(self.findings)} checks failed"


class ShownFinding(Shown):
    """The summary of one `Finding`."""

    if TYPE_CHECKING:
        name: str
        statistic: float
        p_value: float
        level: float
        rejected: bool | None
        verdict: str
        table: pd.DataFrame

    def summary(self) -> SummaryTable:
        """Return one row with the statistic and its verdict; it prints whole."""
        row = {column: [getattr(self, column)] for column in COLUMNS}
        table = pd.DataFrame(row, index=pd.Index([self.name], name="finding"))
        return SummaryTable(table, "Finding", formats={"level": ".0%"})

    def to_frame(self) -> pd.DataFrame:
        """Return the data of the finding's figure."""
        return self.table

    def _headline(self) -> str:
        return f"{self.name}, {'not computed' if self.rejected is None else 'failed' if self.rejected else 'passed'}"
