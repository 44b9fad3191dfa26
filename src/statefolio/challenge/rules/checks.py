"""The tables of a submission, and its checks: the study file's own, and that it has no dates, files or hidden text."""

import math
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, Field, ValidationError, model_validator

from statefolio.challenge.rules.date_literals import is_date_literal
from statefolio.challenge.rules.strict_json import InvalidBody, short
from statefolio.challenge.rules.text_fields import text
from statefolio.challenge.rules.universe import Universe
from statefolio.commands.studies.parts.models import make_loadings, make_risk
from statefolio.commands.studies.parts.names import check_names
from statefolio.commands.studies.parts.policies import make_policies
from statefolio.commands.studies.schema.backtest_tables import BacktestTable
from statefolio.commands.studies.schema.data_tables import DataTable
from statefolio.commands.studies.schema.field_types import Table
from statefolio.commands.studies.schema.messages import faults_of
from statefolio.commands.studies.schema.model_tables import LoadingsTable, StartTable
from statefolio.commands.studies.schema.portfolio_tables import (
    GivenWeightsTable,
    PlugInTable,
    PortfolioTable,
    SkfolioTable,
)
from statefolio.commands.studies.schema.risk_tables import RiskTable
from statefolio.commands.studies.schema.study import Study, StudyTable
from statefolio.commands.studies.schema.view_tables import FileViews, NoViews, OwnViews, ViewsTable
from statefolio.exceptions import InputError, StatefolioError

TABLES = ("loadings", "risk", "views", "portfolio")
NO_DATES = "A submission has no dates: it may not depend on when something happened."
MOST_FAULTS = 10
_INFINITE = {"inf": math.inf, "-inf": -math.inf}
_NAMED = {
    "state_variance": "factors",
    "phi": "factors",
    "mean": "factors",
    "observation_variance": "assets",
}
_NOT_HERE = (PlugInTable, SkfolioTable, GivenWeightsTable, FileViews, OwnViews)
"""Tables of a study file that run code, or read files: never on a server."""
_LIMITS = ("lower", "upper", "net", "group_limits", "factor_limits")


class InvalidSubmission(InvalidBody):
    """Raised for a submission that the rules do not allow.

    Examples
    --------
    >>> check_submission({"track": "forecast", "name": "mine", "loadings": {"noise": "white"}}, None)
    Traceback (most recent call last):
    statefolio.challenge.rules.checks.InvalidSubmission: the submission has one fault.
      loadings.noise must be "multi_speed", "ewma", "constant" or "discount", got "white".
    """

    what = "the submission"


class SubmissionTables(Table):
    """The fields of a submission; the tables are those of a study file."""

    track: Literal["forecast", "portfolio"]
    name: Annotated[str, text("text of 1 to 80 characters", least=1, most=80)]
    note: Annotated[str, text("text of at most 500 characters", most=500)] = ""
    loadings: LoadingsTable = LoadingsTable()
    risk: RiskTable = RiskTable()
    views: ViewsTable = NoViews()
    portfolio: dict[str, PortfolioTable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _tables_of_the_track(self) -> "SubmissionTables":
        given = [name for name in ("views", "portfolio") if name in self.model_fields_set]
        if self.track == "forecast" and given:
            raise ValueError(
                f'a submission must have the tables loadings and risk alone where track = "forecast", got {given[0]}'
            )
        if self.track == "portfolio" and len(self.portfolio) != 1:
            raise ValueError(
                f'a submission must have one table portfolio.NAME where track = "portfolio", got {len(self.portfolio)}'
            )
        return self

    @model_validator(mode="after")
    def _no_code_and_no_files(self) -> "SubmissionTables":
        for field, table in _tables_in(self, ""):
            if isinstance(table, _NOT_HERE):
                tag = "kind" if hasattr(table, "kind") else "objective"
                raise ValueError(
                    f'{field}.{tag} must not be "{getattr(table, tag)}" in a submission, which has no code and no files'
                )
        return self

    @property
    def portfolio_name(self) -> str:
        """The name of the portfolio; empty in the forecast track."""
        return next(iter(self.portfolio), "")

    def study(self, **backtest: Any) -> Study:
        """Return the study file with the same tables; `backtest` are fields of [backtest], without the benchmark."""
        return Study(
            study=StudyTable(name=self.name),
            data=DataTable(source="demo"),
            loadings=self.loadings,
            risk=self.risk,
            views=self.views,
            portfolio=self.portfolio,
            backtest=BacktestTable(benchmark=self.portfolio_name, **backtest),
        )


def _tables_in(given: object, field: str) -> Iterator[tuple[str, Table]]:
    """Yield all tables inside of one, with their fields."""
    parts: Mapping[str, object] = {}
    if isinstance(given, Table):
        yield field, given
        parts = {name: getattr(given, name) for name in type(given).model_fields}
    elif isinstance(given, Mapping):
        parts = {str(name): part for name, part in given.items()}
    for name, part in parts.items():
        yield from _tables_in(part, f"{field}.{name}".lstrip("."))


def check_submission(given: dict[str, Any], universe: Universe | None) -> SubmissionTables:
    """Return the tables of a submission; raise InvalidSubmission with every fault found."""
    faults = [*_text_faults(given), *_date_faults(given, frozenset() if universe is None else universe.names)]
    if faults:
        raise InvalidSubmission(faults[:MOST_FAULTS])
    try:
        tables = SubmissionTables.model_validate(with_infinite(given))
    except ValidationError as error:
        raise InvalidSubmission(faults_of(error, "a submission")[:MOST_FAULTS]) from None
    faults = [
        f"{where} must be a table from assets to groups, got the path of a file. Write the groups in."
        for where in _paths(tables, "")
    ]
    if faults:
        raise InvalidSubmission(faults)
    try:
        check_options(tables, universe)
    except ValidationError as error:  # of the study that the tables make together
        raise InvalidSubmission(faults_of(error, "a submission")[:MOST_FAULTS]) from None
    except StatefolioError as error:
        raise InvalidSubmission([str(error)]) from None
    return tables


def check_options(tables: SubmissionTables, universe: Universe | None) -> None:
    """Raise if options contradict each other, or names are not in the data: the study's own checks."""
    make_loadings(tables.loadings)
    if universe is None:
        if tables.track == "portfolio":
            tables.study()
        return
    _check_parameters(tables.loadings, universe)
    if tables.track == "forecast":
        loadings = make_loadings(tables.loadings)
        make_risk(tables.risk, loadings, universe.stand_in.assets, Path())
    else:
        make_policies(tables.study(), universe.stand_in, Path())


def _check_parameters(table: LoadingsTable, universe: Universe) -> None:
    """Raise if given parameters do not have the names or the number of the factors: models find that out in `fit`."""
    factors = (*(("alpha",) if table.intercept else ()), *universe.factors)
    for field, names in _NAMED.items():
        given = getattr(table, field)
        if isinstance(given, dict):
            known = pd.Index(factors if names == "factors" else universe.assets)
            check_names(given, known, f"loadings.{field}", f"{names} (and alpha)" if names == "factors" else names)
            absent = [name for name in known if name not in given]
            if absent:
                raise InputError(
                    f"loadings.{field} must give a number for each of its {names}, got none for {absent[0]!r}. Add it."
                )
    for field in ("mean", "covariance"):
        given = getattr(table.start, field) if isinstance(table.start, StartTable) else None
        if isinstance(given, list) and len(given) != len(factors):
            raise InputError(
                f"loadings.start.{field} must have {len(factors)} entries, for {', '.join(factors)}, got {len(given)}. "
                "Write one for each."
            )


def with_infinite(given: dict[str, Any]) -> dict[str, Any]:
    """Return the tables with the texts "inf" and "-inf" as numbers where a constraint has no limit."""
    portfolios = given.get("portfolio")
    if not isinstance(portfolios, dict):
        return given
    found: dict[str, Any] = {}
    for name, table in portfolios.items():
        limits = table.get("constraints") if isinstance(table, dict) else None
        if isinstance(limits, dict):
            numbers = {key: _infinite(each) if key in _LIMITS else each for key, each in limits.items()}
            table = {**table, "constraints": numbers}
        found[name] = table
    return {**given, "portfolio": found}


def _infinite(value: Any) -> Any:
    if isinstance(value, str):
        return _INFINITE.get(value, value)
    if isinstance(value, list):
        return [_infinite(each) for each in value]
    return {name: _infinite(each) for name, each in value.items()} if isinstance(value, dict) else value


def _text_faults(given: dict[str, Any]) -> list[str]:
    """Names and notes are shown on pages: no characters that hide, or turn the direction of writing."""
    faults = []
    for field, allowed in (("name", ""), ("note", "\n\t")):
        text = given.get(field)
        if isinstance(text, str):
            odd = [letter for letter in text if unicodedata.category(letter)[0] == "C" and letter not in allowed]
            if odd:
                faults.append(f"{field} must have characters that are shown, got U+{ord(odd[0]):04X}. Leave it out.")
            elif field == "name" and not text.strip():
                faults.append("name must not be blank, got spaces. Write one.")
    return faults


def _date_faults(given: Mapping[str, Any], names: frozenset[str]) -> list[str]:
    """Return a fault for each date, month or year in the tables; names of the data are none."""
    return [
        f'{where} must not be a date, got "{short(text)}". {NO_DATES}'
        for table in TABLES
        if table in given
        for where, text in _texts(given[table], table)
        if text not in names and is_date_literal(text)
    ]


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield every text, names of fields included, with where it is."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield f"a name in {where}", name
            yield from _texts(each, f"{where}.{short(name)}")
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, where)


def _paths(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, Path):
        yield where
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _paths(getattr(value, name), f"{where}.{name}".lstrip("."))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _paths(each, f"{where}.{name}")
