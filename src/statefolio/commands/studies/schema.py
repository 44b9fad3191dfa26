"""The study file as a whole: every table it may hold, and what must agree between them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from statefolio.commands.studies.backtest_tables import BacktestTable, ValidationTable
from statefolio.commands.studies.field_types import Day, File, FiniteOrTable, Table
from statefolio.commands.studies.model_tables import LoadingsTable, NoViews, RiskTable, ViewsTable
from statefolio.commands.studies.portfolio_tables import NEEDS_VIEWS, PortfolioTable


class StudyTable(Table):
    """[study]: what it is called, and the seed of everything drawn at random."""

    name: Annotated[str, Field(min_length=1)]
    seed: Annotated[int, Field(ge=0)] = 0


class DataTable(Table):
    """[data]: the bundled data, or files; paths are relative to the study file."""

    source: Literal["demo", "files"]
    returns: File | None = None
    prices: File | None = None
    factors: File | None = None
    risk_free: str | None = None
    dollar_volumes: File | None = None
    delisting_return: FiniteOrTable = 0.0
    delisted_after: Annotated[int, Field(ge=1)] = 21
    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _files_where_files(self) -> "DataTable":
        given = [
            name for name in ("returns", "prices", "factors", "risk_free", "dollar_volumes") if getattr(self, name)
        ]
        if self.source == "demo" and given:
            raise ValueError(
                f'{given[0]} came with source = "demo", which has no use for it; source = "files" was expected'
            )
        if self.source == "files" and (self.returns is None) == (self.prices is None):
            raise ValueError('source = "files" expects returns or prices, and not both')
        if self.source == "files" and self.factors is None:
            raise ValueError('source = "files" expects factors too')
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"from ({self.first}) is after to ({self.last}); an earlier date was expected")
        return self


class ReportTable(Table):
    """[report]: the page's heading."""

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
            raise ValueError(
                f'backtest.benchmark = "{benchmark}"; one of the portfolios, {", ".join(names)}, was expected'
            )
        return self

    @model_validator(mode="after")
    def _views_where_needed(self) -> "Study":
        for name, table in self.portfolio.items():
            if isinstance(table, NEEDS_VIEWS) and isinstance(table.views or self.views, NoViews):
                raise ValueError(
                    f'portfolio.{name}.objective = "{table.objective}" weighs expected returns, and views.kind is '
                    '"none"; "kalman_mean" or "factor_premia" was expected'
                )
        return self
