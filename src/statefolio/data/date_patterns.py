"""Knows how days, months, quarters and years are written in files."""

import re

PERIODS = {
    "months": (
        r"\d{4}[-mM:]\d{1,2}|\d{4}/(0[1-9]|1[0-2])|(1[89]|20)\d{2}(0[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/.](1[89]|20)\d{2}",
        "M",
    ),
    "quarters": (r"\d{4}[- :]?[qQ][1-4]|[qQ][1-4][- /]\d{4}", "Q"),
    "years": (r"(1[89]|20)\d{2}", "Y"),
}
MONTHS = {
    name: number + 1
    for number, names in enumerate(
        (
            "jan january januar januari janvier janv gennaio enero ene janeiro",
            "feb february februar februari février fevrier févr fevr febbraio febrero fevereiro fev",
            "mar march märz maerz mrz mars marzo março marco maart mrt",
            "apr april avril avr aprile abril abr",
            "may mai mei maggio mayo maio",
            "jun june juni juin giugno giu junio junho",
            "jul july juli juillet juil luglio lug julio julho",
            "aug august augustus août aout agosto ago",
            "sep sept september septembre settembre septiembre setembro",
            "oct october oktober okt octobre ottobre ott octubre outubro",
            "nov november novembre noviembre novembro",
            "dec december dezember dez décembre déc decembre dicembre dic diciembre dezembro",
        )
    )
    for name in names.split()
}
_MONTH = rf"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})(?![^\W\d_])\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_ZONE = r"(?:(?:GMT|UTC)?[-+]\d{2}:?(?:\d{2})?(?::?\d{2})?|Z|[A-Z]{3,4})"
_CLOCK = rf"(?P<time>\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?)\s*(?P<half>(?i:[ap])\.?(?i:m)\.?)?\s*(?P<zone>{_ZONE})?"
_TIME = rf"(?:[T ]\s*{_CLOCK})?"
ISO = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
COMPACT = re.compile(rf"(\d{{4}})()(\d{{2}})(\d{{2}})(?:[T ]\s*(?:\d{{4}}|\d{{6}})|{_TIME})")
NUMERIC = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}")
NAMED = re.compile(
    rf"{_WEEKDAY}(?:(?P<m1>{_MONTH})[ -](?P<d1>\d{{1,2}}),?[ -](?P<y1>\d{{4}})"
    rf"|(?P<d2>\d{{1,2}})\.?[ -]?(?P<m2>{_MONTH}),?[ -]?'?(?P<y2>\d{{4}}|\d{{2}})"
    rf"|(?P<y3>\d{{4}})[ -](?P<m3>{_MONTH})[ -](?P<d3>\d{{1,2}})){_TIME}",
    re.IGNORECASE,
)
NAMED_MONTH = re.compile(rf"({_MONTH})[ -](\d{{4}}|\d{{2}})|(\d{{4}})[ -]({_MONTH})", re.IGNORECASE)
_WRITTEN = re.compile(
    r"\s*(\d{4}-\d{1,2}(-\d{1,2}([ T].*)?)?|\d{1,2}[./-]\d{1,2}[./-](\d{2}|\d{4})([ T].*)?"
    r"|\d{4}[/.]\d{1,2}[/.]\d{1,2}([ T].*)?|(1[89]|20)\d{2}(0[1-9]|1[0-2])((0[1-9]|[12]\d|3[01])([ T]\s*\d[\d:]*)?)?"
    r"|\d{4}[mM:]\d{1,2}|\d{4}[- ]?[qQ][1-4]|[qQ][1-4][- /]\d{4}|(0?[1-9]|1[0-2])[-/](1[89]|20)\d{2})\s*"
)


def looks_like_a_date(text: str) -> bool:
    """Return whether a text is written like a date, e.g. 2015-12-31, 20151231, 31.12.2015, Dec 31, 2015 or 2015-12."""
    text = text.strip()
    return bool(_WRITTEN.fullmatch(text) or NAMED.fullmatch(text) or NAMED_MONTH.fullmatch(text))
