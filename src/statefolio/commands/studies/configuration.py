"""What makes one tried portfolio differ from another: everything in the file that its returns hang on."""

from typing import Any

from statefolio.commands.studies.portfolio_tables import NEEDS_VIEWS, Optimised
from statefolio.commands.studies.schema import Study


def configuration(study: Study, name: str) -> dict[str, Any]:
    """Return what a portfolio's returns hang on, as plain numbers and words.

    What it is called, the report and the validation do not count, nor does the last date of the data: a study that is
    brought to a new day has not tried anything new. Everything else does, rather too much than too little.
    """
    table = study.portfolio[name]
    data = study.data.model_dump(exclude={"last"})
    backtest = study.backtest.model_dump(exclude={"benchmark"})
    backtest["periods_a_year"] = backtest.pop("periods_per_year")  # its former name: trials on record stay the same
    found: dict[str, Any] = {"portfolio": table.model_dump(), "data": data, "backtest": backtest}
    if isinstance(table, Optimised):
        found["loadings"] = study.loadings.model_dump()
        found["risk"] = study.risk.model_dump()
    if isinstance(table, NEEDS_VIEWS):
        found["portfolio"].pop("views")
        found["views"] = (table.views or study.views).model_dump()
    return found
