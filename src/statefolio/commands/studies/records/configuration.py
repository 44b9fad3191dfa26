"""The configuration of a portfolio: everything in the file that its returns depend on. Each is one trial."""

import hashlib
import json
from typing import Any

from statefolio._plug_ins import POLICIES, version_of
from statefolio.commands.studies.schema.portfolio_tables import NEEDS_VIEWS, Optimised, PlugInTable
from statefolio.commands.studies.schema.study import Study

LATER_DATA: dict[str, object] = {"dividends": None}
LATER_BACKTEST: dict[str, object] = {"flows": None}
LATER_COSTS: dict[str, object] = {
    "minimum_commission": 0.0,
    "lot_size": 0.0,
    "minimum_order": 0.0,
    "short_rebate": 0.0,
    "management_fee": 0.0,
    "performance_fee": 0.0,
    "crystallised": "yearly",
}
"""Fields that earlier versions lacked, with what leaves them unused."""


def configuration(study: Study, name: str) -> dict[str, Any]:
    """Return everything that a portfolio's returns depend on, as plain numbers and words.

    Left out are the portfolio's name, the report, the validation and the last date of the data: a study that is
    updated to a new date has not tried anything new.
    """
    table = study.portfolio[name]
    data = study.data.model_dump(exclude={"last"})
    backtest = study.backtest.model_dump(exclude={"benchmark"})
    # The former name of the field, so that trials on record keep their fingerprints.
    backtest["periods_a_year"] = backtest.pop("periods_per_year")
    data, backtest = _without_unused(data, LATER_DATA), _without_unused(backtest, LATER_BACKTEST)
    backtest["costs"] = _without_unused(backtest["costs"], LATER_COSTS)
    found: dict[str, Any] = {"portfolio": table.model_dump(), "data": data, "backtest": backtest}
    if isinstance(table, PlugInTable):
        found["portfolio"]["package"] = version_of(POLICIES, table.policy)
    if isinstance(table, Optimised):
        found["loadings"] = study.loadings.model_dump()
        found["risk"] = study.risk.model_dump()
    if isinstance(table, NEEDS_VIEWS):
        found["portfolio"].pop("views")
        found["views"] = (table.views or study.views).model_dump()
    return found


def _without_unused(table: dict[str, Any], later: dict[str, object]) -> dict[str, Any]:
    """Leave out fields that earlier versions lacked where they are not used: trials on record stay the same."""
    return {name: value for name, value in table.items() if name not in later or value != later[name]}


def fingerprint(content: object) -> str:
    """Return a short hash of a content."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
