"""The job of `loadings`: fits a panel, compares it with least squares out of sample, and writes one folder."""

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from statefolio._arrays.text import show
from statefolio.commands.csv_tables import write_csv
from statefolio.commands.inputs import PanelInputs
from statefolio.commands.loadings.former_run import former_next, moves_since
from statefolio.commands.loadings.options import LoadingsOptions
from statefolio.commands.loadings.tables import write_loadings
from statefolio.commands.noted_warnings import noted_warnings
from statefolio.commands.output_folder import whole_folder
from statefolio.commands.progress import Progress
from statefolio.commands.shared_options import ModelOptions, SplitDates
from statefolio.commands.warming.ahead import compiling_ahead
from statefolio.exceptions import InputError
from statefolio.kalman.tuned_before import remembering_tunings
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.report import write_report
from statefolio.validation.scores import score_loadings, summarise_scores

FILES = frozenset(
    {
        "loadings.parquet",
        "model-new-loadings.parquet",
        "model-update.html",
        "model.statefolio",
        "model.statefolio.backup",
        "parameters.csv",
        "report.html",
        "scores.csv",
    }
)
WINDOWS = (60, 120, 250, 500)
DRAWN_WINDOW = 250
"""Dates of the rolling regression that the report draws next to the model."""
TEST_SHARE = 0.4
"""The share of the dates, at the end, that is out of sample where no option gives a date."""
TITLE = "Time-varying loadings"


@dataclass(frozen=True)
class LoadingsResult:
    """A fitted model and its comparison with least squares, with the folder they were written to."""

    folder: Path
    model: KalmanLoadings
    comparison: pd.DataFrame
    tune_until: pd.Timestamp
    test_from: pd.Timestamp
    rows: int


def run_loadings(inputs: PanelInputs, options: LoadingsOptions, progress: Progress) -> LoadingsResult:
    """Fit the panel, score it against least squares, and write the folder whole or not at all."""
    returns, factors = inputs.returns, inputs.factors
    with (
        whole_folder(out_of(options), FILES, overwrite=options.output.overwrite) as folder,
        compiling_ahead(progress, "filter"),
        remembering_tunings(),
        noted_warnings() as warned,
    ):
        tune_until, test_from = split(pd.DatetimeIndex(returns.index), options.dates)
        former = former_next(out_of(options) / "model.statefolio") if options.output.overwrite else None
        model = KalmanLoadings(**asdict(options.model), progress=progress)
        model.fit(returns, factors, tune_until=tune_until)
        model.set_params(progress=None)
        model.notes_ = {"risk_free": options.files.risk_free or ""}
        progress("comparing", 0, 0)
        scores = score_loadings(competitors(options.model), returns, factors, test_from=test_from)
        comparison = summarise_scores(scores)
        progress("comparing", 1, 1)
        progress("writing", 0, len(FILES))
        rows = _write_tables(folder, model, scores, progress)
        write_report(
            folder / "report.html",
            model,
            other=RollingLoadings(window=DRAWN_WINDOW).fit(returns, factors),
            other_name=f"rolling OLS, {DRAWN_WINDOW} dates",
            comparison=comparison,
            reading={**inputs.facts, "notes": " ".join([*inputs.notes, *warned])},
            options=_options(model, tune_until, test_from),
            suspicious=inputs.suspicious,
            chapters=moves_since(former, model),
            title=TITLE,
        )
        progress("writing", len(FILES), len(FILES))
    return LoadingsResult(out_of(options), model, comparison, tune_until, test_from, rows)


def out_of(options: LoadingsOptions) -> Path:
    """Return the folder of results."""
    if options.output.out is None:
        raise InputError("--out must be given, got nothing. Name a folder.")
    return options.output.out


def split(dates: pd.DatetimeIndex, given: SplitDates) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the last date of the tuning and the first date of the comparison out of sample.

    Where only one of them is given, the other is the date next to it. Where none is given, the last four tenths of the
    dates are out of sample.
    """
    if len(dates) < 3:
        raise InputError(f"returns and factors must have 3 common dates or more, got {len(dates)}. Check the files.")
    default = dates[int((1 - TEST_SHARE) * len(dates))]
    tune_until, test_from = given.tune_until, given.test_from
    if tune_until is not None and dates[0] > pd.Timestamp(tune_until):
        raise InputError(
            f"--tune-until must be at or after the first date, {show(dates[0])}, got {show(tune_until)}. "
            "Choose a later date."
        )
    if tune_until is not None and pd.Timestamp(tune_until) > dates[-1]:
        raise InputError(
            f"--tune-until must be at or before the last date, {show(dates[-1])}, got {show(tune_until)}. Choose an "
            "earlier date."
        )
    if test_from is None:
        after = dates[dates > pd.Timestamp(tune_until)] if tune_until is not None else dates[:0]
        start = after[0] if len(after) else default
    else:
        start = _test_start(dates, pd.Timestamp(test_from))
    end = dates[dates < start][-1] if tune_until is None else dates[dates <= pd.Timestamp(tune_until)][-1]
    return end, start


def competitors(model: ModelOptions) -> dict[str, LoadingsModel]:
    """Return the models that are compared, unfitted."""
    models: dict[str, LoadingsModel] = {"Kalman": KalmanLoadings(**asdict(model)), "static": StaticLoadings()}
    models.update({f"rolling {window}": RollingLoadings(window=window) for window in WINDOWS})
    models["exponential"] = ExponentialLoadings()
    return models


def _test_start(dates: pd.DatetimeIndex, test_from: pd.Timestamp) -> pd.Timestamp:
    if test_from <= dates[0] or test_from > dates[-1]:
        raise InputError(
            f"--test-from must be after {show(dates[0])} and at or before {show(dates[-1])}, got {show(test_from)}. "
            "Choose a date that leaves dates on both sides."
        )
    return dates[dates >= test_from][0]


def _write_tables(folder: Path, model: KalmanLoadings, scores: pd.DataFrame, progress: Progress) -> int:
    rows = write_loadings(folder / "loadings.parquet", model.loadings_)
    progress("writing", 1, len(FILES))
    write_csv(model.parameters_, folder / "parameters.csv", index_label="asset")
    write_csv(scores, folder / "scores.csv", index=False)
    model.save(folder / "model.statefolio")
    progress("writing", 4, len(FILES))
    return rows


def _options(model: KalmanLoadings, tune_until: pd.Timestamp, test_from: pd.Timestamp) -> dict[str, object]:
    chosen = {name: value for name, value in model.get_params().items() if name != "progress" and value is not None}
    named = {name.replace("_", " "): value for name, value in chosen.items()}
    return {"tuned until": tune_until, "test from": test_from, **named}
