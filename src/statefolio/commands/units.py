"""Refuses files of returns that hold percent or prices, and names risk-free rates among factors."""

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._plausible.finding import Numbers
from statefolio._plausible.units import find_wrong_units
from statefolio.commands.shared_options import PanelFiles
from statefolio.exceptions import InputError

RATES = frozenset({"rf", "r_f", "riskfree", "riskfreerate", "cash", "tbill", "tbills"})
"""Names of risk-free rates, in small letters without spaces, underscores and hyphens."""


def check_units(returns: pd.DataFrame, factors: pd.DataFrame, files: PanelFiles) -> None:
    """Raise InputError where half of the assets or any factor looks like percent or prices and no option says so.

    Parameters
    ----------
    returns, factors : DataFrame
        In decimals, by what the options say.
    files : PanelFiles
        The options.
    """
    kinds = {} if files.prices else _kinds(returns)
    percent, prices = kinds.get("percent", []), kinds.get("prices", [])
    if 2 * len(prices) >= returns.shape[1] and prices:
        raise InputError(
            f"--returns must hold returns in decimals, got prices in {files.returns}, it seems ({listed(prices)}). "
            "Pass --prices if they are prices."
        )
    if 2 * len(percent) >= returns.shape[1] and percent and not files.percent:
        raise InputError(
            f"--returns must hold returns in decimals (0.01 = 1 %), got percent in {files.returns}, it seems "
            f"({listed(percent)}). Pass --percent if they are percent."
        )
    kinds = _kinds(factors)
    if kinds.get("prices"):
        raise InputError(
            f"--factors must hold returns in decimals, got prices or levels, it seems ({listed(kinds['prices'])}). "
            "Convert them to returns, or leave them out."
        )
    if kinds.get("percent") and not files.factors_percent:
        raise InputError(
            f"--factors must hold returns in decimals (0.01 = 1 %), got percent, it seems "
            f"({listed(kinds['percent'])}). Pass --factors-percent if they are percent."
        )


def rates_among_factors(factors: pd.DataFrame) -> list[str]:
    """Return a sentence for each factor that has the name of a risk-free rate."""
    return [
        f"{name!r} looks like a risk-free rate and is used as a factor. Pass --risk-free {name} to subtract it from "
        "the returns instead."
        for name in map(str, factors.columns)
        if "".join(letter for letter in name.lower() if letter not in " -_") in RATES
    ]


def _kinds(table: pd.DataFrame) -> dict[str, list[object]]:
    values = table.to_numpy(dtype=np.float64)
    found: dict[str, list[object]] = {}
    if values.size:
        for finding in find_wrong_units(Numbers(values, pd.DatetimeIndex(table.index), table.columns)):
            found.setdefault(finding.kind, []).append(finding.asset)
    return found
