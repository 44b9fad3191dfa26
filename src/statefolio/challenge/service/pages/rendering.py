"""Renders the pages: the templates, their filters, and what every page shows."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from statefolio.challenge.service.problems import Problem
from statefolio.challenge.service.state import shared
from statefolio.challenge.store import clock
from statefolio.challenge.store.rounds import Round

LINKS = (
    ("/", "Overview"),
    ("/rules", "Rules"),
    ("/data", "Data"),
    ("/board", "Board"),
    ("/team", "My team"),
    ("/results", "Results"),
)
MEASURES = {"forecast": "Log score a return", "portfolio": "Sharpe ratio"}
MEANINGS = {
    "forecast": "The mean log density that the model gives, one date ahead, to each return. Higher is better.",
    "portfolio": "The yearly Sharpe ratio after costs. Higher is better.",
    "forward": "Weights or forecasts of dates that have not come, scored as data arrive.",
}
DASH = "\u2013"
DETAILS = {
    "forecast": (("qlike", "QLIKE"),),
    "portfolio": (
        ("sortino", "Sortino"),
        ("calmar", "Calmar"),
        ("maximum_drawdown", "Drawdown"),
        ("daily_turnover", "Turnover a day"),
        ("cost_drag", "Cost drag"),
        ("gross_exposure", "Exposure"),
    ),
}
"""Further measures of the board, by their names in a score's details."""
HEADINGS = {
    400: "Not understood",
    401: "Not signed in",
    403: "Refused",
    404: "Not found",
    409: "Not possible now",
    413: "Too large",
    422: "Not accepted",
    429: "Limit reached",
    500: "The service failed",
    503: "Not available now",
}
"""Headings of the pages of errors, by status."""
_SHARES = ("maximum_drawdown", "daily_turnover", "cost_drag", "gross_exposure")


def style_sheet() -> bytes:
    """Return the style sheet: that of the study report, and what the pages add."""
    report = resources.files("statefolio.report").joinpath("template/page.css").read_bytes()
    own = resources.files("statefolio.challenge.service").joinpath("static/challenge.css").read_bytes()
    return report + b"\n" + own


STYLE = f"style-{hashlib.sha256(style_sheet()).hexdigest()[:12]}.css"
"""The name changes with the content, so that browsers may keep it."""


def render(request: Request, template: str, round_: Round | None, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page.

    Parameters
    ----------
    request : Request
        Whose address is marked in the navigation.
    template : str
        The file of `template/`.
    round_ : Round, optional
        None where the database does not answer.
    status : int
        The status of the response.
    **values
        What the template shows.
    """
    now = clock.now()
    common = {
        "challenge": shared(request).settings.rules.challenge,
        "links": LINKS,
        "here": request.url.path,
        "style": STYLE,
        "now": now,
        "state": phase(round_, now) if round_ else None,
        "deadline": deadline(round_, now) if round_ else None,
    }
    text = _ENVIRONMENT.get_template(template).render({**common, **values})
    return HTMLResponse(text, status)


def error_page(request: Request, problem: Problem) -> HTMLResponse:
    """Return a problem as a page."""
    body = _Namespace(problem.body())
    heading = HEADINGS.get(problem.status_code, body["title"])
    page = render(request, "error.html", None, problem.status_code, problem=body, heading=heading)
    for name, value in (problem.headers or {}).items():
        page.headers[name] = value
    return page


def phase(round_: Round, now: datetime) -> str:
    """Return the state of the round in one word, by the server's time."""
    if round_.state == "open" and now < round_.opens_at:
        return "announced"
    if round_.state == "open" and round_.closes_at is not None and now >= round_.closes_at:
        return "closing"
    return {"draft": "announced"}.get(round_.state, round_.state)


def deadline(round_: Round, now: datetime) -> str:
    """Return when the round opens, closes or closed."""
    if phase(round_, now) == "announced":
        return f"opens {moment(round_.opens_at)}"
    if round_.closes_at is None:
        return "is open until the organiser closes it"
    return f"{'closes' if now < round_.closes_at else 'closed'} {moment(round_.closes_at)}"


def moment(value: datetime) -> str:
    """Return a time to the second, in UTC.

    >>> moment(datetime(2026, 3, 1, 9, 5, tzinfo=UTC))
    '2026-03-01 09:05:00 UTC'
    """
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def score(value: float | None, track: str) -> str:
    """Return a score; a missing one is a dash.

    >>> score(1.23456, "portfolio"), score(-0.98765, "forecast"), score(None, "forecast")
    ('1.235', '−0.9877', '–')
    """
    if value is None:
        return DASH
    return (f"{value:.3f}" if track == "portfolio" else f"{value:.4f}").replace("-", "\u2212")


def detail(value: float | None, name: str) -> str:
    """Return a further measure; a missing one is a dash.

    >>> detail(0.0123, "daily_turnover"), detail(1.5, "sortino"), detail(None, "calmar")
    ('1.23%', '1.50', '–')
    """
    if value is None:
        return DASH
    return (f"{value:.2%}" if name in _SHARES else f"{value:.2f}").replace("-", "\u2212")


def size(value: int) -> str:
    """Return a number of bytes.

    >>> size(900), size(15_300), size(2_500_000)
    ('900 B', '15 KB', '2.5 MB')
    """
    if value < 1_000:
        return f"{value} B"
    return f"{value / 1_000:.0f} KB" if value < 1_000_000 else f"{value / 1_000_000:.1f} MB"


class _Namespace(dict[str, Any]):
    """A mapping whose missing names are empty in a template."""

    def __missing__(self, name: str) -> None:
        return None


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("statefolio.challenge.service", "template"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: Mapping[str, Any] = {
        "moment": moment,
        "day": lambda value: f"{value.astimezone(UTC):%Y-%m-%d}" if value else "open end",
        "clock": lambda value: f"{value.astimezone(UTC):%H:%M:%S} UTC" if value else "the organiser closes it",
        "score": score,
        "detail": detail,
        "size": size,
        "measure": MEASURES.__getitem__,
        "meaning": MEANINGS.__getitem__,
    }
    made.filters.update(filters)
    made.globals["further"] = DETAILS
    return made


_ENVIRONMENT = _environment()
