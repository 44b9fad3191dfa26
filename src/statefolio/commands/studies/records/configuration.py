"""The configuration of a portfolio: everything in the file that its returns depend on. Each is one trial."""

import hashlib
import json
from typing import Any

from statefolio._plug_ins import POLICIES, version_of
from statefolio.commands.studies.schema.portfolio_tables import NEEDS_VIEWS, Optimised, PlugInTable
from statefolio.commands.studies.schema.study import Study


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


def fingerprint(content: object) -> str:
    """Return a short hash of a content."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
