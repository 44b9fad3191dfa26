"""Validates the options and data of `StatisticalFactors`, and writes the notes of its results."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.text import listed, show, span
from statefolio._arrays.types import Array
from statefolio._options import Number, OneOf, Whole, check, check_options
from statefolio.exceptions import InputError
from statefolio.factors.orientation import ALIGNMENTS
from statefolio.factors.refit import RefitOptions

RULES = {
    "n_factors": Whole(at_least=1, example=5),
    "refit_every": Whole(at_least=1, example=21),
    "min_dates": Whole(at_least=2, example=252),
    "min_history": Whole(at_least=2, example=63),
    "alignment": OneOf(*ALIGNMENTS),
    "half_life": Number(above=0.0, infinite=True, example=252.0) | None,
    "max_iterations": Whole(at_least=1, example=200),
    "tolerance": Number(above=0.0, infinite=True, example=1e-5),
}


def check_statistical_options(model: Any) -> None:
    """Raise InputError for an invalid option, or combination of options."""
    check_options(model, RULES)
    if model.min_history < model.n_factors + 2:
        raise InputError(
            f"min_history must be at least n_factors + 2 = {model.n_factors + 2}, got {model.min_history}. "
            "Use fewer factors, or a larger min_history."
        )
    if model.min_dates < model.min_history:
        raise InputError(
            f"min_dates must be at least min_history={model.min_history}, got {model.min_dates}. "
            "Use a larger min_dates, or a smaller min_history."
        )
    check("window", model.window, Whole(at_least=model.min_history, example=504) | None)


def check_panel(model: Any, values: Array) -> None:
    """Raise InputError for a panel (T, N) too small for the options."""
    dates, assets = values.shape
    if assets <= model.n_factors:
        raise InputError(
            f"returns must have more assets than n_factors={model.n_factors}, got {assets} assets. Use fewer factors."
        )
    if dates <= model.min_dates:
        raise InputError(
            f"returns must have more dates than min_dates={model.min_dates}, got {dates} dates. Pass more dates, or a "
            "smaller min_dates (and min_history)."
        )


def check_later(dates: pd.DatetimeIndex, last: pd.Timestamp) -> None:
    """Raise InputError unless all dates are after the last one seen."""
    if dates[0] <= last:
        raise InputError(
            f"new_returns must have dates after {show(last)}, the last date of the model, got {span(dates)}. "
            f"Use new_returns[new_returns.index > {show(last)!r}], or fit again."
        )


def check_in_results(dates: pd.DatetimeIndex, result_dates: pd.DatetimeIndex) -> None:
    """Raise InputError unless all dates are in the results."""
    if not dates.isin(result_dates).all():
        raise InputError(
            f"returns must have dates of the results ({span(result_dates)}), or later dates alone, got {span(dates)}. "
            "Split them there, or fit again."
        )


def no_refit_error(model: Any, values: Array) -> InputError:
    """Return the error for a panel on which no date gets a factor return."""
    most = int(np.count_nonzero(~np.isnan(values), axis=0).max())
    return InputError(
        f"returns must have {model.n_factors + 1} assets that vary and have min_history={model.min_history} returns in "
        f"a window before the last date, and as many assets on a later date, got no usable refit (most returns of an "
        f"asset: {most}). Use fewer factors or a smaller min_history."
    )


def refit_options(model: Any) -> RefitOptions:
    """Return the options of a refit."""
    return RefitOptions(
        model.n_factors,
        model.half_life,
        model.min_history,
        model.standardise,
        model.alignment,
        model.tolerance,
        model.max_iterations,
    )


def notes_of(model: Any, factors: Array, used: npt.NDArray[np.bool_], log: list[dict[str, Any]]) -> tuple[str, ...]:
    """Write the notes on factor returns (T, K), from the log of the refits and the assets they used."""
    notes = [
        "Principal components of the returns before each date, "
        f"{'standardised' if model.standardise else 'not standardised'}, alignment {model.alignment!r}; "
        "mean squared exposure 1."
    ]
    unknown = int(np.isnan(factors[:, 0]).sum())
    if unknown:
        notes.append(f"{unknown} dates have no factor returns: before the first refit, or too few assets observed.")
    if not used.all():
        notes.append(f"No refit used {listed(list(model.assets_[~used]))}: too short a history, or constant.")
    failed = sum(not entry["converged"] for entry in log)
    if failed:
        notes.append(f"{failed} of {len(log)} refits stopped after {model.max_iterations} iterations.")
    return tuple(notes)
