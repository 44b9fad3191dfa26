"""The record of trials: every configuration ever run under a study's name, with its returns, in one file.

Two runs are the same trial if the configuration of a portfolio is the same (see `configuration`), and the data are the
same as far as both know them (see `data_marks`).
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio.backtest.market import Market
from statefolio.backtest.market_tables import Table
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.trials import Trials
from statefolio.commands.studies.building import BuiltStudy
from statefolio.commands.studies.parts.costs import make_costs
from statefolio.commands.studies.records.configuration import (
    RATES,
    configuration,
    dated_parts,
    fingerprint,
    identity,
    rates_name,
)
from statefolio.commands.studies.records.data_marks import continues, marks_of
from statefolio.commands.studies.records.trials_file import COLUMNS, read_trials, write_trials
from statefolio.commands.studies.schema.study import Study
from statefolio.portfolio.policies.yardsticks import GivenWeights

MARKS = "marks"
"""The key of the data's marks among the parameters on record."""


def trials_path(folder: Path) -> Path:
    """Return the path of the record of a results folder: next to it, so that replacing the folder keeps the record."""
    return folder.absolute().with_name(f"{folder.absolute().name}.trials.parquet")


def with_results(
    record: pd.DataFrame, built: BuiltStudy, results: Mapping[str, BacktestResult]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the record with the portfolios of a study added, except benchmarks, which trials are compared with.

    A configuration that is already in the record is one trial, with the name and the returns of this run. Returns after
    a bankruptcy are 0.

    Returns
    -------
    record : DataFrame
    names : dict
        The names of this run's portfolios, by the hash of their trials.
    """
    study, cash_rate = built.study, built.market.cash_rate
    parts, names = [record], {}
    dates = max((result.returns.index for result in results.values()), key=len)
    own = record[record["study"] == study.study.name]
    known = {str(content): json.loads(part["parameters"].iloc[0]) for content, part in own.groupby("content")}
    for name, result in results.items():
        if name in study.backtest.benchmarks:
            continue
        tried, content = _recognised(built, name, known)
        names[content] = name
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
    return together.sort_values(["study", "content", "date"], kind="stable", ignore_index=True), names


def _recognised(built: BuiltStudy, name: str, known: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], str]:
    """Return a portfolio's parameters with the marks of its data, and the hash of its trial, as on record if it is."""
    tried = configuration(built.study, name, built.file.folder)
    mine, market = identity(tried, built.study), _market_of(built, name)
    parts, others = dated_parts(built.study, name)
    alike = {content: former for content, former in known.items() if identity(former, built.study) == mine}
    also = [int(n) for former in alike.values() for n, _ in former.get(MARKS, ())]
    every = dict(marks_of(market, parts, others, also))
    tried[MARKS] = marks_of(market, parts, others)
    for content, former in alike.items():
        if continues(former[MARKS], every) if MARKS in former else _same_files(former, built.study):
            return tried, content
    return tried, fingerprint([mine, tried[MARKS]])


def _market_of(built: BuiltStudy, name: str) -> Market:
    """Return the market, with given weights and rates of costs among its further tables."""
    market, policy = built.market, built.policies[name]
    given = {f"portfolio.{name}.file": policy.weights} if isinstance(policy, GivenWeights) else {}
    costs = make_costs(built.study.backtest.costs, market, built.file.folder)
    for field in RATES:
        rates = getattr(costs, field)
        if isinstance(rates, pd.DataFrame):
            given[rates_name(field)] = rates
    if not given:
        return market
    others = {key: Table(*read_values(table, key)) for key, table in given.items()}
    return Market.of_tables(replace(market.tables, others={**market.tables.others, **others}))


def _same_files(former: Mapping[str, Any], study: Study) -> bool:
    """Return whether a trial of an earlier release, which has no marks, names the same files."""
    given = {name: str(value) for name, value in study.data.model_dump().items() if isinstance(value, Path)}
    recorded = former.get("data", {})
    same = all(str(recorded.get(name)) == value for name, value in given.items())
    return same and recorded.get("source") == study.data.source and recorded.get("first") == _text(study.data.first)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def record_trials(path: Path, built: BuiltStudy, results: Mapping[str, BacktestResult]) -> Trials:
    """Add the portfolios of a study to the record, and return every trial under the study's name."""
    record, names = with_results(read_trials(path), built, results)
    write_trials(path, record)
    return trials_of(record, built.study, names)


def trials_of(record: pd.DataFrame, study: Study, names: Mapping[str, str]) -> Trials:
    """Return every trial under a study's name; those of earlier files have a hash after their names."""
    trials = Trials(study.backtest.periods_per_year)
    rows = record[record["study"] == study.study.name]
    for content, part in sorted(rows.groupby("content", sort=True), key=lambda each: str(each[0]) not in names):
        name = names.get(str(content)) or f"{part['name'].iloc[0]}, {str(content)[:6]}"
        returns = pd.Series(part["returns"].to_numpy(float), index=pd.DatetimeIndex(part["date"]), name=name)
        parameters: dict[str, Any] = json.loads(part["parameters"].iloc[0])
        trials.add(name, returns, parameters)
    return trials
