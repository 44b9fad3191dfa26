"""The windows and folds of a study's validation."""

import pandas as pd

from statefolio._arrays.text import span
from statefolio.backtest.market import Market
from statefolio.backtest.run_settings import make_settings
from statefolio.backtest.validation.windows import Window, Windows, combinatorial_windows
from statefolio.commands.studies.parts.models import errors_about
from statefolio.commands.studies.schema.study import Study
from statefolio.exceptions import InputError


def check_dates(study: Study, market: Market, least: int = 2) -> None:
    """Raise InputError, which names the field, if the start is before the data or leaves fewer than `least` dates."""
    dates = market.dates
    left = len(_from_start(study, dates))
    if left < least:
        needed = "two dates or more" if least > 1 else "a date"
        raise InputError(
            f"backtest.start must leave {needed} of {span(dates)}, got {study.backtest.start}, which leaves {left}. "
            "Choose an earlier start."
        )
    with errors_about("backtest"):
        make_settings(market, study.backtest.start, None, None, 1.0, 1, study.backtest.periods_per_year)


def check_windows(study: Study, dates: pd.DatetimeIndex) -> None:
    """Raise InputError, which names the field, if the dates are too few for the windows or the folds.

    Parameters
    ----------
    study
        The checked file.
    dates
        The dates of the market on which the study is developed.
    """
    tested = _from_start(study, dates)[1:]
    make_windows(study, tested)
    table = study.validation.combinatorial
    if table is not None:
        with errors_about("validation.combinatorial"):
            combinatorial_windows(tested, **table.model_dump())


def make_windows(study: Study, dates: pd.DatetimeIndex) -> list[Window]:
    """Split the dates of a back-test into windows.

    Raises
    ------
    InputError
        If the dates are too few; the message begins with the field.
    """
    table = study.validation.windows
    with errors_about("validation.windows"):
        return Windows(table.kind, table.count, table.purge, table.embargo).split(dates)


def _from_start(study: Study, dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    start = study.backtest.start
    return dates if start is None else dates[dates >= pd.Timestamp(start)]
