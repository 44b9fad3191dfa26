"""Writes the tables of a study's results."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.trials import Trials
from statefolio.commands.csv_tables import write_csv
from statefolio.commands.studies.result import StudyResult

FILES = frozenset(
    {
        "choices.csv",
        "chosen_by.csv",
        "decisions.parquet",
        "events.csv",
        "holdout.csv",
        "ledger.parquet",
        "look_ahead.csv",
        "measures.csv",
        "paths.csv",
        "report.html",
        "study.toml",
        "trades.csv",
        "trials.csv",
        "validation.csv",
        "value.csv",
        "weights.parquet",
        "windows.csv",
    }
)


def write_tables(folder: Path, result: StudyResult) -> None:
    """Write every table into a folder.

    No table has a time of writing: the same results give the same bytes.
    """
    results, judgement = result.results, result.judgement
    write_csv(value_table(results), folder / "value.csv", index_label="date")
    for name in ("ledger", "weights", "decisions"):
        frames = {key: getattr(each, name) for key, each in results.items()}
        _stacked(frames).to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    write_csv(result.walked.measures, folder / "measures.csv", index_label="measure")
    write_csv(judgement.scores, folder / "validation.csv", index_label="portfolio")
    write_csv(judgement.windows, folder / "windows.csv", index_label="window")
    write_csv(judgement.choices, folder / "choices.csv", index_label="window")
    write_csv(judgement.chosen_by, folder / "chosen_by.csv", index_label="chosen by")
    if judgement.paths is not None:
        write_csv(judgement.paths, folder / "paths.csv", index_label="path")
    missing = result.walked.built.data.missing
    events = {**({"": missing} if len(missing) else {}), **{name: each.events for name, each in results.items()}}
    write_csv(_stacked(events), folder / "events.csv", index=False)
    write_csv(_stacked({name: each.trades for name, each in results.items()}), folder / "trades.csv", index=False)
    write_csv(trials_table(result.trials), folder / "trials.csv", index=False)
    write_csv(look_ahead_table(results), folder / "look_ahead.csv", index_label="portfolio")
    if result.opened is not None:
        write_csv(result.opened.measures, folder / "holdout.csv", index_label="measure")


def value_table(results: Mapping[str, BacktestResult]) -> pd.DataFrame:
    """Return the value of each portfolio by date, net, and gross of costs and fees.

    With deposits or withdrawals, gross and "without flows" are of the capital alone.
    """
    columns: dict[str, pd.Series[float]] = {}
    for name, result in results.items():
        columns[name] = result.value
        grown = (1.0 + result.gross_returns).cumprod() * result.capital
        columns[f"{name}, gross"] = pd.concat([result.value.iloc[:1], grown])
        if result.flows is not None:
            columns[f"{name}, without flows"] = result.growth
    return pd.DataFrame(columns)


def look_ahead_table(results: Mapping[str, BacktestResult]) -> pd.DataFrame:
    """Return the result of the look-ahead check of each portfolio."""
    rows = {}
    for name, result in results.items():
        check = result.causality
        if check is not None:
            rows[name] = {
                "verdict": check.verdict,
                "first_difference": check.first_difference,
                "cuts": len(check.cuts),
                "detail": check.detail,
                "sentence": check.sentence,
            }
    columns = ["verdict", "first_difference", "cuts", "detail", "sentence"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def trials_table(trials: Trials) -> pd.DataFrame:
    """Return one row per configuration tried: its name, its Sharpe ratio, its dates and its options."""
    sharpe = trials.sharpe if len(trials) else pd.Series(dtype=float)
    rows = [
        {
            "name": trial.name,
            "sharpe": float(sharpe[trial.name]),
            "from": trial.returns.index[0],
            "to": trial.returns.index[-1],
            "portfolio": _as_text(trial.parameters.get("portfolio", {})),
        }
        for trial in trials
    ]
    return pd.DataFrame(rows, columns=["name", "sharpe", "from", "to", "portfolio"])


def _as_text(options: Mapping[str, object]) -> str:
    """Options as text, the objective first, without those that are not set."""
    parts = []
    for name, value in sorted(options.items(), key=lambda option: option[0] != "objective"):
        if isinstance(value, Mapping):
            inner = _as_text(value)
            parts += [f"{name} ({inner})"] if inner else []
        elif value is not None:
            parts.append(f"{name} {value}")
    return ", ".join(parts)


def _stacked(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Concatenate frames, with a column for the portfolio and one for the dates."""
    parts = []
    for name, frame in frames.items():
        dated = isinstance(frame.index, pd.DatetimeIndex)
        part = frame.rename_axis("date").reset_index() if dated else frame.copy()
        part.insert(0, "portfolio", name)
        parts.append(part.rename_axis(columns=None))
    return pd.concat(parts, ignore_index=True)
