"""The options of `StatisticalFactors`: checked, handed to the refits, told in the notes."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.text import listed, show, span
from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import InputError
from statefolio.factors.orientation import ALIGNMENTS
from statefolio.factors.past_loadings import Recipe


def check_options(model: Any) -> None:
    """Raise InputError for options that cannot be used."""
    for name, least in (("n_factors", 1), ("refit_every", 1), ("min_dates", 2), ("min_history", 2)):
        value = getattr(model, name)
        if not is_whole(value) or value < least:
            raise InputError(f"{name}={value!r}; a whole number from {least} on was expected. Pass e.g. 21.")
    if model.alignment not in ALIGNMENTS:
        raise InputError(f"alignment={model.alignment!r}; one of {', '.join(map(repr, ALIGNMENTS))} was expected.")
    if model.min_history < model.n_factors + 2 or model.min_dates < model.min_history:
        raise InputError(
            f"min_dates={model.min_dates}, min_history={model.min_history}, n_factors={model.n_factors}; min_history "
            "from n_factors + 2 on and min_dates from min_history on were expected. Use fewer factors."
        )
    if model.window is not None and (not is_whole(model.window) or model.window < model.min_history):
        raise InputError(
            f"window={model.window!r}; None or a number of dates from min_history={model.min_history} on was "
            "expected. Pass e.g. 504."
        )
    if model.half_life is not None and (not is_number(model.half_life) or not model.half_life > 0.0):
        raise InputError(
            f"half_life={model.half_life!r}; None or a positive number of dates was expected. Pass e.g. 252."
        )
    if not is_whole(model.max_iterations) or model.max_iterations < 1:
        raise InputError(f"max_iterations={model.max_iterations!r}; a whole number from 1 on was expected.")
    if not is_number(model.tolerance) or not model.tolerance > 0.0:
        raise InputError(f"tolerance={model.tolerance!r}; a positive number was expected. Pass e.g. 1e-5.")


def check_panel(model: Any, values: Array) -> None:
    """Raise InputError for a panel (T, N) too small for the options."""
    dates, assets = values.shape
    if assets <= model.n_factors:
        raise InputError(
            f"returns has {assets} assets for n_factors={model.n_factors}; more assets than factors were expected. "
            "Use fewer factors."
        )
    if dates <= model.min_dates:
        raise InputError(
            f"returns has {dates} dates; more than min_dates={model.min_dates} were expected. Pass more dates, or a "
            "smaller min_dates (and min_history)."
        )


def check_later(dates: pd.DatetimeIndex, last: pd.Timestamp) -> None:
    """Raise InputError unless the dates come after the last one seen."""
    if dates[0] <= last:
        raise InputError(
            f"new_returns has dates {span(dates)}; dates after {show(last)}, the last one seen, were expected. "
            f"Use new_returns[new_returns.index > {show(last)!r}], or fit again."
        )


def check_held(dates: pd.DatetimeIndex, held: pd.DatetimeIndex) -> None:
    """Raise InputError unless results hold all the dates."""
    if not dates.isin(held).all():
        raise InputError(
            f"returns has dates {span(dates)}; dates among those held ({span(held)}), or all after them, were "
            "expected. Split them there, or fit again."
        )


def nothing_fitted(model: Any, values: Array) -> InputError:
    """What is raised where no date got a factor return."""
    most = int(np.count_nonzero(~np.isnan(values), axis=0).max())
    return InputError(
        f"returns gave no refit that could be used: {model.n_factors + 1} assets that vary and have min_history="
        f"{model.min_history} returns in a window were expected before the last date, and that many assets on "
        f"a later one (most returns of an asset: {most}). Use fewer factors or a smaller min_history."
    )


def recipe_of(model: Any) -> Recipe:
    """What a refit needs to know."""
    return Recipe(
        model.n_factors,
        model.half_life,
        model.min_history,
        model.standardise,
        model.alignment,
        model.tolerance,
        model.max_iterations,
    )


def notes_of(model: Any, factors: Array, used: npt.NDArray[np.bool_], log: list[dict[str, Any]]) -> tuple[str, ...]:
    """What a reader of the factor returns (T, K) must know, from the refits' log and the assets they used."""
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
