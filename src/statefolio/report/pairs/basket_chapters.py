"""The chapters of the report on one basket."""

import pandas as pd

from statefolio.report.backtest.value_figures import drawdown_figure, value_figure
from statefolio.report.chapters import Chapter, Exhibit, drawn
from statefolio.report.pairs.basket_results import BasketResults
from statefolio.report.pairs.cointegration_chapter import cointegration_chapter
from statefolio.report.pairs.hedge_figures import hedge_ratio_figure, held_value_figure, spread_figure
from statefolio.report.pairs.signal_figure import signal_figure
from statefolio.report.pairs.trace_figure import trace_figure
from statefolio.report.pairs.verdict_chapter import verdict_chapter

WALK_COLUMNS = {
    "annual_return": ("return a year", "+.1%"),
    "annual_volatility": ("volatility", ".1%"),
    "sharpe": ("Sharpe", "+.2f"),
    "maximum_drawdown": ("deepest drawdown", ".1%"),
    "calmar": ("return / drawdown", "+.2f"),
    "daily_turnover": ("turnover a day", ".1%"),
    "trades": ("trades", ",.0f"),
    "half_life": ("half-life, dates", ",.1f"),
    "adf_p_value": ("p, held value", ".2g"),
    "log_density": ("log density", "+.3f"),
    "degenerate": ("degenerate", ".0%"),
}
"""What a walk's table calls its columns, and how their numbers are written."""


def basket_chapters(found: BasketResults) -> list[Chapter]:
    """Put together what a report says of a basket: the verdict first.

    Returns
    -------
    list of Chapter
        Verdict, hedge, tuning (of the adaptive recipe alone), walk, today, tests of cointegration.
    """
    chapters = [] if found.verdict is None else [verdict_chapter(found.verdict)]
    chapters.append(hedge_chapter(found))
    if found.trace is not None:
        chapters.append(tuning_chapter(found))
    return [*chapters, walk_chapter(found), today_chapter(found), cointegration_chapter(found.tests, found.untested)]


def basket_tiles(found: BasketResults) -> dict[str, str]:
    """Return the few words that open the report of a basket."""
    dates = found.z_score.index
    tiles = {"from": f"{dates[0]:%Y-%m-%d}", "to": f"{dates[-1]:%Y-%m-%d}"}
    if found.verdict is not None:
        tiles = {"verdict": found.verdict.outcome, "calibrated p": f"{found.verdict.p_value:.2g}", **tiles}
    if found.trace is not None:
        collapse = getattr(found.hedge, "collapse_", None)
        tiles["tuning"] = "sound" if collapse is None else f"collapsed, pass {collapse.at_pass}"
    tiles["z-score today"] = f"{found.today.z_score:+.2f}".replace("-", "\u2212")
    return tiles


def hedge_chapter(found: BasketResults) -> Chapter:
    """Spreads, ratios, and what holding them earned, in sample."""
    hedged, *others = found.names
    exhibits = [
        drawn(
            "Spread: constant hedge and moving hedge",
            f"{hedged} less its hedge in {' and '.join(others)}, the level left in; ratios predicted from the date "
            "before. A spread under moving ratios looks stationary whether or not anything reverts: nobody earns it. "
            "Dotted: its mean. The first dates, on which the filter finds its feet, may leave the picture.",
            lambda: spread_figure(found.static, found.hedge),
            wide=True,
        ),
        drawn(
            "Hedge ratios",
            "Predicted from the date before, the only ones to trade on, with 95 % bands under the model, its "
            "parameters taken as known.",
            lambda: hedge_ratio_figure(found.hedge, found.static),
            wide=True,
        ),
        drawn(
            "Held value",
            "What a trader who holds the hedge earns: changes of prices at the ratios predicted for them, summed. "
            "Parameters are learned from all of these dates; out of sample it stands in the walk below.",
            lambda: held_value_figure({"moving hedge": found.hedge.held_value_, "constant": found.static.held_value_}),
            wide=True,
        ),
    ]
    parameters = getattr(found.hedge, "parameters_", None)
    if isinstance(parameters, pd.DataFrame):
        note = "With standard errors where the likelihood gives them; a variance on its bound of zero has none."
        table = parameters.reset_index().rename(columns={"standard_error": "standard error"})
        table["parameter"] = table["parameter"].str.replace("_", " ")
        exhibits.append(Exhibit("Parameters", note, table=table, wide=True))
    return Chapter("Hedge", f"How many shares of {' and '.join(others)} hedge one of {hedged}.", tuple(exhibits))


def tuning_chapter(found: BasketResults) -> Chapter:
    """The adaptive recipe pass by pass."""
    trace = found.trace if found.trace is not None else pd.DataFrame()
    collapse = getattr(found.hedge, "collapse_", None)
    if collapse is None:
        lead = f"{len(trace):,} passes, none of them degenerate."
    else:
        used = f"pass {collapse.last_sound}, the last sound one" if collapse.last_sound else "no pass: none is sound"
        lead = f"Degenerate at pass {collapse.at_pass}. {collapse.detail} Used here: {used}. Later ones are only drawn."
    note = (
        "Right of the red line nothing is estimated any more, and p-values mean nothing. Nominal p-values do not know "
        "that weights move or that anything was tuned; they are computed every 20th pass. Variances of zero are left "
        "out of their log axis."
    )
    names = ["level", *found.names[1:]]
    figure = drawn("Pass by pass", note, lambda: trace_figure(trace, collapse, names), wide=True)
    return Chapter("Tuning", lead, (figure,))


def walk_chapter(found: BasketResults) -> Chapter:
    """What the hedges earned out of sample."""
    walk = found.walk
    table = walk_table(walk.table)
    formats = dict(WALK_COLUMNS.values())
    held = {name: each.held_value_.loc[each.in_use_from_ :] for name, each in walk.hedges.items()}
    exhibits = [
        Exhibit(
            "",
            "Half-life and p-value (Dickey-Fuller, one lag) are of the value held under predicted ratios, out of "
            "sample: each date's parameters were learned before it. Log density is the mean predictive one of the "
            "hedged price, higher is better: it compares how hedges were tuned. Degenerate: share of the times the "
            "hedge learned at which its tuning collapsed.",
            table=table,
            formats=formats,
            wide=True,
        ),
        drawn("Value", "After costs; dotted: before them.", lambda: value_figure(walk.results), wide=True),
        drawn("Drawdown", "After costs.", lambda: drawdown_figure(walk.results)),
        drawn("Held value", "Each hedge's, from the first date out of sample.", lambda: held_value_figure(held)),
    ]
    parts = [f"Traded from {walk.start:%Y-%m-%d} as one could have: decided at a close, traded on the next date."]
    parts += [text.rstrip(".") + "." for text in (found.retuned, found.costs) if text]
    return Chapter("Walked forward", " ".join(parts), tuple(exhibits))


def walk_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a walk's table with its columns in words, and the hedge in the first."""
    shown = table[[name for name in WALK_COLUMNS if name in table]]
    return shown.rename(columns={name: word for name, (word, _) in WALK_COLUMNS.items()}).reset_index()


def today_chapter(found: BasketResults) -> Chapter:
    """What to hold now, and how far each level is."""
    now = found.today
    positions = now.positions.reset_index()
    words = {"z_score": "z-score", "price": f"price of {found.names[0]}", "deviations": "away, deviations"}
    levels = now.distances.reset_index().rename(columns=words)
    exhibits = [
        Exhibit(
            "Positions",
            "For the whole capital, decided at this close.",
            table=positions,
            formats={"shares": ",.0f", "currency": ",.0f", "weight": ".1%"},
        ),
        Exhibit(
            "Levels",
            "How far each is from today's z-score, and the price that would reach it on the next date were the other "
            "prices to stand still.",
            table=levels,
            formats={"z-score": "+.2f", "away, deviations": "+.2f", f"price of {found.names[0]}": ",.4g"},
        ),
        drawn("Signal", "The last dates.", lambda: signal_figure(found.z_score, found.rule), wide=True),
    ]
    side = "flat" if now.units == 0.0 else f"{'long' if now.units > 0.0 else 'short'}, {abs(now.units):.2g} of 1 unit"
    score = f"{now.z_score:+.2f}".replace("-", "\u2212")
    lead = f"After the close of {now.date:%Y-%m-%d}: z-score {score}, {side}."
    return Chapter("Today", lead, tuple(exhibits))
