"""Shows receipts, scores, limits and boards in a terminal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.markup import escape

from statefolio.challenge.rules.strict_json import short
from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import table

if TYPE_CHECKING:
    from statefolio.challenge.client.trial import Trial

MEASURES = {"forecast": "log score a return", "portfolio": "Sharpe ratio after costs"}
_DETAILS = {
    "qlike": "QLIKE",
    "sortino": "Sortino ratio",
    "calmar": "Calmar ratio",
    "maximum_drawdown": "maximum drawdown",
    "daily_turnover": "turnover a day",
    "cost_drag": "cost drag a year",
    "gross_exposure": "gross exposure",
    "largest_weight": "largest weight",
    "fewest_holdings": "fewest holdings",
}


def show_trial(terminal: Terminal, trial: "Trial") -> None:
    """Show the result of a test on the public data."""
    scored = trial.scored
    _line(terminal, f"{plain(trial.submission.name)}: a valid submission of the {scored.track} track.")
    for warning in trial.submission.warnings:
        _line(terminal, f"Repaired: {warning}")
    value = "not defined" if scored.value is None else f"{scored.value:.4f}"
    error = "" if scored.standard_error is None else f", standard error {scored.standard_error:.4f}"
    _line(terminal, f"{MEASURES[scored.track]} from {trial.first:%Y-%m-%d} to {trial.last:%Y-%m-%d}: {value}{error}")
    for name, shown in _DETAILS.items():
        found = scored.details.get(name)
        if found is not None:
            _line(terminal, f"  {shown}: {found:.4g}")
    for reason in scored.reasons:
        _line(terminal, f"Problem: {reason}")
    if trial.looks_ahead is not None:
        _line(
            terminal, f"Look-ahead check: the result of {trial.looks_ahead:%Y-%m-%d} changes when later data are cut."
        )
    elif trial.cuts:
        _line(terminal, f"Look-ahead check: nothing changed when the future was cut at {trial.cuts} dates.")
    for hint in trial.hints:
        _line(terminal, f"Hint: {hint}")
    if trial.other_engine is not None:
        _line(
            terminal,
            f"The service scores with engine {plain(trial.other_engine)}: scores may differ. Update statefolio.",
        )


def show_receipt(terminal: Terminal, receipt: Mapping[str, Any]) -> None:
    """Show that a submission is stored."""
    again = ", stored by an earlier request" if receipt.get("replayed") else ""
    _line(terminal, f"Stored as {plain(receipt['id'])}{again}.")
    for warning in receipt.get("warnings", []):
        _line(terminal, f"Repaired: {plain(warning)}")
    _line(
        terminal,
        f"Left today: {receipt['left_today']}, until {moment(receipt['resets_at'])}. Left in the round: "
        f"{receipt['left_round']}.",
    )


def show_forward_receipt(terminal: Terminal, receipt: Mapping[str, Any]) -> None:
    """Show that a file of a forward round is stored."""
    _line(
        terminal,
        f"Stored the {receipt['kind']} of {plain(receipt['first_date'])} to {plain(receipt['last_date'])} as "
        f"{plain(receipt['id'])}, at {moment(receipt['received_at'])}. They are scored as data arrive.",
    )


def show_result(terminal: Terminal, found: Mapping[str, Any]) -> None:
    """Show the result of a submission."""
    value = f" {MEASURES[found['track']]}: {found['value']:.4f}." if found["value"] is not None else ""
    _line(terminal, f"{found['state'].capitalize()}.{value} {plain(found['result'])}")
    for reason in found.get("reasons", []):
        _line(terminal, plain(reason))


def show_limits(terminal: Terminal, left: Mapping[str, Any]) -> None:
    """Show what is left of the limits."""
    _line(
        terminal,
        f"Left today: {left['left_today']} of {left['per_day']}; resets {moment(left['resets_at'])}. Left in the "
        f"round: {left['left_round']} of {left['per_round']}. The server's time is {moment(left['server_time'])}.",
    )


def show_submissions(terminal: Terminal, found: Sequence[Mapping[str, Any]]) -> None:
    """Show a table of submissions."""
    if not found:
        _line(terminal, "Nothing submitted yet. Try: statefolio challenge submit FILE --wait")
        return
    rows = [
        {
            "id": plain(each["id"]),
            "name": plain(each["name"]),
            "track": each["track"],
            "state": each["state"],
            "score": "-" if each["value"] is None else f"{each['value']:.4f}",
            "result": plain(" ".join((each["result"], *each.get("reasons", [])))),
            "finalist": "yes" if each["selected"] else "",
        }
        for each in found
    ]
    terminal.out.print(table(pd.DataFrame(rows), "Submissions"))


def show_board(terminal: Terminal, page: Mapping[str, Any]) -> None:
    """Show a page of the board."""
    if not page["items"]:
        _line(terminal, f"Nobody is on the {page['track']} board yet.")
        return
    rows = [
        {
            "rank": each["rank"],
            "team": plain(each["team"]) + (" (you)" if each["own"] else ""),
            "score": "-" if each["value"] is None else f"{each['value']:.4f}",
            "tries": each["tries"],
        }
        for each in page["items"]
    ]
    terminal.out.print(table(pd.DataFrame(rows), f"{page['track'].capitalize()} track: {MEASURES[page['track']]}"))


def moment(text: str) -> str:
    """Return a time of the service in the words of its pages.

    >>> moment("2026-03-01T00:00:00Z")
    '2026-03-01 00:00:00 UTC'
    """
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"


def plain(text: object) -> str:
    """Return a text of the service without characters that a terminal obeys."""
    return short(str(text), 300)


def _line(terminal: Terminal, text: str) -> None:
    terminal.out.print(escape(text), soft_wrap=True)
