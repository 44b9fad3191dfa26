"""Gives the parts of a study file as objects, for notebooks and scripts."""

import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.run import run_backtests
from statefolio.commands.studies.building import BuiltStudy, before_holdout, build_study
from statefolio.commands.studies.measures import measures_of
from statefolio.commands.studies.parts.costs import make_costs
from statefolio.commands.studies.parts.models import make_covariance, make_model
from statefolio.commands.studies.parts.policies import make_rebalance
from statefolio.commands.studies.parts.views import make_view
from statefolio.commands.studies.reading import StudyFile, open_study
from statefolio.commands.studies.records.holdout import holdout_path, seal_holdout
from statefolio.loadings.base import LoadingsModel
from statefolio.portfolio.policy import Policy
from statefolio.report.any_result import write


class Study:
    """A study file as objects: its data, models, policies and results.

    Loading reads the data and makes the policies, unfitted; own code that the file names is imported. The dates of a
    holdout are left out, of the data too. Nothing is recorded: trials made here count only where `statefolio run` makes
    them again.

    Attributes
    ----------
    name : str
        Of the study.
    market : Market
        The data before the holdout.
    returns, factors : DataFrame
        Total returns (date x asset) and factor returns (date x factor; None without factors).
    loadings : LoadingsModel
        Unfitted.
    risk, view
        The risk model and the view of [views], unfitted; None without views.
    policies : dict of Policy
        By portfolio, unfitted.
    benchmarks : tuple of str
        The main one first.
    results : dict of BacktestResult
        By portfolio: the policies walked over the market. Computed when it is first read.
    measures : DataFrame (measure x portfolio)
        Of the results.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import statefolio as sf
    >>> text = '''
    ... [study]
    ... name = "two rules"
    ... [data]
    ... source = "demo"
    ... from = 2021-01-04
    ... [portfolio.calm]
    ... objective = "inverse_volatility"
    ... [portfolio.even]
    ... objective = "equal_weight"
    ... [backtest]
    ... benchmark = "even"
    ... start = 2021-07-01
    ... [validation]
    ... holdout = { share = 0.2 }
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "study.toml")
    ...     written = file.write_text(text)
    ...     study = sf.Study.load(file)
    ...     study.market, study.policies["calm"].window
    (Market(401 dates, 2021-01-04 to 2022-08-05; 20 assets), 63)
    >>> study.measures.loc["sharpe"].round(2).to_dict()
    {'calm': 0.98, 'even': 0.87}
    """

    def __init__(self, built: BuiltStudy) -> None:
        self._built = built

    @classmethod
    def load(cls, path: str | Path) -> "Study":
        """Read a study file and its data, and make its models and policies.

        Raises
        ------
        StatefolioError
            If the file or its data cannot be used; the message begins with the field.
        """
        file = open_study(path)
        built = build_study(file)
        return cls(_development(file, built))

    def __repr__(self) -> str:
        return f"Study({self.name!r}: {', '.join(self.policies)}; {self.market!r})"

    @property
    def name(self) -> str:
        """Name of the study."""
        return self._built.study.study.name

    @property
    def market(self) -> Market:
        """The data before the holdout."""
        return self._built.market

    @property
    def returns(self) -> pd.DataFrame:
        """Simple total returns (date x asset)."""
        return self.market.returns

    @property
    def factors(self) -> pd.DataFrame | None:
        """Factor returns (date x factor); None without factors."""
        return self.market.factors

    @property
    def loadings(self) -> LoadingsModel:
        """The model of loadings, unfitted."""
        return make_model(self._built.study.loadings)

    @property
    def risk(self) -> Any:
        """The risk model, unfitted."""
        return make_covariance(self._built.study.risk, self.loadings, self.market, self._built.file.folder)

    @property
    def view(self) -> Any:
        """The view of [views], unfitted; None without views."""
        built = self._built
        costs = make_costs(built.study.backtest.costs, built.market, built.file.folder)
        return make_view(built.study.views, self.loadings, built.market, built.file.folder, "views", costs.borrow)

    @property
    def policies(self) -> Mapping[str, Policy]:
        """The policy of each portfolio, unfitted."""
        return self._built.policies

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Names of the benchmarks, the main one first."""
        return self._built.study.backtest.benchmarks

    @cached_property
    def results(self) -> dict[str, BacktestResult]:
        """The back-test of each portfolio, with the study's look-ahead check."""
        built = self._built
        table = built.study.backtest
        return run_backtests(
            built.policies,
            built.market,
            start=table.start,
            rebalance=make_rebalance(table),
            costs=make_costs(table.costs, built.market, built.file.folder),
            capital=table.capital,
            lag=table.lag,
            periods_per_year=table.periods_per_year,
            cuts=built.study.validation.look_ahead_cuts,
            flows=table.flows,
        )

    @property
    def measures(self) -> pd.DataFrame:
        """Measures of the results (measure x portfolio)."""
        return measures_of(self.results, self.benchmarks[0], self.market.cash_rate)

    def report(self, path: str | Path) -> Path:
        """Write a report of the results, as `statefolio run` does, without its record of trials and its holdout."""
        first = next(iter(self.results.values())).value.index[0]
        returns, factors = self.market.model_data()
        model = None if factors is None else self.loadings.fit(returns, factors, tune_until=first)
        title = self._built.study.report.title or self.name
        return write(self.results, path, title=title, benchmark=self.benchmarks, model=model, groups=self._built.groups)


def _development(file: StudyFile, built: BuiltStudy) -> BuiltStudy:
    """Return the study before the holdout: that of the study's seal, or one that is not recorded."""
    record = holdout_path(file.folder / f"{Path(file.name).stem}-results")
    with tempfile.TemporaryDirectory() as folder:
        record = record if record.exists() else Path(folder) / "seal.json"
        return before_holdout(built, seal_holdout(file.study.validation.holdout, built.market, record))
