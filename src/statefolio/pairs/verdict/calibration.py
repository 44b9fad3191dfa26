"""Compares the statistics of a basket with those of the draws: p-values, false alarms, and the outcome."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.pairs.adaptive.collapse import NO_REVERSION, Collapse
from statefolio.pairs.verdict.statistics import HedgeStatistics

REVERTS, SPURIOUS, NO_EVIDENCE = "reverts", "fooled itself", "no evidence"
"""Outcomes of a verdict."""

MEANINGS = {
    "adf_held": "held value under predicted ratios; decides the outcome",
    "half_life_held": "half-life of the held value in dates",
    "adf_predicted": "spread under predicted ratios; not a profit",
    "adf_filtered": "spread under filtered ratios; not tradable",
}


class VerdictRow(NamedTuple):
    """One statistic of a basket, and its position among the draws."""

    value: float
    nominal_p: float
    calibrated_p: float
    false_alarms: float
    meaning: str


def calibrated_p(value: float, draws: Array) -> float:
    """Return the share of draws as low as a value or lower, the value included; a draw that is NaN counts as lower."""
    if np.isnan(value):
        return 1.0
    return float((1 + np.count_nonzero(~(draws > value))) / (1 + len(draws)))


def calibrated_rows(found: HedgeStatistics, drawn: pd.DataFrame, level: float) -> dict[str, VerdictRow]:
    """Return one row per statistic: value, p-values, false alarms and meaning."""
    from statefolio.pairs.cointegration.mackinnon import p_values  # imports SciPy, which a daily update does not need

    rows = {}
    for name, meaning in MEANINGS.items():
        value, others = float(getattr(found, name)), drawn[name].to_numpy(dtype=float)
        nominal = alarms = np.nan
        if name.startswith("adf"):
            nominal = float(p_values(np.array([value]))[0])
            alarms = float((p_values(others) <= level).mean())
        rows[name] = VerdictRow(value, nominal, calibrated_p(value, others), alarms, meaning)
    return rows


def outcome_of(rows: Mapping[str, VerdictRow], collapse: Collapse | None, level: float) -> str:
    """Return the outcome that follows from the table of a verdict and the collapse of its tuning; see `Verdict`."""
    if rows["adf_held"].calibrated_p <= level:
        return REVERTS
    spreads = rows["adf_predicted"], rows["adf_filtered"]
    misleading = any(row.nominal_p <= level < row.calibrated_p for row in spreads)
    reproduces_prices = collapse is not None and collapse.reason != NO_REVERSION
    return SPURIOUS if misleading or reproduces_prices else NO_EVIDENCE
