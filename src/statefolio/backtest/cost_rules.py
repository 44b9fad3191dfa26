"""Declares what costs and fees may be; imports nothing heavy, so that the study file checks with the same rules."""

from statefolio._options import Number, OneOf, Whole

PERIODS = {"monthly": "M", "quarterly": "Q", "yearly": "Y"}
RULES = {
    "impact": Number(at_least=0.0),
    "financing": Number(at_least=0.0),
    "impact_window": Whole(at_least=1, example=60),
    "minimum_order": Number(at_least=0.0, example=500.0),
    "most_commission": Number(above=0.0, at_most=1.0, example=0.01) | None,
    "management_fee": Number(at_least=0.0, below=1.0, example=0.01),
    "performance_fee": Number(at_least=0.0, below=1.0, example=0.2),
    "crystallised": OneOf(*PERIODS),
}
