"""The rules in the words of the rules page."""

from typing import Any

from statefolio.challenge.rules.settings import Rules
from statefolio.challenge.service.pages.rendering import MEANINGS
from statefolio.challenge.store.rounds import Round

_TABLES = {
    "forecast": "[loadings], [risk]",
    "portfolio": "[loadings], [risk], [views], one [portfolio.NAME]",
    "forward": "a Parquet or CSV file",
}


def rules_view(rules: Rules, round_: Round) -> dict[str, Any]:
    """Return what the rules page shows."""
    trading, gates = rules.backtest, rules.gates
    errors = rules.feedback.standard_errors
    return {
        "opens": round_.opens_at,
        "closes": round_.closes_at,
        "per_day": round_.per_day,
        "per_round": round_.per_round,
        "finalists": round_.finalists,
        "tracks": [(track, _TABLES[track], MEANINGS[track]) for track in rules.tracks],
        "standard_errors": f"{errors:g}" if errors else None,
        "least_sharpe": f"{rules.feedback.least_sharpe:g}",
        "least_log_score": f"{rules.feedback.least_log_score:g}",
        "backtest": [
            ("Decisions", _rebalance(trading.rebalance)),
            ("Traded", f"{trading.lag} date{'s' if trading.lag > 1 else ''} after the decision, at the close"),
            ("Capital", f"{trading.capital:,.0f}"),
            ("Commission", _rate(trading.costs.proportional)),
            ("Half spread", _rate(trading.costs.half_spread)),
            ("Borrowing, per year", _rate(trading.costs.borrow)),
            ("Financing, per year", _rate(trading.costs.financing)),
            ("Market impact", f"{trading.costs.impact:g}" if trading.costs.impact else "none"),
        ],
        "gates": [
            ("Turnover a day, on average after the first trade", f"at most {gates.daily_turnover:.0%} of the value"),
            ("Target weight of an asset", f"at most {gates.weight:.0%}"),
            ("Assets with a weight", f"at least {gates.holdings}"),
        ],
        "cpu_seconds": f"{rules.scoring.cpu_seconds:g}",
        "memory": f"{rules.scoring.memory_gb:g}",
    }


def _rebalance(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"every {value} dates" if isinstance(value, int) else f"where weights drifted by {value.drift:.1%}"


def _rate(value: Any) -> str:
    return f"{value:.2%}" if isinstance(value, float) else "by asset, see the rules file"
