"""The study file: all of its tables, and the checks between them."""

from typing import Annotated

from pydantic import Field, model_validator

from statefolio.commands.studies.schema.backtest_tables import BacktestTable, ValidationTable
from statefolio.commands.studies.schema.data_tables import DataTable, FactorsTable, GivenFactors, NoFactors
from statefolio.commands.studies.schema.field_types import CountOrZero, Table, one_of
from statefolio.commands.studies.schema.model_tables import LoadingsChoice, LoadingsTable
from statefolio.commands.studies.schema.portfolio_tables import NEEDS_VIEWS, Optimised, PlugInTable, PortfolioTable
from statefolio.commands.studies.schema.risk_tables import NEEDS_FACTORS, OwnRisk, RiskChoice, RiskTable
from statefolio.commands.studies.schema.view_tables import (
    AsymmetricAlphaViews,
    FactorPremiaViews,
    NoViews,
    OwnViews,
    ViewsTable,
)


class StudyTable(Table):
    """[study]: the name, and the seed of all random numbers."""

    name: Annotated[str, Field(min_length=1)]
    seed: CountOrZero = 0


class ReportTable(Table):
    """[report]: the title of the report."""

    title: str | None = None


class Study(Table):
    """A study file: data, model, portfolios, test and report."""

    study: StudyTable
    data: DataTable
    factors: FactorsTable = GivenFactors()
    loadings: LoadingsChoice = LoadingsTable()
    risk: RiskChoice = RiskTable()
    views: ViewsTable = NoViews()
    portfolio: Annotated[dict[str, PortfolioTable], Field(min_length=1)]
    backtest: BacktestTable
    validation: ValidationTable = ValidationTable()
    report: ReportTable = ReportTable()

    @model_validator(mode="after")
    def _benchmarks_among_portfolios(self) -> "Study":
        names = list(self.portfolio)
        for benchmark in self.backtest.benchmarks:
            if benchmark not in names:
                raise ValueError(
                    f'backtest.benchmark must be one of the portfolios, {one_of(*names)}, got "{benchmark}"'
                )
        return self

    @model_validator(mode="after")
    def _views_where_needed(self) -> "Study":
        for name, table in self.portfolio.items():
            if isinstance(table, NEEDS_VIEWS) and isinstance(table.views or self.views, NoViews):
                raise ValueError(
                    f'views.kind must be "kalman_mean", "factor_premia", "asymmetric_alpha", "file" or "own" for '
                    f'portfolio.{name} with objective = "{table.objective}", which depends on expected returns, got '
                    '"none"'
                )
        return self

    @model_validator(mode="after")
    def _factors_where_needed(self) -> "Study":
        """Check that factors come from somewhere, and that no model needs factors that the study has not."""
        files = self.data.source == "files"
        if files and self.data.factors is None and isinstance(self.factors, GivenFactors):
            raise ValueError(
                'data must have factors where source = "files"; or [factors] kind = "statistical" makes them from the '
                'returns, and kind = "none" leaves them out'
            )
        if self.data.factors is not None and not isinstance(self.factors, GivenFactors):
            raise ValueError(f'data must have no factors where factors.kind = "{self.factors.kind}"')
        without = isinstance(self.factors, NoFactors)
        for name, table in self.portfolio.items():
            if not isinstance(table, Optimised):
                continue
            if without and isinstance(self.risk, NEEDS_FACTORS):
                raise ValueError(
                    f'risk.kind must be "shrunk", "dynamic", "file" or "own" where factors.kind = "none", for '
                    f'portfolio.{name}, got "{self.risk.kind}"'
                )
            views = (table.views or self.views) if isinstance(table, NEEDS_VIEWS) else None
            views = views.view if isinstance(views, AsymmetricAlphaViews) else views
            if isinstance(views, FactorPremiaViews) and not isinstance(self.risk, NEEDS_FACTORS):
                raise ValueError(
                    f'views.kind must not be "factor_premia" where risk.kind = "{self.risk.kind}", which has no '
                    f"loadings, for portfolio.{name}"
                )
        return self


def own_code_of(study: Study) -> list[tuple[str, str]]:
    """Return the fields that name code (a module's class, or an entry point), and what each names.

    Reading and checking a study runs none of it; building the study does.
    """
    found = [("risk.model", study.risk.model)] if isinstance(study.risk, OwnRisk) else []
    found += [("views.model", study.views.model)] if isinstance(study.views, OwnViews) else []
    for name, table in study.portfolio.items():
        if isinstance(table, PlugInTable):
            found.append((f"portfolio.{name}.policy", table.policy))
        elif isinstance(table, Optimised) and isinstance(table.views, OwnViews):
            found.append((f"portfolio.{name}.views.model", table.views.model))
    return found
