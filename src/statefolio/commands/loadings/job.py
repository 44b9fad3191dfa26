"""The main job: fit a panel, compare out of sample, write everything into one folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio.commands.inputs import Inputs
from statefolio.commands.listener import Listener
from statefolio.commands.loadings.rehearsal import compiling_beside
from statefolio.commands.loadings.tables import write_loadings
from statefolio.commands.output_folder import whole_folder
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.report import write_report
from statefolio.validation.scores import score_loadings, summarise_scores

FILES = frozenset({"loadings.parquet", "parameters.csv", "scores.csv", "model.statefolio", "report.html"})
WINDOWS = (60, 120, 250, 500)
BESIDE = 250
"""The rolling window drawn beside the model, in dates."""
TEST_SHARE = 0.4
"""The last share of the dates is the test where the caller names no date."""


@dataclass(frozen=True)
class Plan:
    """What to fit, what to judge it by, and where to write."""

    out: Path
    overwrite: bool = False
    tune_until: datetime | None = None
    test_from: datetime | None = None
    model_options: Mapping[str, Any] = field(default_factory=dict)
    title: str = "Time-varying loadings"


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    folder: Path
    model: KalmanLoadings
    comparison: pd.DataFrame
    tune_until: pd.Timestamp
    test_from: pd.Timestamp
    rows: int


def run_loadings(inputs: Inputs, plan: Plan, listener: Listener) -> Outcome:
    """Fit the panel, score it against least squares, and write the folder whole or not at all."""
    with whole_folder(plan.out, FILES, overwrite=plan.overwrite) as folder, compiling_beside():
        tune_until, test_from = split(pd.DatetimeIndex(inputs.returns.index), plan.tune_until, plan.test_from)
        model = KalmanLoadings(**plan.model_options, progress=listener.progress)
        model.fit(inputs.returns, inputs.factors, tune_until=tune_until)
        model.set_params(progress=None)
        listener.progress("comparing", 0, 0)
        scores = score_loadings(competitors(plan.model_options), inputs.returns, inputs.factors, test_from=test_from)
        comparison = summarise_scores(scores)
        listener.progress("comparing", 1, 1)
        listener.progress("writing", 0, len(FILES))
        rows = _write_tables(folder, model, scores, listener)
        write_report(
            folder / "report.html",
            model,
            other=RollingLoadings(window=BESIDE).fit(inputs.returns, inputs.factors),
            other_name=f"rolling OLS, {BESIDE} dates",
            comparison=comparison,
            reading={**inputs.about, "notes": " ".join(inputs.notes)},
            options=_options(model, tune_until, test_from),
            suspicious=inputs.suspicious,
            title=plan.title,
        )
        listener.progress("writing", len(FILES), len(FILES))
    return Outcome(plan.out, model, comparison, tune_until, test_from, rows)


def split(
    dates: pd.DatetimeIndex, tune_until: datetime | None, test_from: datetime | None
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the last date to tune on and the first date of the test.

    Where only one is given the other is its neighbour; where neither is, the last four tenths are the test.
    """
    if len(dates) < 3:
        raise InputError(
            f"returns and factors have {len(dates)} dates in common. At least 3 were expected: check the files."
        )
    default = dates[int((1 - TEST_SHARE) * len(dates))]
    if tune_until is not None and dates[0] > pd.Timestamp(tune_until):
        raise InputError(
            f"--tune-until {tune_until:%Y-%m-%d} is before the first date, {dates[0]:%Y-%m-%d}. Choose a later date."
        )
    if test_from is None:
        after = dates[dates > pd.Timestamp(tune_until)] if tune_until is not None else dates[:0]
        start = after[0] if len(after) else default
    else:
        start = _test_start(dates, pd.Timestamp(test_from))
    end = dates[dates < start][-1] if tune_until is None else dates[dates <= pd.Timestamp(tune_until)][-1]
    return end, start


def competitors(model_options: Mapping[str, Any]) -> dict[str, LoadingsModel]:
    """Return the models that are compared, none of them fitted."""
    models: dict[str, LoadingsModel] = {"Kalman": KalmanLoadings(**model_options), "static": StaticLoadings()}
    models.update({f"rolling {window}": RollingLoadings(window=window) for window in WINDOWS})
    models["exponential"] = ExponentialLoadings()
    return models


def _test_start(dates: pd.DatetimeIndex, test_from: pd.Timestamp) -> pd.Timestamp:
    if test_from <= dates[0] or test_from > dates[-1]:
        raise InputError(
            f"--test-from {test_from:%Y-%m-%d} leaves no dates on one side of it: they run from "
            f"{dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}. Choose a date between them."
        )
    return dates[dates >= test_from][0]


def _write_tables(folder: Path, model: KalmanLoadings, scores: pd.DataFrame, listener: Listener) -> int:
    rows = write_loadings(folder / "loadings.parquet", model.loadings_)
    listener.progress("writing", 1, len(FILES))
    model.parameters_.to_csv(folder / "parameters.csv", index_label="asset")
    scores.to_csv(folder / "scores.csv", index=False)
    model.save(folder / "model.statefolio")
    listener.progress("writing", 4, len(FILES))
    return rows


def _options(model: KalmanLoadings, tune_until: pd.Timestamp, test_from: pd.Timestamp) -> dict[str, object]:
    chosen = {name.replace("_", " "): value for name, value in model.get_params().items() if name != "progress"}
    shown = {name: value for name, value in chosen.items() if value is not None}
    return {"tuned until": tune_until, "test from": test_from, **shown}
