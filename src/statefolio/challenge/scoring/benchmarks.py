"""The benchmark of each track, and the working submissions that a participant starts from."""

from collections.abc import Mapping
from dataclasses import replace

from statefolio.challenge.rules.settings import Rules
from statefolio.challenge.rules.submission import Submission, read_submission, submission_of_toml
from statefolio.challenge.rules.universe import Universe
from statefolio.challenge.rules.windows import RoundWindows
from statefolio.challenge.scoring.engine import score
from statefolio.challenge.scoring.round_data import RoundData

BENCHMARK = "Benchmark"
"""Name of the benchmark's team."""
WARM_DATES = 42
"""Scored dates of `warm`."""

_FORECAST = """\
# The forecast track: a model of loadings and risk. Scored by the mean log density of each return, one step ahead.
track = "forecast"
name = "{name}"
note = ""                                # your own, shown on your team's page

[loadings]                               # options of statefolio.KalmanLoadings
tuning = "pooled"                        # "pooled", "mle", "shrunk", "discount" or "fixed"
noise = "multi_speed"                    # "multi_speed", "ewma", "constant" or "discount"
tails = "student"                        # "student" or "gaussian"
common_volatility = true

[risk]                                   # options of statefolio.FactorRisk; the covariance is the second measure
factor_covariance = "ewma"
"""

_EQUAL_WEIGHT = """\
track = "portfolio"
name = "Equal weight"

[portfolio.equal_weight]
objective = "equal_weight"
"""

_PORTFOLIO = """\
# The portfolio track: models, expected returns and one portfolio. Scored by the Sharpe ratio after costs.
track = "portfolio"
name = "{name}"

[loadings]
tuning = "pooled"

[views]                                  # expected returns: "none", "kalman_mean" or "factor_premia"
kind = "{views}"

[portfolio.{table}]
objective = "{objective}"
{option}
[portfolio.{table}.constraints]          # the gates: every weight at most {weight:g}, at least {holdings} assets
upper = {upper:g}
net = 1.0
daily_turnover = {turnover:g}            # the gate is {gate:g}
"""


def starter_submissions(rules: Rules) -> dict[str, str]:
    """Return three submissions that work, as TOML by file name: one forecast and two portfolios.

    Parameters
    ----------
    rules
        Their gates are in the constraints.

    Examples
    --------
    >>> from statefolio.challenge.rules.settings import example_rules, parse_rules
    >>> list(starter_submissions(parse_rules(example_rules(), "challenge.toml")))
    ['forecast.toml', 'minimum_variance.toml', 'utility.toml']
    """
    gates = rules.gates
    limits = {
        "weight": gates.weight,
        "holdings": gates.holdings,
        "upper": min(gates.weight, 0.8 / gates.holdings),
        "turnover": 0.5 * gates.daily_turnover,
        "gate": gates.daily_turnover,
    }
    variance = {"objective": "minimum_variance", "option": "", "views": "none"}
    utility = {"objective": "utility", "option": "risk_aversion = 5.0\n", "views": "factor_premia"}
    return {
        "forecast.toml": _FORECAST.format(name="My first forecast"),
        "minimum_variance.toml": _PORTFOLIO.format(
            name="Minimum variance", table="minimum_variance", **variance, **limits
        ),
        "utility.toml": _PORTFOLIO.format(name="Utility", table="utility", **utility, **limits),
    }


def benchmarks(universe: Universe) -> Mapping[str, Submission]:
    """Return the benchmark entry of each track: default `KalmanLoadings`, and equal weights.

    Examples
    --------
    >>> sorted(benchmarks(Universe(("KO", "PEP"), ("market",))))
    ['forecast', 'portfolio']
    """
    texts = {"forecast": _FORECAST.format(name="Default KalmanLoadings"), "portfolio": _EQUAL_WEIGHT}
    return {track: read_submission(submission_of_toml(text), universe) for track, text in texts.items()}


def warm(data: RoundData, rules: Rules) -> None:
    """Score the starter submissions and the benchmarks on two months, so that every compiled function is in memory.

    A scorer calls it before it takes work: no submission pays for compilation.
    """
    dates, window = data.market.dates, data.windows.public
    first = int(dates.searchsorted(window.first))
    last = min(dates[min(first + WARM_DATES, len(dates)) - 1], window.last)
    short = RoundData(data.market.until(last), RoundWindows(replace(window, last=last)))
    texts = starter_submissions(rules).values()
    given = [read_submission(submission_of_toml(text), data.universe) for text in texts]
    for submission in (*benchmarks(data.universe).values(), *given):
        score(submission, short, rules, "public")
