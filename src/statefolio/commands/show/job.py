"""The job of `show`: reads a model file and takes the latest loadings of some assets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from statefolio._arrays.text import counted, listed
from statefolio.commands.show.options import ShowOptions
from statefolio.exceptions import UnknownNameError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.results import HALF_BAND

MOST_ASSETS = 3
"""Assets shown where none is named."""


@dataclass(frozen=True, eq=False)
class ShownModel:
    """A model's facts, and one table per asset: factor, loading, standard_error, lower, upper, t.

    Attributes
    ----------
    path : Path
    facts : mapping
    tables : mapping of DataFrame
        By asset: loadings predicted for the date after the last one.
    """

    path: Path
    facts: Mapping[str, object]
    tables: Mapping[str, pd.DataFrame]


def read_shown(options: ShowOptions) -> ShownModel:
    """Read a model and the loadings of the assets that are named.

    Raises
    ------
    UnknownNameError
        If the model has no such asset.
    """
    model = KalmanLoadings.load(options.model)
    names = [str(name) for name in model.assets_]
    wanted = options.asset or names[:MOST_ASSETS]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        near = [name for name in names if name.lower().startswith(unknown[0][:1].lower())] or names
        raise UnknownNameError(
            f"--asset must be one of the {counted(len(names), 'asset')} of {options.model}, got {unknown[0]!r}. Pass "
            f"e.g. {listed(near)}."
        )
    notes = getattr(model, "notes_", {})
    facts: dict[str, object] = {
        "assets": len(names),
        "factors": ", ".join(str(name) for name in model.factors_),
        "last date": f"{model.last_date_:%Y-%m-%d}",
        "tuned until": f"{model.tuned_until_:%Y-%m-%d}",
    }
    if "risk_free" in notes:
        facts["risk-free rate"] = notes["risk_free"] or "none subtracted"
    return ShownModel(options.model, facts, {name: loadings_table(model, names.index(name)) for name in wanted})


def loadings_table(model: KalmanLoadings, place: int) -> pd.DataFrame:
    """Return the loadings of one asset, predicted for the next date, with 95 % bands."""
    ahead = model.next_.isel(asset=place)
    mean, error = ahead["mean"].to_numpy(), np.sqrt(np.diag(ahead["covariance"].to_numpy()))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = mean / error
    table = pd.DataFrame({"factor": [str(name) for name in model.factors_], "loading": mean, "standard_error": error})
    return table.assign(lower=mean - HALF_BAND * error, upper=mean + HALF_BAND * error, t=t)


def write_shown(path: Path, shown: ShownModel) -> None:
    """Write the page: one chapter per asset, with a figure and a table."""
    from statefolio.report import write_report
    from statefolio.report.asset_chapter import asset_chapter

    chapters = [asset_chapter(name, table) for name, table in shown.tables.items()]
    names = list(shown.tables)
    lead = f"Loadings predicted for the date after {shown.facts['last date']}, with 95 % bands."
    title = f"Loadings of {', '.join(names[:3])}" + (" and others" if len(names) > 3 else "")
    write_report(
        path, None, chapters=chapters, lead=lead, reading={"model": shown.path.name, **shown.facts}, title=title
    )
