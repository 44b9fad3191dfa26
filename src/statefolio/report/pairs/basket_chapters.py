"""Builds the chapters of a report on one basket."""

import pandas as pd

from statefolio._display.headings import capitalised
from statefolio._display.numbers import MISSING, P_VALUE, equals_p, p_value
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.verdict.calibration import NO_EVIDENCE, REVERTS, SPURIOUS
from statefolio.report.backtest.value_figures import drawdown_figure, value_figure
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit
from statefolio.report.lights import Light, State
from statefolio.report.pairs.basket_answer import side, tiles_today
from statefolio.report.pairs.basket_results import BasketResults
from statefolio.report.pairs.cointegration_chapter import cointegration_chapter
from statefolio.report.pairs.hedge_figures import hedge_ratio_figure, held_value_figure, spreads_figure
from statefolio.report.pairs.signal_figure import signal_figure
from statefolio.report.pairs.trace_figure import trace_figure
from statefolio.report.pairs.trade_list import trade_exhibit
from statefolio.report.pairs.verdict_chapter import verdict_chapter

WALK_COLUMNS = {
    "annual_return": ("Annual return", "+.1%"),
    "annual_volatility": ("Annual volatility", ".1%"),
    "sharpe": ("Sharpe", "+.2f"),
    "maximum_drawdown": ("Maximum drawdown", ".1%"),
    "calmar": ("Calmar", "+.2f"),
    "daily_turnover": ("Daily turnover", ".1%"),
    "trades": ("Trades", ",.0f"),
    "half_life": ("Half-life, dates", ",.1f"),
    "adf_p_value": ("p-value, held value", P_VALUE),
    "log_density": ("Log density", "+.3f"),
    "degenerate": ("Degenerate tunings", ".0%"),
}
"""Headings and formats of a walk's columns."""
VARYING = "Time-varying hedge"
_OUTCOMES: dict[str, State] = {REVERTS: "good", SPURIOUS: "bad", NO_EVIDENCE: "watch"}


def basket_chapters(found: BasketResults) -> list[Chapter]:
    """Return the chapters of a report on a basket, the verdict first.

    Returns
    -------
    list of Chapter
        Verdict, hedge, tuning (adaptive only), walk-forward test, position today, tests of cointegration.
    """
    chapters = [] if found.verdict is None else [verdict_chapter(found.verdict)]
    chapters.append(hedge_chapter(found))
    if found.trace is not None:
        chapters.append(tuning_chapter(found))
    return [*chapters, walk_chapter(found), today_chapter(found), cointegration_chapter(found.tests, found.untested)]


def basket_tiles(found: BasketResults) -> dict[str, str]:
    """Return the tiles at the top of a basket's report."""
    tiles = {}
    if found.verdict is not None:
        tiles = {"Verdict": found.verdict.outcome, "Calibrated p-value": p_value(found.verdict.p_value)}
    tiles |= tiles_today(found)
    dates = found.z_score.index
    tiles |= {"From": f"{dates[0]:%Y-%m-%d}", "To": f"{dates[-1]:%Y-%m-%d}"}
    if found.trace is not None:
        collapse = getattr(found.hedge, "collapse_", None)
        tiles["Tuning"] = "no collapse" if collapse is None else f"collapsed, pass {collapse.at_pass}"
    return tiles


def basket_lights(found: BasketResults) -> list[Light]:
    """Return the lights on the verdict, the tuning and the walk forward."""
    lights = []
    if found.verdict is not None:
        p = found.verdict.p_value
        state: State = _OUTCOMES.get(found.verdict.outcome, "watch")
        text = f"{capitalised(found.verdict.outcome)}: calibrated p {equals_p(p)}."
        lights.append(Light("Reversion", state, text, "Verdict"))
    if found.trace is not None:
        collapse = getattr(found.hedge, "collapse_", None)
        state = "good" if collapse is None else "bad"
        text = "No collapse." if collapse is None else f"Collapsed at pass {collapse.at_pass}."
        lights.append(Light("Tuning", state, text, "Tuning"))
    sharpe = found.walk.table["sharpe"].astype(float).dropna() if "sharpe" in found.walk.table else None
    if sharpe is not None and len(sharpe):
        best = sharpe.idxmax()
        value = float(sharpe.max())
        state = "good" if value >= 1.0 else "watch" if value > 0.0 else "bad"
        text = f"The best Sharpe ratio out of sample, after costs, is {value:.2f} ({best}).".replace("-", "\u2212")
        lights.append(Light("Walk forward", state, text, "Walk-forward test"))
    return lights


def hedge_chapter(found: BasketResults) -> Chapter:
    """Return the chapter on spreads, hedge ratios and held values in sample."""
    hedged, *others = found.names
    constant = isinstance(found.hedge, StaticHedge)
    named = {"Constant hedge": found.static} if constant else {"Constant hedge": found.static, VARYING: found.hedge}
    exhibits = [
        figure_exhibit(
            "Spread" if constant else "Spread under constant and time-varying hedge",
            f"{hedged} less its hedge in {' and '.join(others)}, with the level included; ratios are predicted from "
            "the previous date. A time-varying hedge ratio makes almost any spread look stationary, and a trader "
            "does not earn this spread. Dotted: mean. The first dates, before the filter has converged, may be out "
            "of range.",
            lambda: spreads_figure(named),
            wide=True,
        ),
        figure_exhibit(
            "Hedge ratios",
            "Predicted from the previous date, as trading requires, with 95 % bands of the model for known parameters.",
            lambda: hedge_ratio_figure(found.hedge, None if constant else found.static),
            wide=True,
        ),
        figure_exhibit(
            "Held value",
            "The profit of holding the hedge: the cumulative sum of price changes at their predicted ratios. "
            "Parameters are learned from all dates; the walk-forward chapter shows the held value out of sample.",
            lambda: held_value_figure({name: hedge.held_value_ for name, hedge in reversed(named.items())}),
            wide=True,
        ),
    ]
    parameters = getattr(found.hedge, "parameters_", None)
    if isinstance(parameters, pd.DataFrame):
        table = parameters.reset_index()
        table["parameter"] = [capitalised(name.replace("_", " ")) for name in table["parameter"]]
        why_missing = (
            f"{MISSING}: no standard error, because the variance is at its bound of zero or was not estimated "
        )
        why_missing += "by maximum likelihood."
        exhibits.append(Exhibit("Parameters", table=table, wide=True, why_missing=why_missing))
    return Chapter(
        "Hedge", f"Number of shares of {' and '.join(others)} that hedge one share of {hedged}.", tuple(exhibits)
    )


def tuning_chapter(found: BasketResults) -> Chapter:
    """Return the chapter on the adaptive tuning, pass by pass."""
    trace = found.trace if found.trace is not None else pd.DataFrame()
    collapse = getattr(found.hedge, "collapse_", None)
    if collapse is None:
        lead = f"{len(trace):,} passes without a collapse."
    else:
        used = f"pass {collapse.last_sound}, the last one before it" if collapse.last_sound else "no pass"
        lead = f"Collapses at pass {collapse.at_pass}. {collapse.detail} Used in this report: {used}."
    note = (
        "Passes to the right of the red line are not estimates, and their p-values have no meaning. Nominal p-values "
        "ignore the moving weights and the tuning; they are computed on every 20th pass. Variances of zero are left "
        "out of the log axis."
    )
    names = ["level", *found.names[1:]]
    figure = figure_exhibit("Tuning by pass", note, lambda: trace_figure(trace, collapse, names), wide=True)
    return Chapter("Tuning", lead, (figure,))


def walk_chapter(found: BasketResults) -> Chapter:
    """Return the chapter on the walk-forward test of the hedges, out of sample."""
    walk = found.walk
    table = walk_table(walk.table)
    formats = dict(WALK_COLUMNS.values())
    held = {name: each.held_value_.loc[each.in_use_from_ :] for name, each in walk.hedges.items()}
    exhibits = [
        Exhibit(
            "",
            "Half-life and p-value (Dickey-Fuller, one lag) are those of the held value out of sample, with parameters "
            "learned from earlier dates. Log density is the mean predictive log density of the hedged price; higher is "
            "better. Degenerate tunings: share of re-estimations in which the tuning collapses.",
            table=table,
            formats=formats,
            wide=True,
            why_missing=f"{MISSING}: not defined for this hedge, e.g. no half-life if the held value does not revert.",
        ),
        figure_exhibit("Value", "Net of costs; dotted: before costs.", lambda: value_figure(walk.results), wide=True),
        trade_exhibit(walk.results, found.names[0]),
        figure_exhibit("Drawdown", "Net of costs.", lambda: drawdown_figure(walk.results)),
        figure_exhibit("Held value", "By hedge, from the first date out of sample.", lambda: held_value_figure(held)),
    ]
    parts = [f"From {walk.start:%Y-%m-%d}, out of sample: decisions at a close are traded on the next date."]
    parts += [text.rstrip(".") + "." for text in (found.retuned, found.costs) if text]
    return Chapter("Walk-forward test", " ".join(parts), tuple(exhibits))


def walk_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a walk's table with headings, and the hedge in the first column."""
    shown = table[[name for name in WALK_COLUMNS if name in table]]
    return (
        shown.rename(columns={name: word for name, (word, _) in WALK_COLUMNS.items()})
        .rename_axis("Hedge")
        .reset_index()
    )


def today_chapter(found: BasketResults) -> Chapter:
    """Return the chapter on the position today and the distance to each level of the rule."""
    now = found.today
    positions = now.positions.reset_index()
    headings = {
        "z_score": "Z-score",
        "price": f"Price of {found.names[0]}",
        "deviations": "Distance, standard deviations",
    }
    levels = now.distances.reset_index().rename(columns=headings)
    exhibits = [
        Exhibit(
            "Positions",
            "For the whole capital, after this close.",
            table=positions,
            formats={"shares": ",.0f", "currency": ",.0f", "weight": ".1%"},
        ),
        Exhibit(
            "Levels",
            "Distance of each level from today's z-score, and the price that would reach it on the next date with the "
            "other prices unchanged.",
            table=levels,
            formats={"Z-score": "+.2f", "Distance, standard deviations": "+.2f", f"Price of {found.names[0]}": ",.4g"},
        ),
        figure_exhibit("Signal", "On the last dates.", lambda: signal_figure(found.z_score, found.rule), wide=True),
    ]
    score = f"{now.z_score:+.2f}".replace("-", "\u2212")
    lead = f"After the close of {now.date:%Y-%m-%d}: z-score {score}, {side(now.units)}."
    return Chapter("Position today", lead, tuple(exhibits))
