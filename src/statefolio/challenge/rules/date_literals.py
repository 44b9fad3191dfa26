"""Finds dates written as text: a submission that names one may know what happened on it."""

import re
import unicodedata

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_YEAR, _SEPARATOR = r"(?:19|20)\d\d", r"[-/.,:_ ]{0,2}"
_PATTERNS = (
    rf"{_YEAR}[-/._ ]\d{{1,2}}(?:[-/._ ]\d{{1,2}})?",  # 2020-03-16, 2020/3
    rf"\d{{1,2}}[-/._ ]\d{{1,2}}[-/._ ](?:{_YEAR}|\d\d)",  # 16.03.2020, 3/16/20
    rf"{_YEAR}[01]\d[0-3]\d",  # 20200316
    rf"(?:\d{{1,2}}{_SEPARATOR})?{_MONTH}{_SEPARATOR}(?:\d{{1,2}}{_SEPARATOR})?{_YEAR}",  # 16 Mar 2020, March 2020
    rf"{_YEAR}{_SEPARATOR}{_MONTH}(?:{_SEPARATOR}\d{{1,2}})?",  # 2020 March 16
    rf"{_YEAR}-?[wq]\d{{1,2}}(?:-?\d)?",  # 2020-W12-1, 2020Q1
    rf"{_YEAR}",
)
_DATE = re.compile(rf"(?:{'|'.join(_PATTERNS)})(?:[t ]\d{{1,2}}:?\d\d.*)?", re.DOTALL)
_LOOK_ALIKE = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d", "-")
    | dict.fromkeys("\u2044\u2215\u29f8\uff0f", "/")
)
_LONGEST = 60


def is_date_literal(text: str) -> bool:
    """Return whether a text is a date, a month or a year, in digits or words of any script's digits.

    Parameters
    ----------
    text
        Dashes and digits that look alike count as the plain ones.

    Examples
    --------
    >>> [is_date_literal(text) for text in ("2020-03-16", "16 Mar 2020", "２０２０–０３–１６", "low_volatility", "3M")]
    [True, True, True, False, False]
    """
    plain = unicodedata.normalize("NFKC", text[: 2 * _LONGEST]).translate(_LOOK_ALIKE).casefold()
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    digits = (str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in plain)
    return _DATE.fullmatch("".join(digits).strip()[:_LONGEST]) is not None
