"""The terminal: shows progress, warnings, errors, the inputs that were read, and the files that were written."""

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from statefolio.exceptions import StatefolioWarning

if TYPE_CHECKING:
    import pandas as pd

MOST_CELLS = 8


class Inputs(Protocol):
    """The part of a job's inputs that is shown."""

    @property
    def facts(self) -> Mapping[str, object]:
        """Facts by name."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences."""

    @property
    def suspicious(self) -> "pd.DataFrame":
        """Suspicious cells: asset, date, kind, detail."""


class Terminal:
    """Writes results to standard output; progress, warnings and notes to standard error. It is a `Progress`."""

    def __init__(self) -> None:
        self.out = Console(highlight=False)
        self.err = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=36),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.err,
        )
        self._stages: dict[str, TaskID] = {}
        self._caught = warnings.catch_warnings()
        self._warned: set[str] = set()

    def __enter__(self) -> Self:
        self._caught.__enter__()
        warnings.simplefilter("default", StatefolioWarning)
        warnings.showwarning = self._warn
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
        self._caught.__exit__(kind, error, trace)

    def end_progress(self) -> None:
        """Remove the progress bars, before results are printed."""
        self._bars.stop()

    def say(self, text: str) -> None:
        """Print a sentence."""
        self.err.print(escape(text), soft_wrap=True)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is; a total of 0 is an unknown one."""
        if stage not in self._stages:
            self._bars.start()
            self._end_stages_of_unknown_length()
            self._stages[stage] = self._bars.add_task(stage, total=total or None)
        if not total:
            self._reopen(stage)
        self._bars.update(self._stages[stage], completed=done, total=total or None)

    def _reopen(self, stage: str) -> None:
        """Make the length of a stage unknown: `update` takes no length for one that stays."""
        for task in self._bars.tasks:
            if task.id == self._stages[stage]:
                task.total = task.finished_time = None

    def _end_stages_of_unknown_length(self) -> None:
        for task in self._bars.tasks:
            if task.total is None:
                self._bars.update(task.id, completed=1, total=1)

    def show_inputs(self, inputs: Inputs) -> None:
        """Show what was read: facts, notes and the first suspicious cells."""
        for name, value in inputs.facts.items():
            text = f"{value:,}" if isinstance(value, int) else str(value)
            self.err.print(f"  [dim]{escape(name):<22}[/dim] {escape(text)}", soft_wrap=True)
        for note in inputs.notes:
            self.say(f"  {note}")
        for row in inputs.suspicious.head(MOST_CELLS).itertuples(index=False):
            self.say(f"  suspicious: {row.asset}, {row.date:%Y-%m-%d}, {row.kind}: {row.detail}")
        left = len(inputs.suspicious) - MOST_CELLS
        if left > 0:
            self.say(f"  ... and {left:,} more, listed in the report. No value was changed.")

    def show_files(self, folder: Path, contents: Mapping[str, str], note: str = "") -> None:
        """Show where results were written: those files that are in the folder, each with what it contains."""
        written = {name: content for name, content in contents.items() if (folder / name).exists()}
        self.out.print(f"\nWritten to [bold]{escape(str(folder))}/[/bold]{note}", soft_wrap=True)
        width = max(map(len, written))
        for name, content in written.items():
            self.out.print(f"  {name:<{width}}  [dim]{escape(content)}[/dim]", soft_wrap=True)

    def _warn(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, StatefolioWarning):
            if str(message) in self._warned:
                return
            self._warned.add(str(message))
            self.err.print(f"[yellow]warning:[/yellow] {escape(str(message))}", soft_wrap=True)
        else:
            print(warnings.formatwarning(message, category, filename, lineno, line), file=file or sys.stderr)


def show_error(error: BaseException) -> None:
    """Print an error as one message."""
    Console(stderr=True, highlight=False).print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
