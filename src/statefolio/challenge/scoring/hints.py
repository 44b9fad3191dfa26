"""Hints of a tutorial: what to try next, from a submission and its scores."""

from statefolio.challenge.rules.submission import Submission
from statefolio.challenge.scoring.scored_window import ScoredWindow
from statefolio.commands.studies.schema.portfolio_tables import Optimised

MOST_HINTS = 3


def hints(submission: Submission, scored: ScoredWindow) -> list[str]:
    """Return at most three sentences that say what to try next, the most useful first.

    Parameters
    ----------
    submission
        The submission.
    scored
        Its validation scores.

    Examples
    --------
    >>> from statefolio.challenge.rules.submission import read_submission
    >>> gaussian = read_submission(b'{"track": "forecast", "name": "first", "loadings": {"tails": "gaussian"}}')
    >>> hints(gaussian, ScoredWindow("forecast", "validation", 3.0))[0]
    'Returns have fat tails: try loadings.tails = "student".'
    """
    found = _about_loadings(submission)
    if submission.track == "portfolio":
        found = [*_about_portfolio(submission, scored), *found]
    return [*scored.reasons, *found][:MOST_HINTS]


def _about_loadings(submission: Submission) -> list[str]:
    loadings = submission.tables.loadings
    found = []
    if loadings.tails == "gaussian":
        found.append('Returns have fat tails: try loadings.tails = "student".')
    if loadings.noise == "constant":
        found.append('Volatility clusters: try loadings.noise = "ewma", which learns the variance.')
    if loadings.tuning == "mle":
        found.append('Each asset has few data: try loadings.tuning = "pooled", one speed per factor for all assets.')
    if loadings.tuning in ("fixed", "discount"):
        found.append('The speed of the loadings can be learned from the data: try loadings.tuning = "pooled".')
    if not loadings.common_volatility:
        found.append("Idiosyncratic variances rise and fall together: try loadings.common_volatility = true.")
    if loadings.dynamics == "random_walk":
        found.append('Do the loadings revert to a mean? Compare loadings.dynamics = "mean_reverting".')
    return found


def _about_portfolio(submission: Submission, scored: ScoredWindow) -> list[str]:
    table = submission.tables.portfolio[submission.portfolio_name]
    costs, fallbacks = scored.details.get("cost_drag"), scored.details.get("fallbacks")
    found = []
    if not isinstance(table, Optimised):
        found.append('These weights use no model: try objective = "minimum_variance", which uses your [loadings].')
    if costs is not None and costs > 0.01:
        found.append("Costs take more than 1 % a year: set daily_turnover or no_trade_band in the constraints.")
    if fallbacks:
        found.append("Some decisions found no weights within the constraints: loosen them.")
    return found
