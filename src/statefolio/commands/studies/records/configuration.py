"""The configuration of a portfolio: everything that its returns depend on. Each is one trial."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from statefolio._plug_ins import POLICIES, RISKS, VIEWS
from statefolio.commands.studies.parts.own_code import load_own
from statefolio.commands.studies.schema.backtest_tables import BacktestTable
from statefolio.commands.studies.schema.data_tables import DataTable, GivenFactors
from statefolio.commands.studies.schema.field_types import Table
from statefolio.commands.studies.schema.portfolio_tables import (
    NEEDS_VIEWS,
    BuyAndHoldTable,
    EqualWeightTable,
    GivenWeightsTable,
    InverseVolatilityTable,
    Optimised,
    PlugInTable,
    SkfolioTable,
)
from statefolio.commands.studies.schema.risk_tables import NEEDS_FACTORS, FileRisk, OwnRisk
from statefolio.commands.studies.schema.study import Study
from statefolio.commands.studies.schema.view_tables import FileViews, OwnViews
from statefolio.data import read_groups

_OF_DATA = ("delisting_return", "delisted_after", "delistings")
"""Fields of [data] that say more than the data themselves, whose content is recognised by its marks."""
_IN_A_FILE = "by date and asset"
RATES = ("borrow", "short_rebate")
"""Costs that a file may give by date and asset."""
_SIMPLE = (EqualWeightTable, InverseVolatilityTable, BuyAndHoldTable, GivenWeightsTable)
"""Portfolios that see neither factors nor volumes."""


def configuration(study: Study, name: str, folder: Path = Path()) -> dict[str, Any]:
    """Return everything in the file that a portfolio's returns depend on, as plain numbers and words.

    Left out are names (of the portfolio, of files, of modules), the report, the validation, the last date of the data,
    and models that the portfolio does not use. A file that is not dated counts by its content, own code by its source
    or its package's version. Dated files count by their content too: see `data_marks`.
    """
    table = study.portfolio[name]
    backtest = study.backtest.model_dump(exclude={"benchmark"})
    # The former name of the field, so that trials on record are recognised.
    backtest["periods_a_year"] = backtest.pop("periods_per_year")
    backtest["costs"] = {
        field: _IN_A_FILE if isinstance(rate, Path) else rate for field, rate in backtest["costs"].items()
    }
    found: dict[str, Any] = {
        "portfolio": table.model_dump(exclude={"views", "file", "form"}),
        "data": study.data.model_dump(include=set(_OF_DATA)),
        "backtest": backtest,
    }
    if isinstance(table, PlugInTable):
        _name_code(found["portfolio"], "policy", load_own(POLICIES, table.policy, folder, "policy").identity)
    if not isinstance(table, _SIMPLE) and not isinstance(study.factors, GivenFactors):
        found["factors"] = study.factors.model_dump()
    if isinstance(table, Optimised):
        if isinstance(study.risk, NEEDS_FACTORS):
            found["loadings"] = study.loadings.model_dump()
        found["risk"] = study.risk.model_dump(exclude={"file", "form"})
        if isinstance(study.risk, OwnRisk):
            _name_code(found["risk"], "model", load_own(RISKS, study.risk.model, folder, "risk").identity)
    if isinstance(table, NEEDS_VIEWS):
        views = table.views or study.views
        found["views"] = views.model_dump(exclude={"file", "form"})
        if isinstance(views, OwnViews):
            _name_code(found["views"], "model", load_own(VIEWS, views.model, folder, "views").identity)
    plain: dict[str, Any] = json.loads(json.dumps(_contents(found, folder), default=str))
    return plain


def _name_code(table: dict[str, Any], field: str, identity: str) -> None:
    """Replace the name of a module by what its code is; the class in it and the name of an entry point stay."""
    table[field], table["package"] = str(table[field]).rpartition(":")[2], identity


def _contents(given: Any, folder: Path) -> Any:
    """Replace the path of each file, which is one of groups, by its content."""
    if isinstance(given, Path):
        groups = read_groups(folder / given)
        return {str(asset): str(group) for asset, group in sorted(groups.items(), key=lambda each: str(each[0]))}
    return {name: _contents(each, folder) for name, each in given.items()} if isinstance(given, dict) else given


def dated_parts(study: Study, name: str) -> tuple[list[str], list[str]]:
    """Return the tables of the market, and its further tables, that a portfolio's returns depend on."""
    table = study.portfolio[name]
    parts, costs = ["returns", "cash_rate", "dividends"], study.backtest.costs
    parts += ["prices"] if costs.lot_size else []
    others = [rates_name(field) for field in RATES if isinstance(getattr(costs, field), Path)]
    if isinstance(table, GivenWeightsTable):
        return parts, [*others, f"portfolio.{name}.file"]
    own = isinstance(table, PlugInTable)
    if costs.impact > 0.0 or own or (isinstance(table, Optimised) and table.constraints.volume_share):
        parts.append("dollar_volumes")
    needs = isinstance(study.factors, GivenFactors) and not isinstance(table, _SIMPLE)
    if needs and (isinstance(table, PlugInTable | SkfolioTable) or isinstance(study.risk, (*NEEDS_FACTORS, OwnRisk))):
        parts.append("factors")
    if isinstance(table, Optimised) and isinstance(study.risk, FileRisk):
        others.append("risk")
    views = (table.views or study.views) if isinstance(table, NEEDS_VIEWS) else None
    if isinstance(views, FileViews) and isinstance(table, Optimised):
        others.append("views" if table.views is None else f"portfolio.{name}.views")
    if own or isinstance(views, OwnViews) or (isinstance(table, Optimised) and isinstance(study.risk, OwnRisk)):
        others += list(study.data.others or {})
    return parts, others


def rates_name(field: str) -> str:
    """Return the name of a file of rates among the dated tables."""
    return f"backtest.costs.{field}"


def identity(parameters: Mapping[str, Any], study: Study) -> str:
    """Return a hash by which configurations are equal: fields with their defaults are left out, and dated data.

    A field that a later version adds does not change it, unless it is used; a default that changes does.
    """
    kept = {name: part for name, part in parameters.items() if name != "marks"}
    tables: dict[str, type[Table] | None] = {"data": DataTable, "backtest": BacktestTable}
    for part in ("portfolio", "risk", "loadings", "views"):
        tables[part] = _kind_of(kept.get(part), study, part)
    if isinstance(kept.get("data"), Mapping):
        kept["data"] = {field: value for field, value in kept["data"].items() if field in _OF_DATA}
    return fingerprint({name: _used(part, tables.get(name)) for name, part in kept.items()})


def _kind_of(part: Any, study: Study, name: str) -> type[Table] | None:
    """Return the class of a recorded table: that of a table of the study with the same tag."""
    if not isinstance(part, Mapping):
        return None
    candidates: list[Any] = [*study.portfolio.values()] if name == "portfolio" else [getattr(study, name)]
    if name == "views":
        candidates += [
            table.views for table in study.portfolio.values() if isinstance(table, Optimised) and table.views
        ]
    tag = "objective" if name == "portfolio" else "kind"
    for each in candidates:
        if part.get(tag, getattr(type(each).model_fields[tag], "default", None)) == getattr(each, tag):
            return type(each)
    return None


def _used(given: Any, table: type[Table] | None) -> Any:
    """Leave out the fields with defaults, in tables inside of it too."""
    if not isinstance(given, Mapping) or table is None:
        return given
    found = {}
    for name, value in given.items():
        field = table.model_fields.get(name)
        default = None if field is None else field.get_default(call_default_factory=True)
        inner = type(default) if isinstance(default, BaseModel) else None
        used = _used(value, inner) if inner is not None and issubclass(inner, Table) else value
        plain = default.model_dump() if isinstance(default, BaseModel) else default
        if field is None or used not in ({}, json.loads(json.dumps(plain, default=str))) or field.is_required():
            found[name] = used
    return found


def fingerprint(content: object) -> str:
    """Return a short hash of a content."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
