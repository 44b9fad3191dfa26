"""Says since when the loadings of each asset count in the attribution of returns."""

import pandas as pd

MOST_DATES = 4


def counted_from_sentence(counted: "pd.Series[pd.Timestamp]", first: pd.Timestamp) -> str:
    """Return which assets count later than `first`, or never; empty if all count from the start.

    Parameters
    ----------
    counted
        By asset: the first date on which its loadings are informative, NaT if there is none.
    first
        The first date of the attribution.
    """
    late = counted[~(counted <= first)].sort_values(kind="stable")
    if late.empty:
        return ""
    groups = list(late.groupby(late, sort=True, dropna=False))
    parts = [f"{_names(assets)} {f'from {date:%Y-%m-%d}' if date == date else 'never'}" for date, assets in groups]
    more = f"; {len(groups) - MOST_DATES} other dates" if len(groups) > MOST_DATES else ""
    return f"Loadings that are not informative yet count as unattributed: {'; '.join(parts[:MOST_DATES])}{more}."


def _names(assets: "pd.Series[pd.Timestamp]") -> str:
    """One asset by name, more by their number."""
    if len(assets) == 1:
        return f"{assets.index[0]} counts"
    return f"{len(assets):,} assets ({assets.index[0]}, ...) count"
