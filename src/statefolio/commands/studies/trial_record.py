"""Every configuration that was ever run under a study's name, with what it earned, in one file beside the results."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._writing import write_whole
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.trials import Trials
from statefolio.commands.studies.configuration import configuration
from statefolio.commands.studies.reading import fingerprint
from statefolio.commands.studies.schema import Study
from statefolio.exceptions import FileFormatError

COLUMNS = ("study", "content", "name", "parameters", "date", "returns")


def record_path(folder: Path) -> Path:
    """Return where the record of a results folder stands: beside it, so that replacing the folder forgets nothing."""
    return folder.absolute().with_name(f"{folder.absolute().name}.trials.parquet")


def read_trials(path: Path) -> pd.DataFrame:
    """Return the record, a row a configuration and date; empty where nothing was tried yet.

    Raises
    ------
    FileFormatError
        If the file is no such record.
    """
    if not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{path} is no record of trials, or is damaged ({error}). Restore it.") from error
    if list(table.columns) != list(COLUMNS):
        raise FileFormatError(f"{path} is no record of trials: it has {', '.join(table.columns)}. Check the path.")
    return table


def with_results(
    record: pd.DataFrame, study: Study, results: Mapping[str, BacktestResult], cash_rate: "pd.Series[float]"
) -> pd.DataFrame:
    """Return the record with a study's portfolios in it, the benchmark left out: it is what trials are held against.

    A configuration that is there already stays one, under the name it has now and with the returns of this run. After
    a bankruptcy there is nothing left to earn: 0.
    """
    parts = [record]
    dates = max((result.returns.index for result in results.values()), key=len)
    for name, result in results.items():
        if name == study.backtest.benchmark:
            continue
        told = configuration(study, name)
        content = fingerprint(told)
        excess = (result.returns - cash_rate.reindex(result.returns.index)).reindex(dates, fill_value=0.0)
        parts = [part[(part["study"] != study.study.name) | (part["content"] != content)] for part in parts]
        rows = {
            "study": study.study.name,
            "content": content,
            "name": name,
            "parameters": json.dumps(told, sort_keys=True, default=str),
            "date": excess.index,
            "returns": excess.to_numpy(),
        }
        parts.append(pd.DataFrame(rows, columns=list(COLUMNS)))
    filled = [part for part in parts if len(part)]
    together = pd.concat(filled, ignore_index=True) if filled else record
    return together.sort_values(["study", "content", "date"], kind="stable", ignore_index=True)


def write_trials(path: Path, record: pd.DataFrame) -> None:
    """Write the record, whole or not at all."""
    content = io.BytesIO()
    record.to_parquet(content, index=False, compression="zstd")
    write_whole(path, content.getvalue())


def trials_of(record: pd.DataFrame, study: Study) -> Trials:
    """Return every trial of a study's name; those of this file under their names, former ones with a hash."""
    own = {fingerprint(configuration(study, name)): name for name in study.portfolio}
    trials = Trials(study.backtest.periods_per_year)
    rows = record[record["study"] == study.study.name]
    for content, part in sorted(rows.groupby("content", sort=True), key=lambda each: str(each[0]) not in own):
        name = own.get(str(content)) or f"{part['name'].iloc[0]}, {str(content)[:6]}"
        returns = pd.Series(part["returns"].to_numpy(float), index=pd.DatetimeIndex(part["date"]), name=name)
        parameters: dict[str, Any] = json.loads(part["parameters"].iloc[0])
        trials.add(name, returns, parameters)
    return trials
