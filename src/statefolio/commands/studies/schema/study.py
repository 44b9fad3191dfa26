"""The study file: all of its tables, and the checks between them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from statefolio.commands.studies.schema.backtest_tables import BacktestTable, ValidationTable
from statefolio.commands.studies.schema.field_types import (
    Count,
    CountOrZero,
    Day,
    File,
    FiniteOrTable,
    Table,
    one_of,
)
from statefolio.commands.studies.schema.model_tables import LoadingsTable, NoViews, RiskTable, ViewsTable
from statefolio.commands.studies.schema.portfolio_tables import NEEDS_VIEWS, PortfolioTable


class StudyTable(Table):
    """[study]: the name, and the seed of all random numbers."""

    name: Annotated[str, Field(min_length=1)]
    seed: CountOrZero = 0


class FormTable(Table):
    """[data.form], [data.factors_form]: how a file is written, as `read_prices` takes it."""

    layout: Literal["auto", "wide", "long"] | None = None
    date: str | None = None
    asset: str | None = None
    value: str | None = None
    date_format: str | None = None
    decimal: Literal[".", ","] | None = None
    separator: str | None = None
    sheet: str | None = None
    missing: list[str] | None = None


class DataTable(Table):
    """[data]: the bundled data, or files. Paths are relative to the study file."""

    source: Literal["demo", "files"]
    returns: File | None = None
    prices: File | None = None
    factors: File | None = None
    form: FormTable = FormTable()
    factors_form: FormTable = FormTable()
    risk_free: str | None = None
    dollar_volumes: File | None = None
    dividends: File | None = None
    delisting_return: FiniteOrTable = 0.0
    delisted_after: Count = 21
    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _files_where_files(self) -> "DataTable":
        given = [
            name
            for name in ("returns", "prices", "factors", "risk_free", "dollar_volumes", "dividends")
            if getattr(self, name)
        ]
        if self.source == "demo" and given:
            raise ValueError(f'must have source = "files" where it has {given[0]}, got source = "demo"')
        if self.source == "files" and (self.returns is None) == (self.prices is None):
            raise ValueError('must have either returns or prices, and not both, where source = "files"')
        if self.dividends is not None and self.prices is None:
            raise ValueError("must have prices, without dividends, where it has dividends: returns may contain them")
        if self.source == "files" and self.factors is None:
            raise ValueError('must have factors where source = "files"')
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"must have from before to, got from = {self.first} and to = {self.last}")
        return self


class ReportTable(Table):
    """[report]: the title of the report."""

    title: str | None = None


class Study(Table):
    """A study file: data, model, portfolios, test and report."""

    study: StudyTable
    data: DataTable
    loadings: LoadingsTable = LoadingsTable()
    risk: RiskTable = RiskTable()
    views: ViewsTable = NoViews()
    portfolio: Annotated[dict[str, PortfolioTable], Field(min_length=1)]
    backtest: BacktestTable
    validation: ValidationTable = ValidationTable()
    report: ReportTable = ReportTable()

    @model_validator(mode="after")
    def _benchmark_among_portfolios(self) -> "Study":
        benchmark, names = self.backtest.benchmark, list(self.portfolio)
        if benchmark not in names:
            raise ValueError(f'backtest.benchmark must be one of the portfolios, {one_of(*names)}, got "{benchmark}"')
        return self

    @model_validator(mode="after")
    def _views_where_needed(self) -> "Study":
        for name, table in self.portfolio.items():
            if isinstance(table, NEEDS_VIEWS) and isinstance(table.views or self.views, NoViews):
                raise ValueError(
                    'views.kind must be "kalman_mean", "factor_premia" or "asymmetric_alpha" for '
                    f'portfolio.{name} with objective = "{table.objective}", which depends on expected returns, got '
                    '"none"'
                )
        return self
