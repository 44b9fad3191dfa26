"""Builds the chapters on a study's evidence: significance, look-ahead check, trials and holdout."""

from collections.abc import Mapping

import pandas as pd

from statefolio._display.headings import capitalised
from statefolio._display.numbers import p_value
from statefolio.report.backtest.backtest_tables import check_table, column_formats, measures_table, right
from statefolio.report.backtest.protocols import LookAheadCheck
from statefolio.report.backtest.selection_figures import chosen_figure, overfitting_figure
from statefolio.report.backtest.sentences import look_ahead_sentence
from statefolio.report.backtest.value_figures import value_figure
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.study_results import Evidence, HoldoutRecord


def significance_chapter(evidence: Evidence, benchmark: str | None) -> Chapter:
    """Return the chapter on the significance of the best of many trials."""
    scores = evidence.scores.rename_axis("strategy").reset_index()
    formats = column_formats(scores)
    if "minimum_track_record" in scores:
        formats["minimum_track_record"] = ",.0f"
    exhibits = [
        Exhibit(
            "",
            "The probabilistic Sharpe ratio is the probability that the true Sharpe ratio is above zero. The "
            "deflated one is the probability that it is above the expected maximum of all trials without skill; it "
            "is conservative. The minimum track record is the number of dates at which such a Sharpe ratio is "
            f"significantly above zero at {evidence.level:.0%}. In a back-test shorter than the minimum length, the "
            "best of so many trials without skill is expected to have a Sharpe ratio of one.",
            table=scores,
            formats=formats,
            wide=True,
            why_missing="\u2013: no value: the Sharpe ratio is not above zero, or it cannot be computed.",
        )
    ]
    found = evidence.overfitting
    if found is not None and found.reason:
        exhibits.append(Exhibit("Probability of overfitting", f"Not computed: {found.reason}.", wide=True))
    elif found is not None:
        exhibits += [
            Exhibit(
                "Rank out of sample of the best in sample",
                "The dates are split into halves in many ways. The selection overfits where the best trial of one "
                "half is below the median in the other half.",
                overfitting_figure(found.logits),
            ),
            Exhibit(
                "Best trial in sample",
                "How often each trial is the best of one half. If it changes often, the selection is unreliable.",
                chosen_figure(found.chosen),
            ),
        ]
    lead = (
        f"All {evidence.trials:,} configurations tried are counted. Sharpe ratios are annualised and net of costs "
        "unless their name says otherwise."
    )
    return Chapter("Significance", lead, tuple(exhibits), _significance_tiles(evidence, benchmark))


def _significance_tiles(evidence: Evidence, benchmark: str | None) -> dict[str, str]:
    tiles = {"Configurations tried": f"{evidence.trials:,}"}
    if evidence.effective_trials is not None:
        tiles["Effective number of trials"] = f"{evidence.effective_trials:.1f}"
    if evidence.overfitting is not None and not evidence.overfitting.reason:
        tiles["Probability of overfitting"] = f"{evidence.overfitting.probability:.0%}"
    if evidence.reality_check is not None:
        label = f"Reality check against {benchmark or 'the benchmark'}, p-value"
        tiles[label] = evidence.reality_check.reason or p_value(evidence.reality_check.p_value)
    if evidence.better is not None:
        tiles[f"Better than the benchmark at {evidence.level:.0%} (StepM)"] = ", ".join(evidence.better) or "none"
    if evidence.minimum_length is not None:
        tiles["Minimum length, years"] = f"{evidence.minimum_length:.1f}"
    return tiles


def check_chapter(checks: Mapping[str, LookAheadCheck]) -> Chapter:
    """Return the chapter on the look-ahead check."""
    lead = (
        "After each of several cut dates the later data were changed, and all decisions up to the cut were made again. "
        f"They must not change by a bit. {capitalised(look_ahead_sentence(checks))}."
    )
    tiles = {name: capitalised(check.sentence) for name, check in checks.items()}
    return Chapter("Look-ahead check", lead, (Exhibit("", table=check_table(checks), wide=True),), tiles)


def trials_chapter(trials: pd.DataFrame) -> Chapter:
    """Return the chapter that lists all configurations tried."""
    table = trials if isinstance(trials.index, pd.RangeIndex) else trials.reset_index()
    lead = (
        f"Results of all {len(table):,} configurations in the counts above. A file next to the results records them; "
        "runs only add to it. The counts are complete if that file is."
    )
    if table.empty:
        return Chapter("Trials", "No configurations besides those shown were tried.")
    return Chapter("Trials", lead, (Exhibit("", table=table, formats=column_formats(table), wide=True),))


def holdout_chapter(holdout: HoldoutRecord, benchmark: str | None = None, currency: str = "") -> Chapter:
    """Return the chapter on the sealed last part of the data and the results of its opening."""
    tiles = {
        "Holdout": holdout.state,
        "From": f"{holdout.start:%Y-%m-%d}",
        "To": f"{holdout.end:%Y-%m-%d}",
        "Seal": holdout.seal[:12],
    }
    exhibits = []
    if holdout.opened and holdout.results:
        figure = value_figure(holdout.results, benchmark, currency=currency)
        exhibits.append(
            Exhibit("Value on the holdout", "Net of costs and fees; dotted: before them.", figure, wide=True)
        )
    if holdout.opened and holdout.measures is not None:
        table = measures_table(holdout.measures)
        exhibits.append(Exhibit("Measures on the holdout", table=table, formats=right(table), wide=True))
    return Chapter("Holdout", _holdout_lead(holdout), tuple(exhibits), tiles)


def _holdout_lead(holdout: HoldoutRecord) -> str:
    on = ", ".join(f"{date:%Y-%m-%d}" for date in holdout.opened)
    if not holdout.opened:
        return "Sealed: no result above uses these dates. Opening it computes its results and is recorded."
    if len(holdout.opened) == 1:
        return f"Opened once, on {on}, after all results above were final."
    return (
        f"Opened {len(holdout.opened)} times ({on}). Only the first opening used unseen data: later changes may "
        "depend on these dates, so read later results as in sample."
    )
