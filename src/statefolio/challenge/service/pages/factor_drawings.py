"""Draws what each factor earned in the last month, quarter and year of the public data."""

from typing import Any

from markupsafe import Markup

from statefolio.challenge.service.pages.drawings import Estimate, bands

_WINDOWS = (("month", "Last month"), ("quarter", "Last quarter"), ("year", "Last year"))


def factor_drawings(page: Any) -> tuple[str | None, list[tuple[str, Markup]]]:
    """Return the last public date, and a picture per window, of the content of the factor page's file."""
    if not isinstance(page, dict) or not page.get("factors"):
        return None, []
    pictures = []
    for key, name in _WINDOWS:
        rows = {str(each["name"]): _estimate(each["windows"].get(key)) for each in page["factors"]}
        pictures.append((name, bands(rows, title=f"What each factor earned: {name.lower()}")))
    return str(page["as_of"]), pictures


def _estimate(given: Any) -> Estimate:
    return Estimate(None) if given is None else Estimate(given.get("value"), given.get("low"), given.get("high"))
