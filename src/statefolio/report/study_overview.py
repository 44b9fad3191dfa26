"""Says at the top of a study's report what it found, and what was checked; compares strategies with the benchmark."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import counted
from statefolio._display.headings import capitalised
from statefolio._display.numbers import equals_p
from statefolio.report.backtest.sentences import look_ahead_sentence
from statefolio.report.chapters import Exhibit
from statefolio.report.lights import Light, State
from statefolio.report.returns.relative import relative
from statefolio.report.study_results import Evidence, StudyResults

SIGNIFICANCE, CHECK, TRIALS, HOLDOUT, BACKTEST = (
    "Significance",
    "Look-ahead check",
    "Trials",
    "Holdout",
    "Back-test",
)
LIKELY = 0.95
"""Probability above which a deflated Sharpe ratio is significant."""
RELATIVE = {
    "active_return": "Active return, a year",
    "tracking_error": "Tracking error, a year",
    "information_ratio": "Information ratio",
    "beta": "Beta",
    "annual_alpha": "Alpha, a year",
    "correlation": "Correlation",
    "up_capture": "Up capture",
    "down_capture": "Down capture",
}


def study_measures(study: StudyResults) -> pd.DataFrame:
    """Return the measures (measure x strategy) of a study."""
    if study.measures is not None:
        return study.measures
    return pd.DataFrame({name: result.summary() for name, result in study.results.items()})


def study_answer(study: StudyResults) -> str:
    """Return which strategy did best after costs, and how sure that is."""
    table: Any = study_measures(study)
    first = next(iter(study.results.values()))
    when = f"from {first.value.index[0]:%Y-%m-%d} to {first.value.index[-1]:%Y-%m-%d}"
    best = _best(study)
    if best is None:
        return f"No strategy has a Sharpe ratio {when}."
    text = f"{best} has the highest Sharpe ratio after costs, {_number(table.loc['sharpe', best])}"
    if {"annual_return", "annual_volatility"} <= set(table.index):
        earned, volatility = (float(table.loc[name, best]) for name in ("annual_return", "annual_volatility"))
        text += f" (return {_percent(earned)} and volatility {_percent(volatility)} a year)"
    text += f", {when}"
    if study.benchmark is not None and study.benchmark != best:
        text += f"; the benchmark, {study.benchmark}, has {_number(table.loc['sharpe', study.benchmark])}"
    chance = None if study.evidence is None else _skill(study.evidence, best)
    if study.evidence is None or chance is None:
        return f"{text}."
    tried = counted(study.evidence.trials, "configuration")
    return f"{text}. Given {tried} tried, the probability that its true Sharpe ratio beats luck is {chance:.0%}."


def _best(study: StudyResults) -> str | None:
    """Return the strategy with the highest Sharpe ratio; None if none has one."""
    table: Any = study_measures(study)
    sharpe = table.loc["sharpe", study.strategies].dropna() if "sharpe" in table.index else pd.Series(dtype=float)
    return None if sharpe.empty else str(sharpe.astype(float).idxmax())


def _skill(evidence: Evidence, strategy: str | None) -> float | None:
    """Return the deflated Sharpe ratio of a strategy, a probability; None if it is not known."""
    scores: Any = evidence.scores
    if "deflated_sharpe" not in scores or strategy not in scores.index:
        return None
    chance = float(scores.loc[strategy, "deflated_sharpe"])
    return chance if np.isfinite(chance) else None


def best_tiles(study: StudyResults) -> dict[str, str]:
    """Return the main measures of the strategy that the answer names; none if there is none."""
    table: Any = study_measures(study)
    best = _best(study)
    if best is None:
        return {}
    return {
        words: write(table.loc[name, best])
        for name, (words, write) in _MAIN.items()
        if name in table.index and pd.notna(table.loc[name, best])
    }


def study_lights(study: StudyResults) -> list[Light]:
    """Return the lights on significance, overfitting, look-ahead, decisions and the holdout."""
    lights = [] if study.evidence is None else _evidence_lights(study.evidence, _best(study))
    if study.checks:
        verdicts = {check.verdict for check in study.checks.values()}
        state: State = "good" if verdicts == {"causal"} else "bad" if "looks ahead" in verdicts else "watch"
        lights.append(Light("Look-ahead", state, f"{capitalised(look_ahead_sentence(study.checks))}.", CHECK))
    share = max((float(result.fallbacks["share"].sum()) for result in study.results.values()), default=0.0)
    state = "good" if share == 0.0 else "watch" if share <= 0.1 else "bad"
    text = "No decision fell back." if share == 0.0 else f"Up to {share:.0%} of a portfolio's decisions fell back."
    lights.append(Light("Decisions", state, text, BACKTEST))
    if study.holdout is not None:
        state = "good" if len(study.holdout.opened) <= 1 else "bad"
        lights.append(Light(HOLDOUT, state, f"{capitalised(study.holdout.state)}.", HOLDOUT))
    return lights


def _evidence_lights(evidence: Evidence, best: str | None) -> list[Light]:
    """Return the lights on significance; that on skill is of the strategy that the answer names."""
    lights: list[Light] = []
    state: State
    if (chance := _skill(evidence, best)) is not None:
        state = "good" if chance >= LIKELY else "watch" if chance >= 0.5 else "bad"
        tried = counted(evidence.trials, "configuration")
        text = f"The probability that the Sharpe ratio of {best} beats luck, given {tried} tried, is {chance:.0%}."
        lights.append(Light("Skill", state, text, SIGNIFICANCE))
    found = evidence.overfitting
    if found is not None and not found.reason:
        state = "good" if found.probability <= 0.1 else "watch" if found.probability <= 0.5 else "bad"
        lights.append(Light("Overfitting", state, f"Its probability is {found.probability:.0%}.", SIGNIFICANCE))
    check = evidence.reality_check
    if check is not None and not check.reason:
        state = "good" if check.p_value <= evidence.level else "watch"
        better = "A" if state == "good" else "No"
        text = f"{better} strategy is significantly better than the benchmark (p {equals_p(check.p_value)})."
        lights.append(Light("Benchmark", state, text, SIGNIFICANCE))
    return lights


def relative_exhibits(study: StudyResults) -> list[Exhibit]:
    """Return a table of measures relative to each benchmark; none without a benchmark and another strategy."""
    return [exhibit for name in study.benchmarks for exhibit in _relative_to(study, name)]


def _relative_to(study: StudyResults, benchmark_name: str) -> list[Exhibit]:
    benchmark = study.results[benchmark_name]
    rows = []
    for name in (each for each in study.results if each != benchmark_name):
        returns = study.results[name].returns
        common = returns.index.intersection(benchmark.returns.index)
        if len(common) < 2:
            continue
        found = relative(
            returns.loc[common], benchmark.returns.loc[common], study.cash_rate, benchmark.periods_per_year, {}
        )
        rows.append({"Strategy": name, **{word: found[key] for key, word in RELATIVE.items()}})
    if not rows:
        return []
    formats = {word: ".1%" if key.endswith(("return", "error", "alpha")) else ".2f" for key, word in RELATIVE.items()}
    note = (
        "Of returns net of costs on the dates of both. Beta, alpha and correlation are of returns in excess of cash; "
        "captures are compounded annual returns over the benchmark's, on dates on which it rose or fell."
    )
    return [Exhibit(f"Relative to {benchmark_name}", note, table=pd.DataFrame(rows), formats=formats, wide=True)]


def extreme_exhibits(study: StudyResults) -> list[Exhibit]:
    """Return the table of best and worst dates and months of each strategy and benchmark."""
    rows = []
    for name, result in study.results.items():
        returns = result.returns
        if len(returns) < 2:
            continue
        months = (1.0 + returns).groupby(pd.DatetimeIndex(returns.index).to_period("M")).prod() - 1.0
        best, worst = returns.idxmax(), returns.idxmin()
        rows.append(
            {
                "Strategy": name,
                "Best date": f"{best:%Y-%m-%d}",
                "Its return": float(returns.max()),
                "Worst date": f"{worst:%Y-%m-%d}",
                "Its loss": float(returns.min()),
                "Best month": float(months.max()),
                "Worst month": float(months.min()),
                "Rising dates": float((returns > 0.0).mean()),
            }
        )
    if not rows:
        return []
    formats = {"Its return": ".2%", "Its loss": ".2%", "Best month": ".1%", "Worst month": ".1%", "Rising dates": ".0%"}
    note = "Returns net of costs and fees. The first and the last month may be parts of a month."
    return [Exhibit("Best and worst dates", note, table=pd.DataFrame(rows), formats=formats, wide=True)]


def _percent(value: Any) -> str:
    return f"{float(value):.1%}".replace("-", "\u2212")


def _number(value: Any) -> str:
    return f"{float(value):.2f}".replace("-", "\u2212")


_MAIN = {
    "sharpe": ("Sharpe ratio", _number),
    "annual_return": ("Return a year", _percent),
    "annual_volatility": ("Volatility a year", _percent),
    "maximum_drawdown": ("Maximum drawdown", _percent),
}
"""Words and form of the measures in the tiles."""
