"""What every command shows: progress, warnings, errors, what was read, and which files were written."""

import sys
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self, TextIO

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from statefolio.exceptions import StatefolioWarning

MOST_CELLS = 8


class Read(Protocol):
    """What a job read: the part that is shown."""

    @property
    def about(self) -> Mapping[str, object]:
        """Facts by name."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences."""

    @property
    def suspicious(self) -> pd.DataFrame:
        """Cells that look wrong: asset, date, kind, detail."""


class Screen:
    """Results to standard output; progress, warnings and notes to standard error."""

    def __init__(self) -> None:
        self.out = Console(highlight=False)
        self.err = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=36),
            TaskProgressColumn(),
            TimeElapsedColumn(),
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

    def stop(self) -> None:
        """End the bars: results follow."""
        self._bars.stop()

    def say(self, text: str) -> None:
        """Show a sentence."""
        self.err.print(escape(text), soft_wrap=True)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage has come; a total of zero means that nobody knows."""
        if stage not in self._stages:
            self._bars.start()
            self._stages[stage] = self._bars.add_task(stage, total=total or None)
        self._bars.update(self._stages[stage], completed=done, total=total or None)

    def read(self, inputs: Read) -> None:
        """Show what was read."""
        for name, value in inputs.about.items():
            shown = f"{value:,}" if isinstance(value, int) else str(value)
            self.err.print(f"  [dim]{escape(name):<22}[/dim] {escape(shown)}", soft_wrap=True)
        for note in inputs.notes:
            self.say(f"  {note}")
        for row in inputs.suspicious.head(MOST_CELLS).itertuples(index=False):
            self.say(f"  looks wrong: {row.asset}, {row.date:%Y-%m-%d}, {row.kind}: {row.detail}")
        left = len(inputs.suspicious) - MOST_CELLS
        if left > 0:
            self.say(f"  ... and {left:,} more, listed in the report. Nothing was changed.")

    def files(self, what: dict[str, str]) -> None:
        """Show files and what is in each."""
        width = max(map(len, what))
        for name, told in what.items():
            self.out.print(f"  {name:<{width}}  [dim]{escape(told)}[/dim]", soft_wrap=True)

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
    """Show an error as one message."""
    Console(stderr=True, highlight=False).print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
