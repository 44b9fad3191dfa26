"""Shows facts, the status, the results and what was verified in a terminal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.markup import escape

from statefolio.challenge.store.clock import shown
from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import table
from statefolio.exceptions import InputError

if TYPE_CHECKING:
    from statefolio.challenge.organiser.status import Status
    from statefolio.challenge.organiser.verifying import Verified


def show_facts(terminal: Terminal, facts: Mapping[str, str]) -> None:
    """Show facts by name."""
    for name, fact in facts.items():
        terminal.out.print(f"  [dim]{escape(name):<18}[/dim] {escape(str(fact))}", soft_wrap=True)


def show_status(terminal: Terminal, status: "Status") -> None:
    """Show the round, the queue and the scorers."""
    round_, counts = status.round, status.figures
    closes = "when the organiser closes it" if round_.closes_at is None else shown(round_.closes_at)
    oldest = "none" if counts.oldest is None else f"{(status.now - counts.oldest).total_seconds():,.0f} s"
    show_facts(
        terminal,
        {
            "challenge": round_.name,
            "state": round_.state,
            "server time": shown(status.now),
            "opens": shown(round_.opens_at),
            "closes": closes,
            "engine": round_.engine_version,
            "teams": str(counts.teams),
            "queued": str(counts.queued),
            "running": str(counts.running),
            "scored": str(counts.scored),
            "failed": str(counts.failed),
            "oldest job": oldest,
            "scorers alive": str(len(status.alive)),
            "audit log": f"{status.audit_entries} entries, unaltered",
        },
    )
    for each in status.alive:
        doing = f"{each.state} {each.submission or ''}".strip()
        show_facts(terminal, {each.scorer: f"{doing}, since {shown(each.started_at)}"})
    last = status.last_error
    error = "none" if last is None or last.last_error_at is None else f"{last.last_error} ({shown(last.last_error_at)})"
    show_facts(terminal, {"last error": error})


def show_results(terminal: Terminal, results: Mapping[str, Any]) -> None:
    """Show the final table of each track."""
    terminal.end_progress()
    for track, found in results["tracks"].items():
        rows = [
            [str(row.get("rank") or "-"), str(row["team"]), _number(row.get("final")), _number(row.get("validation"))]
            for row in found["rows"]
        ]
        terminal.out.print(table(pd.DataFrame(rows, columns=["rank", "team", "final", "validation"]), track))
        terminal.out.print(escape(str(found.get("sentence") or "")), soft_wrap=True)


def show_verified(terminal: Terminal, verified: "Verified") -> None:
    """Show what was verified.

    Raises
    ------
    InputError
        If a submission scored another way.
    """
    terminal.end_progress()
    audit = "not part of the public files" if verified.audit_entries is None else f"{verified.audit_entries} entries"
    facts = {"commitment": f"{verified.commitment} holds", "audit log": audit}
    show_facts(terminal, {**facts, "scored again": f"{len(verified.same)} scores, equal to the last bit"})
    if verified.different:
        raise InputError(
            f"scores must be equal when they are computed again, got others for {', '.join(verified.different)}. "
            "Compare the versions of Python, NumPy and Numba with those of the scorers."
        )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
