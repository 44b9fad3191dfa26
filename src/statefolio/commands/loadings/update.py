"""New dates for a saved model, and what moved beyond its band."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio.commands.inputs import Source, read_inputs
from statefolio.commands.listener import Listener
from statefolio.exceptions import FileFormatError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.results import HALF_BAND


@dataclass(frozen=True)
class Updated:
    """What came of an update: the new dates, the new assets, and the loadings that left their bands."""

    model: Path
    last_date: pd.Timestamp
    dates: pd.DatetimeIndex
    joined: tuple[str, ...]
    moved: pd.DataFrame


def run_update(model_file: Path, source: Source, listener: Listener) -> Updated:
    """Continue a saved model over the dates it has not seen, and save it in its place.

    Parameters
    ----------
    model_file
        What a run of `statefolio loadings` saved. It is replaced whole or not at all.
    source
        Files that hold the new dates; earlier dates are passed over.
    listener
        Hears what was read.

    Returns
    -------
    Updated
        `moved` has a row for each loading whose new filtered mean lies outside the 95 % band in which it was
        expected before the new dates came, the most surprising first.
    """
    model = _loaded(model_file)
    seen, known = model.last_date_, {str(name) for name in model.assets_}
    before = model.next_
    inputs = read_inputs(source)
    new = inputs.returns.index > seen
    dates = pd.DatetimeIndex(inputs.returns.index[new])
    if not len(dates):
        return Updated(model_file, seen, dates, (), moved_beyond(before, before["mean"]))
    listener.say(f"{len(dates):,} new dates, {dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}.")
    model.partial_fit(inputs.returns[new], inputs.factors[new])
    moved = moved_beyond(before, model.loadings_["filtered"].isel(date=-1))
    joined = tuple(str(name) for name in model.assets_ if str(name) not in known)
    model.save(model_file)
    return Updated(model_file, model.last_date_, dates, joined, moved)


def moved_beyond(before: Any, now: Any) -> pd.DataFrame:
    """List the loadings outside their former 95 % bands, those furthest out first."""
    variances = np.diagonal(before["covariance"].to_numpy(), axis1=1, axis2=2)
    expected, error = before["mean"].to_numpy(), np.sqrt(variances)
    present = now.reindex(asset=before.indexes["asset"]).transpose("asset", "factor").to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        surprise = (present - expected) / error
    rows, columns = np.nonzero(np.abs(surprise) > HALF_BAND)
    half = HALF_BAND * error[rows, columns]
    table = pd.DataFrame(
        {
            "asset": before.indexes["asset"][rows],
            "factor": before.indexes["factor"][columns],
            "expected": expected[rows, columns],
            "lower": expected[rows, columns] - half,
            "upper": expected[rows, columns] + half,
            "now": present[rows, columns],
            "standard_errors": surprise[rows, columns],
        }
    )
    return table.sort_values("standard_errors", key=np.abs, ascending=False, ignore_index=True)


def _loaded(path: Path) -> KalmanLoadings:
    try:
        return KalmanLoadings.load(path)
    except FileNotFoundError as error:
        raise FileFormatError(
            f"{path} is not there. A model that `statefolio loadings` saved was expected: check the path."
        ) from error
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read ({error.strerror}). Check the path.") from error
