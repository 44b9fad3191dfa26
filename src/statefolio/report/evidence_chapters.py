"""The chapters on how far a study's results can be trusted: luck, looking ahead, trials, the holdout."""

from collections.abc import Mapping

import pandas as pd

from statefolio.report.backtest.backtest_tables import check_table, column_formats, measures_table, right
from statefolio.report.backtest.selection_figures import chosen_figure, overfitting_figure
from statefolio.report.backtest.tested import Checked
from statefolio.report.backtest.value_figures import value_figure
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.study_results import Evidence, HoldoutRecord


def luck_chapter(evidence: Evidence, benchmark: str | None) -> Chapter:
    """What chance alone, and the choice of the best of many, would have brought."""
    scores = evidence.scores.rename_axis("strategy").reset_index()
    formats = column_formats(scores)
    if "minimum_track_record" in scores:
        scores = scores.rename(columns={"minimum_track_record": "minimum track record, dates"})
        formats["minimum track record, dates"] = ",.0f"
    exhibits = [
        Exhibit(
            "",
            "The probabilistic Sharpe ratio is the probability that the true one is above zero; the deflated one, that "
            "it is above what the best of all that was tried would have had by luck, and it is conservative by "
            "construction. The minimum track record is the number of dates that such a Sharpe ratio needs to be above "
            f"zero at {evidence.level:.0%}; the minimum length, the years below which the best of so many trials has a "
            "Sharpe ratio of one by luck alone.",
            table=scores,
            formats=formats,
            wide=True,
        )
    ]
    found = evidence.overfitting
    if found is not None and found.reason:
        exhibits.append(Exhibit("Does the best stay good?", f"Not asked: {found.reason}.", wide=True))
    elif found is not None:
        exhibits += [
            Exhibit(
                "Does the best stay good?",
                "The dates are halved in many ways; where the best of one half is in the worse half of the other, "
                "choosing it was overfitting.",
                overfitting_figure(found.logits),
            ),
            Exhibit(
                "Which was the best?",
                "Where it is always another one, the choice is a matter of luck.",
                chosen_figure(found.chosen),
            ),
        ]
    lead = (
        f"{evidence.trials:,} configurations were tried, and all of them count. Sharpe ratios are a year's, "
        "net of costs, unless their name says otherwise."
    )
    return Chapter("More than luck?", lead, tuple(exhibits), _luck_tiles(evidence, benchmark))


def _luck_tiles(evidence: Evidence, benchmark: str | None) -> dict[str, str]:
    tiles = {"configurations tried": f"{evidence.trials:,}"}
    if evidence.effective_trials is not None:
        tiles["independent ones, in effect"] = f"{evidence.effective_trials:.1f}"
    if evidence.overfitting is not None and not evidence.overfitting.reason:
        tiles["probability of overfitting"] = f"{evidence.overfitting.probability:.0%}"
    if evidence.reality_check is not None:
        label = f"reality check against {benchmark or 'the benchmark'}, p"
        tiles[label] = evidence.reality_check.reason or f"{evidence.reality_check.p_value:.3f}"
    if evidence.better is not None:
        tiles[f"better at {evidence.level:.0%} (StepM)"] = ", ".join(evidence.better) or "none"
    if evidence.minimum_length is not None:
        tiles["minimum length, years"] = f"{evidence.minimum_length:.1f}"
    return tiles


def check_chapter(checks: Mapping[str, Checked]) -> Chapter:
    """Whether any decision knew what came after it."""
    bad = [name for name, check in checks.items() if check.verdict != "causal"]
    verdict = f"Not shown to be causal: {', '.join(bad)}." if bad else "No decision changed."
    lead = (
        "The data were cut after several dates, and what came later was changed; every decision up to the cut was made "
        f"again and had to be the same to the last bit. {verdict}"
    )
    tiles = {name: check.verdict for name, check in checks.items()}
    return Chapter("Look-ahead check", lead, (Exhibit("", table=check_table(checks), wide=True),), tiles)


def trials_chapter(trials: pd.DataFrame) -> Chapter:
    """Every configuration that was tried."""
    table = trials if isinstance(trials.index, pd.RangeIndex) else trials.reset_index()
    lead = (
        f"{len(table):,} configurations, with what they came to; none is left out of the counts above. They are kept "
        "in a file beside the results, which a run adds to and never shortens: the count is as honest as that file."
    )
    if table.empty:
        return Chapter("What was tried", "Nothing but what is shown: no other configuration was tried.")
    return Chapter("What was tried", lead, (Exhibit("", table=table, formats=column_formats(table), wide=True),))


def holdout_chapter(holdout: HoldoutRecord, benchmark: str | None = None, currency: str = "") -> Chapter:
    """The sealed last part of the data: whether it was opened, how often, and what came of it."""
    tiles = {
        "holdout": holdout.state,
        "from": f"{holdout.start:%Y-%m-%d}",
        "to": f"{holdout.end:%Y-%m-%d}",
        "seal": holdout.seal[:12],
    }
    exhibits = []
    if holdout.opened and holdout.results:
        drawn = value_figure(holdout.results, benchmark, currency=currency)
        exhibits.append(Exhibit("Value on the holdout", "Net, and gross of costs and fees.", drawn, wide=True))
    if holdout.opened and holdout.measures is not None:
        table = measures_table(holdout.measures)
        exhibits.append(Exhibit("Measures on the holdout", table=table, formats=right(table), wide=True))
    return Chapter("Holdout", _holdout_lead(holdout), tuple(exhibits), tiles)


def _holdout_lead(holdout: HoldoutRecord) -> str:
    on = ", ".join(f"{date:%Y-%m-%d}" for date in holdout.opened)
    if not holdout.opened:
        return "Sealed: nothing above has seen these dates. It is scored when it is opened, and that is written down."
    if len(holdout.opened) == 1:
        return f"Opened once, on {on}, after everything above was settled."
    return (
        f"Opened {len(holdout.opened)} times ({on}). Only the first look was at unseen data: what was changed since "
        "knew these dates, and later figures are to be read as in sample."
    )
