"""The tables [data] and [factors]: files, how they are written, and where factors come from."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from statefolio._options import Number, Whole
from statefolio.commands.studies.schema.field_types import (
    Count,
    Day,
    Days,
    File,
    FiniteOrTable,
    Positive,
    Table,
    tables_by,
    valid,
)

_OF_FILES = ("returns", "prices", "factors", "risk_free", "dollar_volumes", "dividends", "delistings", "gaps_bridged")


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
    others: dict[str, File] | None = None
    form: FormTable = FormTable()
    factors_form: FormTable = FormTable()
    risk_free: str | None = None
    cash_rate: Annotated[float, valid(Number())] | None = None
    dollar_volumes: File | None = None
    dividends: File | None = None
    delisting_return: FiniteOrTable = 0.0
    delisted_after: Count = 21
    delistings: Days | None = None
    gaps_bridged: bool | None = None
    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")
    _last_named: str = PrivateAttr(default="data.to")

    @property
    def edges(self) -> tuple[str, str]:
        """What the user writes for the first and the last date, for messages."""
        return "data.from", self._last_named

    def known_on(self, day: date) -> "DataTable":
        """Return the table with its data cut at a date that the user gave with --as-of."""
        cut = self.model_copy(update={"last": day})
        cut._last_named = "--as-of"
        return cut

    @model_validator(mode="after")
    def _files_where_files(self) -> "DataTable":
        given = [name for name in _OF_FILES if getattr(self, name) is not None]
        if self.source == "demo" and given:
            raise ValueError(f'must have source = "files" where it has {given[0]}, got source = "demo"')
        if self.source == "files" and (self.returns is None) == (self.prices is None):
            raise ValueError('must have either returns or prices, and not both, where source = "files"')
        if self.dividends is not None and self.prices is None:
            raise ValueError("must have prices, without dividends, where it has dividends: returns may contain them")
        if self.cash_rate is not None and self.risk_free is not None:
            raise ValueError("must have either risk_free (a column of the factors) or cash_rate (a number), got both")
        if self.prices is not None and self.gaps_bridged is not None:
            raise ValueError("must have gaps_bridged for returns alone: prices show where they have gaps")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"must have from before to, got from = {self.first} and to = {self.last}")
        return self


class GivenFactors(Table):
    """[factors]: the factors of [data]."""

    kind: Literal["given"] = "given"


class StatisticalFactorsTable(Table):
    """[factors]: principal components of the returns, each date's from earlier dates: `StatisticalFactors`."""

    kind: Literal["statistical"]
    n_factors: Count = 5
    window: Annotated[int, valid(Whole(at_least=2))] | None = 504
    half_life: Positive | None = None
    refit_every: Count = 21
    min_dates: Annotated[int, valid(Whole(at_least=2))] = 252
    min_history: Annotated[int, valid(Whole(at_least=2))] = 63
    standardise: bool = True
    alignment: Literal["rotation", "assignment", "none"] = "rotation"
    tolerance: Positive = 1e-5
    max_iterations: Count = 200


class NoFactors(Table):
    """[factors]: none; the risk model must then need none."""

    kind: Literal["none"]


FactorsTable = Annotated[
    GivenFactors | StatisticalFactorsTable | NoFactors,
    tables_by("kind", GivenFactors, StatisticalFactorsTable, NoFactors, otherwise=GivenFactors),
]
