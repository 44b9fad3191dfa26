"""Repeats decisions in a new process that has only the history, and compares them with those made here.

What a policy finds elsewhere is not there: memory, globals and class attributes set at run time, environment variables,
files in the working folder. What it reads nevertheless is reported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.backtest.new_process import Answer, CannotStart, ask, pack, user_modules

MOST_CUTS = 3
TOLERANCE = 1e-8
"""Weights may differ by this much: another process may round otherwise."""

SECONDS, TIMES_AS_LONG = 60.0, 20.0
_OUTSIDE = (
    "it depends on something else, such as a file, an environment variable, or a global or class attribute set at run "
    "time"
)
_NOT_SENT = (
    "it cannot be sent to a new process ({}), so that it is not known whether it depends on anything but the history"
)


@dataclass(frozen=True, eq=False)
class Question:
    """Decisions to repeat.

    Attributes
    ----------
    subject : str
        Name of the policy.
    date : Timestamp
        Last date of the history.
    function, arguments
        Returns the decisions and the list of what was read; text in place of the decisions says why they failed.
    differs : function(decisions) -> bool
    """

    subject: str
    date: pd.Timestamp
    function: Callable[..., tuple[Any, list[str]]]
    arguments: tuple[Any, ...]
    differs: Callable[[Any], bool]


@dataclass
class Finding:
    """Result for one policy.

    Attributes
    ----------
    doubt : str
        Why the policy cannot be checked; empty if it decides the same.
    unstarted, obstacle : str
        Why no new process could be started, and why it could not repeat the decisions in one of two ways.
    sent, imported : int
        Number of cuts whose decisions were repeated with the policy's code as it is here, and as its modules define it.
        Both are 0 for a policy that has no code of the user.
    """

    doubt: str = ""
    unstarted: str = ""
    obstacle: str = ""
    sent: int = 0
    imported: int = 0

    @property
    def scope(self) -> str:
        """What was repeated in a new process, and what is not searched; for the sentence of a check."""
        if not self.sent and not self.imported:
            apart = f", none of them repeated in a new process ({self.unstarted})" if self.unstarted else ""
            return f"{apart}; files and unlabelled arrays are not searched"
        missed = ["unlabelled arrays that it carries", "files that compiled code reads"]
        if not self.imported:
            missed.insert(1, "class attributes")
        if not self.sent:
            missed.insert(1, "what it finds by name in its modules")
        repeated = max(self.sent, self.imported)
        return f", {repeated} of them repeated in a new process; {_and(missed)} are not searched"


@dataclass(frozen=True, eq=False)
class _Call:
    question: Question
    imports: bool
    packed: bytes


def spread(count: int) -> "np.typing.NDArray[np.int64]":
    """Return up to `MOST_CUTS` places of so many cuts: the last one, and others spread over them."""
    return np.unique(np.linspace(count - 1, 0, num=min(MOST_CUTS, count)).round().astype(np.int64))


def repeat_apart(questions: Sequence[Question], seconds: float) -> dict[str, Finding]:
    """Repeat decisions in a new process, where the policy has code of the user.

    Its classes and functions are sent as code. Those of modules that the new process can import are also tried from
    there: only then are attributes set at run time absent.

    Parameters
    ----------
    questions
        By date.
    seconds
        How long the same decisions took here.

    Returns
    -------
    dict of Finding, by subject
    """
    findings = {question.subject: Finding() for question in questions}
    calls: list[_Call] = []
    for question in questions:
        calls.extend(_calls(question, findings[question.subject]))
    calls.sort(key=lambda call: call.imports)  # an import leaves traces that sent code must not find
    while calls:
        try:
            answers = ask([call.packed for call in calls], SECONDS + TIMES_AS_LONG * seconds)
        except CannotStart as error:
            for call in calls:
                findings[call.question.subject].unstarted = str(error)
            break
        asked = sum(answer.answered for answer in answers) + 1  # the next one may be why the process has ended
        for call, answer in zip(calls[:asked], answers[:asked], strict=True):
            _record(findings[call.question.subject], call, answer)
        lost = {call.question.subject for call in calls[asked - 1 : asked]}
        calls = [call for call in calls[asked:] if call.question.subject not in lost]
    for finding in findings.values():
        if not (finding.sent or finding.imported or finding.unstarted):
            finding.doubt = finding.doubt or finding.obstacle
    return findings


def first_difference(
    full: pd.DataFrame, other: pd.DataFrame, until: pd.Timestamp, tolerance: float = 0.0
) -> pd.Timestamp | None:
    """Return the first date up to `until` with different decisions (NaN equals NaN), or None."""
    mine, theirs = full.loc[:until], other.loc[:until] if len(other) else other
    dates = mine.index.union(theirs.index) if len(theirs) else mine.index
    one = mine.reindex(dates)
    two = theirs.reindex(index=dates, columns=one.columns)
    same = (one - two).abs() <= tolerance if tolerance else one == two
    absent = ~(dates.isin(mine.index) & dates.isin(theirs.index))
    unequal = ~(same | (one.isna() & two.isna())).to_numpy().all(axis=1) | absent
    return pd.Timestamp(dates[int(np.argmax(unequal))]) if unequal.any() else None


def _calls(question: Question, finding: Finding) -> list[_Call]:
    """Return the calls that repeat decisions: with code that is sent, and with code that is imported."""
    calls = []
    function, arguments = question.function, question.arguments
    try:
        modules = user_modules(arguments)
    except Exception as error:  # noqa: BLE001 - whatever an object of the user raises when it is pickled
        finding.obstacle = _NOT_SENT.format(error)
        return []
    ways = [modules, set()] if modules - {"__main__"} else [modules]
    for way in ways if modules else []:
        try:
            calls.append(_Call(question, way != modules, pack(function, arguments, way)))
        except Exception as error:  # noqa: BLE001 - as above
            finding.obstacle = _NOT_SENT.format(error)
    return calls


def _record(finding: Finding, call: _Call, answer: Answer) -> None:
    date = show(call.question.date)
    if not answer.answered:
        finding.obstacle = f"its decisions until {date} cannot be repeated in a new process: {answer.error}"
    elif answer.error:
        finding.obstacle = _NOT_SENT.format(answer.error)
    else:
        finding.doubt = finding.doubt or _doubt(call.question, *answer.value)
        finding.imported += call.imports
        finding.sent += not call.imports
    if finding.obstacle and not call.imports:
        finding.doubt = finding.doubt or finding.obstacle


def _doubt(question: Question, decided: Any, reads: list[str]) -> str:
    there = f"in a new process that has only the history until {show(question.date)}"
    if isinstance(decided, str):
        return f"{there} it fails ({decided.rstrip('.')}): {_OUTSIDE}{_listed(reads, '; it ')}"
    if question.differs(decided):
        return f"{there} its decisions differ: {_OUTSIDE}{_listed(reads, '; it ')}"
    return _listed(reads, "it ", "; what these data were made from is not known")


def _listed(reads: list[str], before: str, after: str = "") -> str:
    if not reads:
        return ""
    more = f" (and {len(reads) - 1} more such)" if len(reads) > 1 else ""
    return f"{before}{reads[0]} while it decides{more}{after}"


def _and(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
