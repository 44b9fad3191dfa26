"""The record of trials: every configuration ever run under a study's name, with its returns, in one file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.trials import Trials
from statefolio.commands.studies.records.configuration import configuration, fingerprint
from statefolio.commands.studies.records.trials_file import COLUMNS, read_trials, write_trials
from statefolio.commands.studies.schema.study import Study


def trials_path(folder: Path) -> Path:
    """Return the path of the record of a results folder: next to it, so that replacing the folder keeps the record."""
    return folder.absolute().with_name(f"{folder.absolute().name}.trials.parquet")


def with_results(
    record: pd.DataFrame, study: Study, results: Mapping[str, BacktestResult], cash_rate: "pd.Series[float]"
) -> pd.DataFrame:
    """Return the record with the portfolios of a study added, except the benchmark, which trials are compared with.

    A configuration that is already in the record is one trial, with the name and the returns of this run. Returns after
    a bankruptcy are 0.
    """
    parts = [record]
    dates = max((result.returns.index for result in results.values()), key=len)
    for name, result in results.items():
        if name == study.backtest.benchmark:
            continue
        tried = configuration(study, name)
        content = fingerprint(tried)
        excess = (result.returns - cash_rate.reindex(result.returns.index)).reindex(dates, fill_value=0.0)
        parts = [part[(part["study"] != study.study.name) | (part["content"] != content)] for part in parts]
        rows = {
            "study": study.study.name,
            "content": content,
            "name": name,
            "parameters": json.dumps(tried, sort_keys=True, default=str),
            "date": excess.index,
            "returns": excess.to_numpy(),
        }
        parts.append(pd.DataFrame(rows, columns=list(COLUMNS)))
    filled = [part for part in parts if len(part)]
    together = pd.concat(filled, ignore_index=True) if filled else record
    return together.sort_values(["study", "content", "date"], kind="stable", ignore_index=True)


def record_trials(
    path: Path, study: Study, results: Mapping[str, BacktestResult], cash_rate: "pd.Series[float]"
) -> Trials:
    """Add the portfolios of a study to the record, and return every trial under the study's name."""
    record = with_results(read_trials(path), study, results, cash_rate)
    write_trials(path, record)
    return trials_of(record, study)


def trials_of(record: pd.DataFrame, study: Study) -> Trials:
    """Return every trial under a study's name; those of earlier files have a hash after their names."""
    own = {fingerprint(configuration(study, name)): name for name in study.portfolio}
    trials = Trials(study.backtest.periods_per_year)
    rows = record[record["study"] == study.study.name]
    for content, part in sorted(rows.groupby("content", sort=True), key=lambda each: str(each[0]) not in own):
        name = own.get(str(content)) or f"{part['name'].iloc[0]}, {str(content)[:6]}"
        returns = pd.Series(part["returns"].to_numpy(float), index=pd.DatetimeIndex(part["date"]), name=name)
        parameters: dict[str, Any] = json.loads(part["parameters"].iloc[0])
        trials.add(name, returns, parameters)
    return trials
