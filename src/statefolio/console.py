"""What a terminal shows: progress, warnings, errors and short tables."""

import sys
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TextIO

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from statefolio.exceptions import StatefolioWarning

if TYPE_CHECKING:
    from statefolio.backtest.validation.reality_check import RealityCheck
    from statefolio.jobs.inputs import Inputs
    from statefolio.jobs.loadings import Outcome
    from statefolio.jobs.risk import RiskOutcome
    from statefolio.jobs.update import Updated
    from statefolio.study.run import StudyOutcome
    from statefolio.study.update import Brought

MOST_CELLS = 8
MOST_MOVED = 20
WHAT = {
    "report.html": "open this one",
    "loadings.parquet": "loadings and standard errors, a row a date, asset and factor",
    "parameters.csv": "hyper-parameters, a row an asset",
    "scores.csv": "every model and asset, out of sample",
    "model.statefolio": "continue it with `statefolio update --model ...`",
}
WHAT_OF_STUDY = {
    "report.html": "open this one",
    "value.csv": "value by date, net and gross of costs",
    "ledger.parquet": "every account, date by date",
    "weights.parquet": "what was held",
    "decisions.parquet": "what was wanted",
    "measures.csv": "measures of each portfolio",
    "validation.csv": "how far they are more than luck",
    "windows.csv": "what was chosen in each window, and what it earned",
    "choices.csv": "what other measures would have chosen in each window",
    "chosen_by.csv": "what choosing by each measure came to, out of sample",
    "paths.csv": "what choosing came to along the paths of combinatorial cross-validation",
    "look_ahead.csv": "whether any decision knew what came after",
    "trials.csv": "every configuration tried under this study's name",
    "events.csv": "fallbacks, orders not filled, delistings",
    "holdout.csv": "measures on the sealed dates",
    "study.toml": "the study as it was run",
}
SHOWN_MEASURES = {
    "annual_return": ("return", "{:.1%}"),
    "annual_volatility": ("volatility", "{:.1%}"),
    "sharpe": ("Sharpe", "{:.2f}"),
    "maximum_drawdown": ("drawdown", "{:.1%}"),
    "daily_turnover": ("turnover a day", "{:.2%}"),
}
WHAT_OF_RISK = {
    "report.html": "open this one",
    "portfolio_risk.csv": "the portfolio's volatility by factor, with 95 % bands",
    "asset_risk.csv": "each asset's volatility and its part in the portfolio's",
    "exposures.csv": "loadings expected on the next date",
    "factor_covariance.csv": "of the factors' next return",
    "failures.csv": "the four failures, a row a finding",
    "validation.csv": "every model of loadings, out of sample",
    "model.statefolio": "continue it with `statefolio update --model ...`",
    "covariance.parquet": "asset by asset",
}


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

    def say(self, text: str) -> None:
        """Show a sentence."""
        self.err.print(escape(text), soft_wrap=True)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage has come; a total of zero means that nobody knows."""
        if stage not in self._stages:
            self._bars.start()
            self._stages[stage] = self._bars.add_task(stage, total=total or None)
        self._bars.update(self._stages[stage], completed=done, total=total or None)

    def read(self, inputs: "Inputs") -> None:
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

    def outcome(self, outcome: "Outcome") -> None:
        """Show the comparison and where everything is."""
        self._bars.stop()
        self.out.print()
        title = f"One step ahead from {outcome.test_from:%Y-%m-%d}, tuned until {outcome.tune_until:%Y-%m-%d}"
        self.out.print(_table(outcome.comparison.reset_index(), title))
        self.out.print(f"\nWritten to [bold]{escape(str(outcome.folder))}/[/bold] ({outcome.rows:,} rows of loadings)")
        self._files(WHAT)

    def risk(self, outcome: "RiskOutcome") -> None:
        """Show a portfolio's risk, the failures, and where everything is."""
        from statefolio.jobs.risk_tables import shown_failures, shown_forecasts, shown_risk

        self._bars.stop()
        self.out.print()
        after, test = outcome.risk.last_date_, outcome.test_from
        weight = outcome.attribution["weight"].to_numpy()
        self.out.print(f"Weights: net {weight.sum():.4g}, gross {abs(weight).sum():.4g}.\n")
        self.out.print(
            _table(
                shown_risk(outcome.attribution), f"Volatility on the date after {after:%Y-%m-%d}, ± half a 95 % band"
            )
        )
        self.out.print(
            _table(shown_failures(outcome.failures), "The four failures (numbers and sentences in failures.csv)")
        )
        self.out.print(
            _table(shown_forecasts(outcome.forecasts), f"Covariances against what came from {test:%Y-%m-%d}")
        )
        self.out.print(f"\nWritten to [bold]{escape(str(outcome.folder))}/[/bold]")
        self._files({name: what for name, what in WHAT_OF_RISK.items() if (outcome.folder / name).exists()})

    def study(self, outcome: "StudyOutcome") -> None:
        """Show what the portfolios of a study earned, how far that can be trusted, and where everything is."""
        self._bars.stop()
        self.out.print()
        self.out.print(_table(_measures(outcome.measures), "Development dates, net of costs"))
        judged = outcome.judgement
        checks = {result.causality.verdict for result in outcome.results.values() if result.causality is not None}
        self.out.print(f"Look-ahead check: {', '.join(sorted(checks)) or 'not asked for'}.")
        self.out.print(f"Configurations tried: {judged.number:,}. {_reality(judged.check)}", soft_wrap=True)
        if outcome.holdout is not None:
            self.out.print(f"Holdout: {escape(outcome.holdout.describe())}", soft_wrap=True)
        if outcome.opened is not None and outcome.opened.measures is not None:
            self.out.print()
            self.out.print(_table(_measures(outcome.opened.measures), "Sealed dates, net of costs"))
        self.out.print(f"\nWritten to [bold]{escape(str(outcome.folder))}/[/bold]", soft_wrap=True)
        self._files({name: what for name, what in WHAT_OF_STUDY.items() if (outcome.folder / name).exists()})

    def orders(self, brought: "Brought") -> None:
        """Show the orders of every portfolio of a study."""
        self._bars.stop()
        self.out.print(f"Decided at the close of {brought.date:%Y-%m-%d}.")
        if not brought.due:
            self.out.print(
                f"The study's calendar does not trade on this date; it last decided on "
                f"{brought.last_decision:%Y-%m-%d}. These are the orders if you trade now.",
                soft_wrap=True,
            )
        for name, each in brought.instructions.items():
            self.out.print()
            if not each.decision.converged:
                self.out.print(f"{escape(name)} fell back ({each.decision.fallback}): {escape(each.decision.reason)}")
            if each.orders.empty:
                self.out.print(f"{escape(name)}: nothing to trade.")
                continue
            worth = f"{escape(name)}: {len(each.orders)} orders for an account of {each.holdings.value:,.0f}"
            self.out.print(_table(_shown_orders(each.orders), worth))

    def _files(self, what: dict[str, str]) -> None:
        width = max(map(len, what))
        for name, told in what.items():
            self.out.print(f"  {name:<{width}}  [dim]{escape(told)}[/dim]", soft_wrap=True)

    def updated(self, updated: "Updated") -> None:
        """Show what an update changed."""
        if not len(updated.dates):
            self.out.print(f"Nothing new: the model has seen every date up to {updated.last_date:%Y-%m-%d}.")
            return
        if updated.joined:
            self.out.print(f"{len(updated.joined):,} assets joined: {escape(', '.join(updated.joined[:10]))}")
        if updated.moved.empty:
            self.out.print("No loading moved beyond the band it was expected in.")
        else:
            title = f"{len(updated.moved):,} loadings moved beyond their 95 % bands"
            self.out.print(_table(updated.moved.head(MOST_MOVED), title))
        self.out.print(f"{escape(str(updated.model))} now ends on {updated.last_date:%Y-%m-%d}.", soft_wrap=True)

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


def _measures(measures: pd.DataFrame) -> pd.DataFrame:
    """A row a portfolio, with the few measures that a terminal has room for."""
    shown: dict[str, list[str]] = {"portfolio": [str(name) for name in measures.columns]}
    for name, (called, form) in SHOWN_MEASURES.items():
        if name in measures.index:
            shown[called] = [form.format(value) for value in measures.loc[name]]
    return pd.DataFrame(shown)


def _reality(check: "RealityCheck") -> str:
    if check.reason:
        return f"No reality check: {check.reason}."
    return f"That the best is no better than the benchmark has p = {check.p_value:.2g} (reality check)."


def _shown_orders(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders in words: buy or sell, whole shares, currency."""
    shares, money = orders.get("shares"), orders["currency"]
    shown: dict[str, object] = {
        "asset": orders.index.astype(str),
        "order": ["buy" if amount > 0 else "sell" for amount in money],
        "currency": [f"{abs(amount):,.2f}" for amount in money],
    }
    if shares is not None:
        shown["shares"] = ["-" if pd.isna(count) else f"{abs(count):,.0f}" for count in shares]
        shown["price"] = ["-" if pd.isna(price) else f"{price:,.2f}" for price in orders["price"]]
    shown["held"] = [f"{weight:.2%}" for weight in orders["held"]]
    shown["wanted"] = [f"{weight:.2%}" for weight in orders["wanted"]]
    return pd.DataFrame(shown)


def show_error(error: BaseException) -> None:
    """Show an error as one message."""
    Console(stderr=True, highlight=False).print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)


def _table(frame: pd.DataFrame, title: str) -> Table:
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for name in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        justify: Literal["left", "right"] = "right" if numeric else "left"
        table.add_column(escape(str(name).replace("_", " ")), justify=justify, no_wrap=not numeric)
    for row in frame.itertuples(index=False):
        cells = zip(row, frame.columns, strict=True)
        table.add_row(*[escape(_text(value, str(name))) for value, name in cells])
    return table


def _text(value: object, name: str) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:.1%}" if name.startswith("share") else f"{value:.3g}"
