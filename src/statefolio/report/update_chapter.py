"""Builds the short report on an update of a model: what moved, and the returns that surprised it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from statefolio._arrays.text import counted
from statefolio.loadings.base import LoadingsModel
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.lights import Light, State

EXPECTED = 0.05
MOST = 20
"""Rows shown of loadings and of returns."""


@dataclass(frozen=True, eq=False)
class UpdateResults:
    """An update of a model.

    Attributes
    ----------
    dates : DatetimeIndex
        The new dates.
    joined : tuple of str
        The new assets.
    moved : DataFrame
        Loadings outside the bands of their forecasts: asset, factor, expected, lower, upper, now, standard_errors.
    loadings : int
        Number of loadings compared.
    innovations : DataFrame
        One row per new return: date, asset, innovation, standardised.
    """

    dates: pd.DatetimeIndex
    joined: tuple[str, ...]
    moved: Any
    loadings: int
    innovations: pd.DataFrame

    @property
    def share_moved(self) -> float:
        """Share of the loadings that left their bands."""
        return len(self.moved) / max(1, self.loadings)


def innovations_of(model: LoadingsModel) -> pd.DataFrame:
    """Return the innovations on the dates of a model's results, one row each, the largest standardised one first."""
    found = model.innovations_
    frame = found[["innovation", "innovation_variance"]].to_dataframe().dropna().reset_index()
    frame["standardised"] = frame["innovation"] / np.sqrt(frame["innovation_variance"])
    return frame.sort_values("standardised", key=np.abs, ascending=False, ignore_index=True)


def update_answer(found: UpdateResults) -> str:
    """Return what changed in one sentence."""
    text = f"{counted(len(found.dates), 'new date')} until {found.dates[-1]:%Y-%m-%d}: "
    text += f"{len(found.moved):,} of {counted(found.loadings, 'loading')} left their 95 % bands"
    if len(found.moved):
        first = found.moved.iloc[0]
        moves = f"{first['expected']:.2f} to {first['now']:.2f}".replace("-", "\u2212")
        text += f", the furthest that of {first['asset']} on {first['factor']}, from {moves}"
    return f"{text}."


def update_tiles(found: UpdateResults) -> dict[str, str]:
    """Return the numbers that matter by name."""
    return {
        "New dates": f"{len(found.dates):,}",
        "Last date": f"{found.dates[-1]:%Y-%m-%d}",
        "Loadings outside their bands": f"{len(found.moved):,} of {found.loadings:,}",
        "New assets": f"{len(found.joined):,}",
    }


def update_lights(found: UpdateResults) -> list[Light]:
    """Return the lights on the loadings and on the returns of the new dates."""
    share = found.share_moved
    lights = [Light("Loadings", _state(share), f"{share:.1%} left their 95 % bands; 5 % or less is usual.")]
    z = found.innovations["standardised"].to_numpy()
    if not len(z):
        return [*lights, Light("Returns", "unknown", "No return was predicted on the new dates.")]
    beyond = float(np.mean(np.abs(z) > special.ndtri(0.975)))
    text = f"{beyond:.1%} of {counted(len(z), 'return')} were beyond 1.96 predicted standard deviations; 5 % is usual."
    return [*lights, Light("Returns", _state(beyond), text)]


def _state(share: float) -> State:
    return "good" if share <= 2 * EXPECTED else "watch" if share <= 4 * EXPECTED else "bad"


def update_chapter(found: UpdateResults) -> Chapter:
    """Return the chapter with the loadings that moved and the returns that surprised."""
    joined = f" New assets: {', '.join(found.joined[:10])}." if found.joined else ""
    lead = (
        f"From {found.dates[0]:%Y-%m-%d} to {found.dates[-1]:%Y-%m-%d}, with the hyper-parameters of the former "
        f"model.{joined}"
    )
    moved = _moved(found.moved, "Forecast before the new dates, and filtered on the last one.")
    return Chapter("What moved", lead, (moved, _surprises(found)))


def since_chapter(moved: pd.DataFrame, loadings: int, since: pd.Timestamp) -> Chapter:
    """Return the chapter with the loadings that moved since a former run.

    Parameters
    ----------
    moved : DataFrame
        As `UpdateResults.moved`.
    loadings : int
        Number of loadings compared.
    since : Timestamp
        Last date of the former run.
    """
    lead = (
        f"Since the former run, which ended on {since:%Y-%m-%d}, {len(moved):,} of {counted(loadings, 'loading')} left "
        "their 95 % bands. The new model may have other hyper-parameters."
    )
    note = "Forecast by the former model, and filtered by the new one on its last date."
    return Chapter("What moved", lead, (_moved(moved, note),) if len(moved) else ())


def _moved(moved: pd.DataFrame, note: str) -> Exhibit:
    table = moved.head(MOST)
    ends = zip(table["lower"], table["upper"], strict=True)
    shown = pd.DataFrame(
        {
            "Asset": table["asset"].astype(str),
            "Factor": table["factor"].astype(str),
            "Forecast": table["expected"],
            "Its 95 % band": [f"{low:.3f} to {high:.3f}".replace("-", "\u2212") for low, high in ends],
            "Filtered": table["now"],
            "Surprise, standard errors": table["standard_errors"],
        }
    )
    formats = {"Forecast": ".3f", "Its 95 % band": ">", "Filtered": ".3f", "Surprise, standard errors": "+.1f"}
    more = f" The {MOST} furthest." if len(moved) > MOST else ""
    return Exhibit("Loadings outside their bands", note + more, table=shown, formats=formats, wide=True)


def _surprises(found: UpdateResults) -> Exhibit:
    largest = found.innovations.head(MOST)
    shown = pd.DataFrame(
        {
            "Asset": largest["asset"].astype(str),
            "Date": largest["date"],
            "Return less forecast": largest["innovation"],
            "Standard deviations": largest["standardised"],
        }
    )
    formats = {"Return less forecast": "+.2%", "Standard deviations": "+.1f"}
    return Exhibit(
        "Largest forecast errors", "Of the returns on the new dates.", table=shown, formats=formats, wide=True
    )
