"""Scores a submission on a window of a round."""

import warnings
from dataclasses import replace

import numpy as np

from statefolio.challenge.rules.settings import Rules
from statefolio.challenge.rules.submission import Submission
from statefolio.challenge.rules.windows import WindowName
from statefolio.challenge.scoring.forecast_track import score_forecast
from statefolio.challenge.scoring.portfolio_track import score_portfolio
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.scoring.scored_window import ScoredWindow
from statefolio.exceptions import StatefolioError

FAILED = (
    "The models could not be fitted to the data, or the portfolio could not be traded. Run "
    "`statefolio challenge test` on the public data, and change the options that it names."
)


def score(submission: Submission, data: RoundData, rules: Rules, window: WindowName = "validation") -> ScoredWindow:
    """Score a submission.

    Everything after the window's last date is cut off first, so that no model sees it.

    Parameters
    ----------
    submission : Submission
    data : RoundData
    rules : Rules
        Of which `[backtest]` and `[gates]` are used.
    window : {"public", "validation", "final"}

    Returns
    -------
    ScoredWindow
        With `value` None where the models fail, or a portfolio does not keep to a gate. On the public window the reason
        is the error of the model, and warnings are shown; on hidden ones it is a fixed sentence.

    Notes
    -----
    While a round is open, the reasons that a portfolio has no score come from the public window: a portfolio is walked
    over that one first, and over the validation window only if it has a score there. If it then has none on the
    validation window, there is no reason either, and the team hears what it hears of any try that is not better.
    Otherwise the gates would answer questions about hidden returns: whether an asset is held on every date tells
    whether its estimated mean stayed above a level that the team chose.

    Raises
    ------
    InputError
        If the data have no such window.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.challenge.rules.settings import example_rules, parse_rules
    >>> from statefolio.challenge.rules.submission import read_submission
    >>> rules = parse_rules(example_rules(), "challenge.toml")
    >>> demo = sf.load_demo()
    >>> data = RoundData.of(sf.Market(demo.returns.iloc[:, :10], demo.factors), rules)
    >>> equal = b'{"track": "portfolio", "name": "equal", "portfolio": {"equal": {"objective": "equal_weight"}}}'
    >>> found = score(read_submission(equal, data.universe), data, rules, "public")
    >>> found.failed_gates, found.details["fewest_holdings"]
    ((), 10.0)
    """
    with warnings.catch_warnings():
        if window != "public":
            warnings.simplefilter("ignore")
        if submission.track == "forecast" or window != "validation":
            return _scored(submission, data, rules, window)
        tried = _scored(submission, data, rules, "public")
        if tried.value is None:
            return replace(tried, window=window, details={})
        found = _scored(submission, data, rules, window)
        return found if found.value is not None else replace(found, failed_gates=(), reasons=())


def _scored(submission: Submission, data: RoundData, rules: Rules, window: WindowName) -> ScoredWindow:
    dates = data.windows.of(window)
    market = data.market.until(dates.last)
    try:
        if submission.track == "forecast":
            return score_forecast(submission, market, dates, data.scored_assets(dates.tune_until), window)
        return score_portfolio(submission, market, dates, rules.backtest, rules.gates, window)
    except (StatefolioError, ArithmeticError, np.linalg.LinAlgError) as error:
        reason = str(error) if window == "public" else FAILED
        return ScoredWindow(submission.track, window, None, reasons=(reason,))
