"""The rules and the submissions of the small round that the tests of scoring use."""

TEXT = """
[challenge]
name = "small"
[data]
source = "demo"
from = 2017-01-03
to = 2020-06-30
[windows]
validation = 2019-01-02
final = 2019-10-01
embargo = 21
[backtest]
rebalance = "monthly"
[backtest.costs]
proportional = 0.0005
half_spread = 0.0003
[gates]
daily_turnover = 0.08
weight = 0.4
holdings = 4
"""
FORECAST = {"track": "forecast", "name": "default"}
EQUAL = {"track": "portfolio", "name": "equal", "portfolio": {"mine": {"objective": "equal_weight"}}}
VARIANCE = {
    "track": "portfolio",
    "name": "variance",
    "loadings": {"tuning": "discount"},
    "portfolio": {"mine": {"objective": "minimum_variance", "constraints": {"upper": 0.2}}},
}
KELLY = {
    "track": "portfolio",
    "name": "kelly",
    "loadings": {"tuning": "discount"},
    "views": {"kind": "factor_premia"},
    "portfolio": {"mine": {"objective": "kelly", "fraction": 1.0, "constraints": {"upper": 0.2, "net": [0.0, 1.0]}}},
}
