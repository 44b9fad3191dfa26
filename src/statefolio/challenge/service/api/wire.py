"""The wire form of a submission as openapi.json documents it.

The tables are those of a study file, whose checks say more than a schema can.
"""

from typing import Any, get_args

from statefolio.commands.studies.schema import portfolio_tables

PORTFOLIOS = (
    portfolio_tables.RiskBudgetTable,
    portfolio_tables.FactorRiskBudgetTable,
    portfolio_tables.KellyTable,
    portfolio_tables.MaximumSharpeTable,
    portfolio_tables.UtilityTable,
    portfolio_tables.MinimumVarianceTable,
    portfolio_tables.EqualWeightTable,
    portfolio_tables.InverseVolatilityTable,
)

_TABLE: dict[str, Any] = {"type": "object", "description": "The table of the same name of a study file."}
_NAME = {"type": "string", "minLength": 1, "maxLength": 80}
_SHARED: dict[str, Any] = {
    "name": _NAME,
    "note": {"type": "string", "maxLength": 500},
    "loadings": _TABLE,
    "risk": _TABLE,
}
_OBJECTIVES = [str(get_args(each.model_fields["objective"].annotation)[0]) for each in PORTFOLIOS]
_VIEWS: dict[str, Any] = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"enum": ["none", "kalman_mean", "factor_premia"]}},
    "description": "The table of the same name of a study file.",
}
_PORTFOLIOS = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "propertyNames": {"minLength": 1, "maxLength": 80},
    "additionalProperties": {
        "type": "object",
        "required": ["objective"],
        "properties": {"objective": {"enum": _OBJECTIVES}},
    },
    "description": "One portfolio by its name.",
}


def _track(name: str, more: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "title": f"{name.capitalize()}Submission",
        "required": ["track", "name", *required],
        "properties": {"track": {"const": name}, **_SHARED, **more},
        "additionalProperties": False,
    }


WIRE: dict[str, Any] = {
    "oneOf": [
        _track("forecast", {}, []),
        _track("portfolio", {"views": _VIEWS, "portfolio": _PORTFOLIOS}, ["portfolio"]),
    ]
}
