"""The sealed last part of a study's data: developed without, scored when asked, every opening written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.holdout import Holdout
from statefolio.commands.listener import Listener
from statefolio.commands.studies.models import naming
from statefolio.commands.studies.reading import StudyFile
from statefolio.commands.studies.walking import make_walk
from statefolio.portfolio.policy import Policy


@dataclass(frozen=True, eq=False)
class Opened:
    """What an opening found.

    Attributes
    ----------
    results : mapping of BacktestResult
        Of the sealed dates alone.
    measures : DataFrame (measure x portfolio)
    """

    results: Mapping[str, BacktestResult] = field(default_factory=dict)
    measures: pd.DataFrame | None = None


def record_path(folder: Path) -> Path:
    """Return where the seal of a results folder stands: beside it, so that replacing the folder forgets no opening."""
    return folder.absolute().with_name(f"{folder.absolute().name}.holdout.json")


def seal(file: StudyFile, market: Market, record: Path) -> Holdout | None:
    """Seal what [validation.holdout] says, or find it sealed; None where the file has no such table.

    Raises
    ------
    InputError
        If the sealed data changed, or the file now asks for another seal.
    """
    table = file.study.validation.holdout
    if table is None:
        return None
    start = None if table.start is None else pd.Timestamp(table.start)
    with naming("validation.holdout"):
        return Holdout.seal(market, record=record, share=table.share, start=start)


def open_holdout(holdout: Holdout, file: StudyFile, policies: Mapping[str, Policy], listener: Listener) -> Opened:
    """Score all portfolios on the sealed dates, and write that down.

    The walk begins where development began, so that models and accounts come to the sealed dates as they were.
    """
    found: list[Opened] = []

    def score(market: Market, start: pd.Timestamp) -> dict[str, float]:
        walk = make_walk(file.study, policies, market)
        while not walk.done:
            walk.step()
            listener.progress("opening", *walk.progress)
        results = {name: since(result, start) for name, result in walk.results().items()}
        benchmark = results[file.study.backtest.benchmark].returns
        measures = measures_of(results, benchmark, market.cash_rate)
        found.append(Opened(results, measures))
        return {f"sharpe of {name}": float(measures[name]["sharpe"]) for name in results}

    holdout.open(score, file.study.study.name)
    return found[0]


def measures_of(
    results: Mapping[str, BacktestResult], benchmark: "pd.Series[float]", cash_rate: "pd.Series[float]"
) -> pd.DataFrame:
    """Measures of several back-tests over the same dates (measure x portfolio)."""
    columns = {
        name: result.summary(
            None if len(result.returns) < len(benchmark) else benchmark, cash_rate.reindex(result.returns.index)
        )
        for name, result in results.items()
    }
    table = pd.DataFrame(columns)
    return table.loc[max((column.index for column in columns.values()), key=len)].rename_axis("measure")


def since(result: BacktestResult, start: pd.Timestamp) -> BacktestResult:
    """The same account from a date on, as if it had begun the date before with what it then had."""
    dates = result.ledger.index
    first = max(0, int(dates.searchsorted(start)) - 1)
    ledger = result.ledger.iloc[first:].copy()
    ledger.iloc[0, 1:-1] = 0.0
    return replace(
        result,
        ledger=ledger,
        weights=result.weights.iloc[first:],
        decisions=result.decisions.loc[start:],
        events=result.events[result.events["date"] >= start].reset_index(drop=True),
        details={name: table.loc[start:] for name, table in result.details.items()},
        capital=float(ledger["value"].iloc[0]),
        causality=None,
    )
