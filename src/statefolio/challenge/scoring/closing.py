"""The results of a round after it has closed: final scores, their significance, and only now the curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.backtest.validation.reality_check import reality_check
from statefolio.backtest.validation.sharpe import deflated_sharpe
from statefolio.challenge.scoring.duplicates import Relation, find_duplicates
from statefolio.challenge.scoring.feedback import SIZE, aligned, rank_groups
from statefolio.challenge.scoring.scored_window import ScoredWindow, number
from statefolio.exceptions import InputError
from statefolio.validation.confidence_set import model_confidence_set


@dataclass(frozen=True, eq=False)
class FinalEntry:
    """A finalist.

    Attributes
    ----------
    submission : str
        Its id.
    team, name : str
    validation : float, optional
        Its validation score.
    final : ScoredWindow
        Its scores on the final window.
    """

    submission: str
    team: str
    name: str
    validation: float | None
    final: ScoredWindow


def final_results(
    track: str,
    entries: Sequence[FinalEntry],
    benchmark: FinalEntry,
    submissions: Sequence[float | None],
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the results of a track.

    Parameters
    ----------
    track : {"forecast", "portfolio"}
    entries
        All finalists, in the order of their submission.
    benchmark
        The benchmark's entry.
    submissions
        Validation score of every submission of the track, of all teams; None without a score. They are the trials that
        the best was chosen from.
    seed
        Of the bootstraps.

    Returns
    -------
    dict, ready for JSON
        `rows`, one per finalist and one for the benchmark, best first: `rank` (shared by those that the model
        confidence set cannot tell apart; None for a team's second finalist, an opposite bet, and without a score),
        `team`, `name`, `submission`, `validation`, `final`, `standard_error`, `in_confidence_set`, `p_value` (of the
        confidence set), `deflated` (probability that the Sharpe ratio is above the expected best of all submissions
        without skill; portfolio track), `validation_place`, `final_place`, `shake_up` (places gained), `duplicate_of`,
        `relation`, `failed_gates`, `reasons`, `details`, `is_benchmark`.
        `reality_check`: `p_value`, `lower`, `upper`, `best`, `trials`, `reason`. `submissions`: their number.
        `curves`: `dates` and `entries`, from submission to values: growth of 1 over cash, or the log score minus the
        benchmark's, summed.

    Raises
    ------
    InputError
        If the benchmark has no final score.
    """
    if benchmark.final.value is None:
        raise InputError(f"benchmark must have a final score, got {benchmark.final.reasons}. Check data and rules.")
    everyone = [benchmark, *entries]
    scored = {each.submission: each.final.series for each in everyone if each.final.value is not None}
    related = find_duplicates(scored, benchmark.submission)
    ranked = _ranked(everyone, related)
    ranks = rank_groups(track, {each: scored[each] for each in ranked}, seed=seed)
    table = aligned(track, {each: scored[each] for each in ranked})
    if table is None or benchmark.submission not in table:
        raise InputError("benchmark must have returns that vary, got constant ones. Check data and rules.")
    chosen = model_confidence_set(-table, size=SIZE, seed=seed)
    places = _places(everyone, related)
    rows = [
        _row(each, benchmark, ranks, related, chosen, places) | {"deflated": _deflated(track, each, submissions)}
        for each in everyone
    ]
    order = sorted(range(len(rows)), key=lambda place: _order(rows[place]))
    return {
        "rows": [rows[place] for place in order],
        "reality_check": _reality_check(table, benchmark.submission, seed),
        "submissions": len(submissions),
        "curves": _curves(track, scored, benchmark.submission),
    }


def _ranked(everyone: Sequence[FinalEntry], related: Mapping[Any, Relation]) -> list[str]:
    """Submissions that take a rank of their own: each team's best, the first of each group of duplicates."""
    best: dict[str, FinalEntry] = {}
    for each in everyone:
        if each.final.value is None or each.submission in related:
            continue
        known = best.get(each.team)
        if known is None or each.final.value > (known.final.value or -np.inf):
            best[each.team] = each
    return [each.submission for each in best.values()]


def _places(everyone: Sequence[FinalEntry], related: Mapping[Any, Relation]) -> dict[str, tuple[int, int]]:
    """Places of the ranked submissions by validation score and by final score, the best is 1."""
    names = _ranked(everyone, related)
    known = {each.submission: each for each in everyone}
    scores = pd.DataFrame(
        [(known[name].validation, known[name].final.value) for name in names], index=names, dtype=np.float64
    )
    places = scores.rank(ascending=False, method="min", na_option="bottom").astype(int)
    return {name: (int(row[0]), int(row[1])) for name, row in zip(places.index, places.to_numpy(), strict=True)}


def _row(
    entry: FinalEntry,
    benchmark: FinalEntry,
    ranks: Mapping[Any, int | None],
    related: Mapping[Any, Relation],
    chosen: pd.DataFrame,
    places: Mapping[str, tuple[int, int]],
) -> dict[str, Any]:
    relation = related.get(entry.submission)
    shares = relation is not None and relation.kind == "near-duplicate"
    leader = relation.of if relation is not None and shares else entry.submission
    before, after = places.get(entry.submission, (None, None))
    tested = entry.submission in chosen.index
    return {
        "rank": ranks.get(leader),
        "team": entry.team,
        "name": entry.name,
        "submission": entry.submission,
        "validation": entry.validation,
        "final": entry.final.value,
        "standard_error": entry.final.standard_error,
        "in_confidence_set": bool(chosen.loc[entry.submission, "included"]) if tested else None,
        "p_value": number(chosen.loc[entry.submission, "p_value"]) if tested else None,
        "validation_place": before,
        "final_place": after,
        "shake_up": None if before is None or after is None else before - after,
        "duplicate_of": None if relation is None else relation.of,
        "relation": None if relation is None else relation.kind,
        "failed_gates": list(entry.final.failed_gates),
        "reasons": list(entry.final.reasons),
        "details": dict(entry.final.details),
        "is_benchmark": entry is benchmark,
    }


def _order(row: Mapping[str, Any]) -> tuple[float, bool, bool, float]:
    """Best rank first, duplicates after what they repeat, and then the best final score."""
    rank, final = (np.inf if row[name] is None else row[name] for name in ("rank", "final"))
    return rank, row["final"] is None, row["relation"] is not None, -final


def _deflated(track: str, entry: FinalEntry, submissions: Sequence[float | None]) -> float | None:
    known = np.array([value for value in submissions if value is not None], dtype=np.float64)
    if track != "portfolio" or entry.final.value is None:
        return None
    variance = float(known.var(ddof=1)) if len(known) > 1 else 0.0
    return number(deflated_sharpe(entry.final.series, max(1, len(submissions)), variance))


def _reality_check(table: pd.DataFrame, benchmark: str, seed: int) -> dict[str, Any]:
    others = table.drop(columns=benchmark)
    if others.empty:
        return dict.fromkeys(("p_value", "lower", "upper", "best")) | {"trials": 0, "reason": "no entry has a score"}
    found = reality_check(others, table[benchmark], seed=seed)
    numbers = {name: number(getattr(found, name)) for name in ("p_value", "lower", "upper")}
    return {**numbers, "best": found.best, "trials": found.trials, "reason": found.reason}


def _curves(track: str, scored: Mapping[str, "pd.Series[float]"], benchmark: str) -> dict[str, Any]:
    table = pd.DataFrame(dict(scored)).dropna()
    curves = (1.0 + table).cumprod() if track == "portfolio" else table.sub(table[benchmark], axis=0).cumsum()
    dates = [show(date) for date in pd.DatetimeIndex(curves.index)]
    return {"dates": dates, "entries": {name: curves[name].tolist() for name in curves.columns}}
