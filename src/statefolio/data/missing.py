"""Knows the texts that files and vendors write for a missing value."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_WORDS = ("NA", "N/A", "NaN", "null", "None", "n.a.", "nil", "nd", "<NA>", "NaT", "(null)", "missing")
_SIGNS = ("", ".", "..", "-", "--", "---", "\u2013", "\u2014", "*", "?", "\\N", "-nan", "1.#QNAN", "-1.#IND")
_OF_BLOOMBERG = (
    "Invalid Security, Invalid Field, Invalid Override, Field Not Applicable, Field Not Found, Requesting Data..., "
    "Requesting, Connection, Authorization, Limit, Try Later, Real Time, History, Review, Sec, Fld, Mandatory Parameter"
)
_ERRORS = (
    "#N/A",
    "#N/A N/A",
    "#NA",
    "#DIV/0!",
    "#VALUE!",
    "#REF!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    *(f"#N/A {word}" for word in _OF_BLOOMBERG.split(", ")),
    *("@NA", "NaN%", "nan%", "Retrieving...", "Invalid RIC(s).", "The record could not be found"),
)
_FORMS = dict.fromkeys(form for word in _WORDS for form in (word, word.lower(), word.upper(), word.capitalize()))

MISSING = (*_SIGNS, *_FORMS, *_ERRORS)
"""Texts read as a missing value, among them FRED's "." and the errors of Bloomberg and Excel."""

NA_VALUES = [*MISSING, *(f"{a}{text}{b}" for text in MISSING for a, b in ((" ", ""), ("", " "), (" ", " ")))]
"""The same for pandas, which does not strip cells."""


def na_values(more: tuple[str, ...] = ()) -> list[str]:
    """Return the texts for a missing value, with those that the caller adds, for pandas."""
    return [*NA_VALUES, *(f"{a}{text}{b}" for text in more for a, b in (("", ""), (" ", ""), ("", " "), (" ", " ")))]


def is_missing(column: "pd.Series[str]") -> NDArray[np.bool_]:
    """Mark the cells that are empty or hold a text for a missing value."""
    missing = column.isna()
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
        missing |= column.isin(NA_VALUES)
    return missing.to_numpy(dtype=bool)
