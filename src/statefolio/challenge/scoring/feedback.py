"""Feedback that does not leak: whether a submission is significantly better than the displayed one, and shared ranks.

A board that shows every score is a way to search the hidden dates. A score is shown only if it beats the team's
displayed best by `[feedback] standard_errors` of the paired difference; otherwise the team learns that it did not, and
nothing else (Blum and Hardt 2015, "The Ladder", Proceedings of Machine Learning Research 37). How far searches get, by
the number of standard errors, is measured by `benchmarks/challenge_attack.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.periods import read_periods
from statefolio.challenge.rules.settings import FeedbackTable
from statefolio.challenge.scoring.sharpe_difference import linearised_sharpe
from statefolio.validation.confidence_set import model_confidence_set
from statefolio.validation.equal_accuracy import diebold_mariano

SIZE = 0.1
"""1 minus the confidence that a group holds the best of those ranked."""
REPLICATIONS = 500
MOST_TESTED = 40
"""Most teams in one confidence set: its cost grows with their square."""
GAP_SHARE = 0.5
"""Part of its distance to the benchmark that a forecast below it must close."""


@dataclass(frozen=True)
class Comparison:
    """A submission compared with another on the same dates.

    Attributes
    ----------
    difference : float
        Of the scores (Sharpe ratios per date, not annual). NaN where it is not defined.
    statistic : float
        The difference in standard errors, corrected for the number of autocovariances. NaN where it is not defined.
    """

    difference: float
    statistic: float

    def beats(self, errors: float) -> bool:
        """Return whether the difference is above so many standard errors."""
        return bool(self.difference > 0.0 and self.statistic > errors)


def compare(track: str, new: "pd.Series[float]", best: "pd.Series[float]") -> Comparison:
    """Compare two submissions date by date.

    Parameters
    ----------
    track : {"forecast", "portfolio"}
        Log densities are compared by their mean; returns by their Sharpe ratios, whose standard error is Ledoit and
        Wolf's.
    new, best : Series by date
        `ScoredWindow.series`, on the same dates.

    Returns
    -------
    Comparison
        Autocovariances up to the root of the number of dates are in the standard error (Bartlett).

    References
    ----------
    Ledoit and Wolf (2008), Journal of Empirical Finance 15(5).

    Examples
    --------
    >>> dates = pd.bdate_range("2024-01-01", periods=250)
    >>> noise = np.random.default_rng(0).normal(0.0, 0.01, (2, 250))
    >>> best = pd.Series(noise[0], index=dates)
    >>> found = compare("portfolio", best + 0.002 + 0.1 * noise[1], best)
    >>> found.beats(2.0), compare("portfolio", best, best).beats(0.0)
    (True, False)
    """
    table = aligned(track, {"new": new, "best": best})
    if table is None or len(table.columns) < 2:
        return Comparison(np.nan, np.nan)
    test = diebold_mariano((table["new"] - table["best"]).to_numpy())
    return Comparison(test.difference, test.statistic)


def improves(
    track: str,
    new: "pd.Series[float] | None",
    best: "pd.Series[float] | None",
    rules: FeedbackTable,
    benchmark: "pd.Series[float] | None" = None,
) -> bool:
    """Return whether a team's board may move to a new submission.

    Parameters
    ----------
    track : {"forecast", "portfolio"}
    new, best : Series by date, optional
        Series of the new submission and of the displayed one; None where its value is None, or nothing is displayed.
    rules : FeedbackTable
        Where its standard errors are above 0, the difference must reach a least step too: see Notes.
    benchmark : Series by date, optional
        Of the benchmark entry; for the forecast track.

    Returns
    -------
    bool
        True for the first submission with a value.

    Notes
    -----
    Steps that are small and certain would show the score of every try. A portfolio gets them by a little less cost each
    time; costs are bounded, so that `least_sharpe` leaves few steps. A forecast gets them by variances that are too
    large by any factor. So `least_log_score` counts near the benchmark, and below it a forecast must close half of its
    distance to it: from any distance this leaves some ten steps.

    Examples
    --------
    >>> dates = pd.bdate_range("2024-01-01", periods=250)
    >>> noise = 1e-5 * np.random.default_rng(0).normal(size=250)
    >>> best = pd.Series(3.0, index=dates)
    >>> [improves("forecast", best + step + noise, best, FeedbackTable()) for step in (0.001, 0.003)]
    [False, True]
    >>> improves("forecast", best + 0.003 + noise, best, FeedbackTable(), benchmark=best + 0.1)
    False
    """
    if new is None or not len(new):
        return False
    if best is None or not len(best):
        return True
    found = compare(track, new, best)
    if not found.beats(rules.standard_errors):
        return False
    if rules.standard_errors == 0.0:
        return True
    if track == "portfolio":
        return bool(found.difference * np.sqrt(read_periods(None, pd.DatetimeIndex(new.index))) >= rules.least_sharpe)
    gap = 0.0 if benchmark is None else compare(track, benchmark, best).difference
    return bool(found.difference >= np.fmax(rules.least_log_score, GAP_SHARE * gap))


def rank_groups(track: str, series: Mapping[str, "pd.Series[float] | None"], *, seed: int = 0) -> dict[str, int | None]:
    """Rank teams in groups whose members cannot be told apart; members of a group share a rank.

    The first group is the model confidence set of all: it holds the best with a confidence of 90 %. The next group is
    that of the others, and so on. Ranks count the teams before: 1, 1, 1, 4, 4, 6.

    Parameters
    ----------
    track : {"forecast", "portfolio"}
    series : mapping from team to Series by date
        None where the team has no value: it has no rank, and stands last.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        From team to rank, in order of the rank and then of the score.

    Notes
    -----
    The cost of a confidence set grows with the square of the number of teams. Above 40 teams, a group is found among
    the 40 best of the rest; where it holds all of these, every further team joins that is within two standard errors
    of the best one.

    References
    ----------
    Hansen, Lunde and Nason (2011), Econometrica 79(2).

    Examples
    --------
    >>> dates = pd.bdate_range("2024-01-01", periods=250)
    >>> noise = np.random.default_rng(1).normal(0.0, 1.0, (250, 3))
    >>> teams = pd.DataFrame(noise + [1.0, 1.0, 0.0], index=dates, columns=["a", "b", "c"])
    >>> rank_groups("forecast", dict(teams.items()) | {"d": None})
    {'a': 1, 'b': 1, 'c': 3, 'd': None}
    """
    given = {team: each for team, each in series.items() if each is not None and len(each)}
    table = aligned(track, given)
    ranks: dict[str, int | None] = {}
    rest = [] if table is None else list(table.mean().sort_values(ascending=False, kind="stable").index)
    while rest and table is not None:
        group = _best_of(table[rest], seed)
        ranks |= dict.fromkeys(group, len(ranks) + 1)
        rest = [team for team in rest if team not in group]
    return ranks | {team: None for team in series if team not in ranks}


def _best_of(table: pd.DataFrame, seed: int) -> list[Any]:
    """Return the columns that are not told apart from the first one, the best."""
    tested = table.iloc[:, :MOST_TESTED]
    found = model_confidence_set(-tested, size=SIZE, replications=REPLICATIONS, seed=seed)["included"]
    group = [team for team in tested.columns if found[team] or team == tested.columns[0]]
    if len(group) < len(tested.columns):
        return group
    best = table.iloc[:, 0].to_numpy()
    for team in table.columns[MOST_TESTED:]:
        if diebold_mariano(best - table[team].to_numpy()).statistic > 2.0:
            break
        group.append(team)
    return group


def aligned(track: str, series: Mapping[str, "pd.Series[float]"]) -> pd.DataFrame | None:
    """Return series whose means are the scores, on the dates that all have; without those that have no score."""
    if not series:
        return None
    table = pd.DataFrame(dict(series)).dropna()
    if track == "portfolio":
        linear = {team: linearised_sharpe(column.to_numpy()) for team, column in table.items()}
        table = pd.DataFrame({team: each for team, each in linear.items() if each is not None}, index=table.index)
    return table
