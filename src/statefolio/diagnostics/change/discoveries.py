"""Controls the false discovery rate of many tests, and reports the discoveries of a panel as one finding."""

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.diagnostics.finding import Finding, p_value_text


def add_q_values(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add q-values by Benjamini-Hochberg and Benjamini-Yekutieli, and which rows the first makes discoveries."""
    p = table["p_value"].to_numpy(dtype=float)
    q = _discoveries(p, "bh")
    return table.assign(q_value=q, q_value_any=_discoveries(p, "by"), moves=q <= level)


def _discoveries(p: Array, method: str) -> Array:
    known = np.isfinite(p)
    q = np.full(p.shape, np.nan)
    if known.any():
        from scipy.stats import false_discovery_control  # slow to import

        q[known] = false_discovery_control(p[known], method=method)
    return q


def discovery_finding(name: str, table: pd.DataFrame, what: str, level: float) -> Finding:
    """Report the share of rows that are discoveries, with Simes' p-value of the panel."""
    known = table["q_value"].notna()
    if not known.any():
        return Finding(name, np.nan, np.nan, level, None, "Nothing could be tested.", table)
    moves, count = int(table["moves"].sum()), int(known.sum())
    p = float(table["q_value"].min())
    sentence = (
        f"{moves} of {count} {what}, with an expected share of false discoveries of at most {level:.0%}; a panel "
        f"without any has one or more discoveries with probability {level:.0%} ({p_value_text(p)})."
    )
    return Finding(name, moves / count, p, level, p <= level, sentence, table)


def number_finding(name: str, statistic: float, sentence: str, table: pd.DataFrame) -> Finding:
    """Report a number without a test."""
    return Finding(name, statistic, np.nan, np.nan, None, sentence, table)
