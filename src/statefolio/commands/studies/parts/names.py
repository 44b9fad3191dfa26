"""Numbers and names by asset, factor or group, checked against those of the data."""

import pandas as pd

from statefolio.commands.studies.schema.messages import close_match
from statefolio.exceptions import UnknownNameError


def by_asset(
    given: float | dict[str, float], assets: pd.Index, otherwise: float, field: str
) -> "float | pd.Series[float]":
    """Return a number unchanged, and a table from names to numbers as a Series of all assets.

    Assets that the table does not name have the value `otherwise`.

    Raises
    ------
    UnknownNameError
        If the table names an unknown asset.
    """
    if not isinstance(given, dict):
        return given
    check_names(given, assets, field, "assets")
    return pd.Series(given, dtype=float).reindex(assets, fill_value=otherwise)


def check_names(given: object, known: pd.Index, field: str, what: str) -> None:
    """Raise UnknownNameError for the first unknown name; `what` are the known ones, e.g. "assets"."""
    names = [str(name) for name in known]
    for name in given:  # type: ignore[attr-defined]
        if name not in names:
            shown = ", ".join(names[:20]) + ", ..." * (len(names) > 20)
            raise UnknownNameError(
                f"{field} must name {what} of the data ({shown}), got {name!r}.{close_match(name, names)}"
            )
