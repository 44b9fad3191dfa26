"""Builds the printable summaries of fitted models of loadings: of one asset, or of the whole panel."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.panel import ALPHA
from statefolio._arrays.text import listed, show, shown, span
from statefolio._arrays.types import Array
from statefolio._display.numbers import number
from statefolio._display.summary import SummaryTable
from statefolio.exceptions import UnknownNameError
from statefolio.loadings.movement import movement
from statefolio.loadings.results import HALF_BAND

ABOUT_TESTS = (
    "t and p-value test a loading of zero on that date under the model, with its hyper-parameters taken as known."
)
ABOUT_MOVED = (
    "Moved: the 95th less the 5th percentile of the filtered loading through time, without dates on which its standard "
    "error is more than twice its median."
)
LOADED = "The model was loaded from a file, which keeps its state and no results. partial_fit with new dates adds them."
IN_SAMPLE = "Warning: hyper-parameters were tuned on all dates, so every date is in sample. Pass tune_until to fit."
FEWEST_DATES = 20
CLEARLY = 3.0
"""A loading has clearly moved if by more than this many of its standard errors."""
FORMATS = {"t": ",.2f"}


def asset_summary(model: Any, asset: Any) -> SummaryTable:
    """Return one row per factor of one asset: loading, standard error, t, p-value, band, and how far it has moved.

    Parameters
    ----------
    model : FittedLoadings
    asset
        One of the model's assets.
    """
    i = find_asset(model.assets_, asset)
    has_results = "_run_results" in model.__dict__
    mean, error, moved = _loadings_of(model, i) if has_results else (*_next_of(model, i), None)
    table = _tested(mean, error)
    if moved is not None and _covers_enough(model):
        table["moved"] = moved
    table.index = pd.Index([str(name) for name in model.factors_], name="factor")
    on = f"on {show(model.last_date_)}" if has_results else f"for the first date after {show(model.last_date_)}"
    facts = {"Model": repr_of(model), **_panel_facts(model), **_asset_facts(model, i)}
    notes = [ABOUT_TESTS]
    if "moved" in table:
        notes += [ABOUT_MOVED, _moved_sentence(table)]
    notes += _warnings(model, i)
    kind = "filtered" if has_results else "predicted"
    return SummaryTable(table, f"Loadings of {asset}, {kind}, {on}", facts, notes, FORMATS)


def panel_summary(model: Any, *, quick: bool = False) -> SummaryTable:
    """Return one row per factor over all assets: distribution of the loadings, share that differs from zero, movement.

    `quick` leaves out what needs the results of every date.
    """
    next_ = model.next_
    mean = next_["mean"].to_numpy()
    error = np.sqrt(np.einsum("nkk->nk", next_["covariance"].to_numpy()))
    known = np.isfinite(mean).any(axis=0)
    low, middle, high = (np.full(mean.shape[1], np.nan) for _ in range(3))
    if known.any():
        low[known], middle[known], high[known] = np.nanpercentile(mean[:, known], [5.0, 50.0, 95.0], axis=0)
    table = pd.DataFrame(
        {"5 %": low, "median": middle, "95 %": high}, index=pd.Index(map(str, model.factors_), name="factor")
    )
    table["median standard error"] = _median(error)
    with np.errstate(invalid="ignore"):
        table["share_nonzero"] = _share(np.abs(mean) > HALF_BAND * error, np.isfinite(mean))
    notes = [
        f"Loadings are predicted for the first date after {show(model.last_date_)}. Share nonzero: assets whose "
        "95 % band excludes zero."
    ]
    facts = {"Model": repr_of(model), **_panel_facts(model)}
    if not quick and _covers_enough(model):
        table["median moved"] = _median(np.array([_loadings_of(model, i)[2] for i in range(len(mean))]))
        facts |= _quality_facts(model)
        notes.append(ABOUT_MOVED)
    notes += _panel_warnings(model)
    return SummaryTable(
        table, f"{type(model).__name__} of {len(mean):,} assets", facts, notes, {"share with |t| > 1.96": ".0%"}
    )


def find_asset(assets: pd.Index, asset: Any) -> int:
    """Return the place of an asset."""
    if asset not in assets:
        raise UnknownNameError(
            f"asset must be one of the model's ({listed(assets)}), got {shown(asset)}. Pass e.g. asset={assets[0]!r}."
        )
    return int(np.flatnonzero(assets == asset)[0])


def loadings_frame(loadings: xr.Dataset, asset: Any, date: Any) -> pd.DataFrame:
    """Return loadings as a DataFrame by date, asset and factor, or those of one asset, one date or both."""
    if date is not None:
        loadings = loadings.sel(date=date)
    if asset is not None:
        find_asset(loadings.indexes["asset"], asset)
        loadings = loadings.sel(asset=asset)
    kept = [name for name in ("date", "asset", "factor") if name in loadings.dims]
    return pd.DataFrame(loadings.to_dataframe(dim_order=kept)).drop(columns=["asset", "date"], errors="ignore")


def repr_of(model: Any) -> str:
    """Return the class of a model with the options that differ from their defaults."""
    return str(model._options_text())


def _loadings_of(model: Any, i: int) -> tuple[Array, Array, Array]:
    """Return one asset's last filtered loadings, their standard errors, and how far each has moved."""
    one = model.loadings_[["filtered", "filtered_variance"]].isel(asset=i)
    mean, error = one["filtered"].to_numpy(), np.sqrt(one["filtered_variance"].to_numpy())
    return mean[-1], error[-1], movement(mean, error)


def _next_of(model: Any, i: int) -> tuple[Array, Array]:
    next_ = model.next_.isel(asset=i)
    return next_["mean"].to_numpy(), np.sqrt(np.diag(next_["covariance"].to_numpy()))


def _tested(mean: Array, error: Array) -> pd.DataFrame:
    from scipy.special import erfc

    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0.0, mean / error, np.nan)
    return pd.DataFrame(
        {
            "loading": mean,
            "standard_error": error,
            "t": t,
            "p_value": erfc(np.abs(t) / np.sqrt(2.0)),
            "lower": mean - HALF_BAND * error,
            "upper": mean + HALF_BAND * error,
        }
    )


def _panel_facts(model: Any) -> dict[str, str]:
    dates = model.__dict__.get("dates_")
    whole = f"{show(model.first_date_)} to {show(model.last_date_)}"
    covered = whole if dates is None or len(dates) < FEWEST_DATES else f"{span(dates)} ({len(dates):,})"
    return {"Dates": covered, "Tuned until": show(model.tuned_until_)} if _is_tuned(model) else {"Dates": covered}


def _asset_facts(model: Any, i: int) -> dict[str, str]:
    facts: dict[str, str] = {}
    if _covers_enough(model):
        quality = model.fit_quality_.iloc[i]
        facts["Returns scored"] = f"{int(quality['returns_scored']):,}"
        facts["R², one step ahead"] = f"{quality['r_squared_one_step']:.1%}"
        facts["R², in sample"] = f"{quality['r_squared_in_sample']:.1%}"
        if model._run_results.log_likelihood is not None:
            facts["Log-likelihood"] = number(float(model.log_likelihood_.iloc[i]))
    variance = float(model.next_["observation_variance"].isel(asset=i))
    facts["Residual deviation, next date"] = f"{np.sqrt(variance):.2%}"
    row = model.parameters_.iloc[i]
    if "degrees_of_freedom" in row and np.isfinite(row["degrees_of_freedom"]):
        facts["Student-t degrees of freedom"] = f"{row['degrees_of_freedom']:.1f}"
    if _is_tuned(model) and "converged" in row:
        facts["Tuning"] = str(row.get("reason", "")) or ("converged" if row["converged"] else "did not converge")
    return facts


def _covers_enough(model: Any) -> bool:
    """Return whether the results have dates enough for R-squared and movement; those of a loaded model are the last."""
    return "_run_results" in model.__dict__ and len(model.dates_) >= FEWEST_DATES


def _is_tuned(model: Any) -> bool:
    """Return whether a model learns hyper-parameters; least squares has none."""
    return getattr(model, "tuning", "fixed") != "fixed"


def _quality_facts(model: Any) -> dict[str, str]:
    quality = model.fit_quality_
    facts = {
        "Median R², one step ahead": f"{quality['r_squared_one_step'].median():.1%}",
        "Median R², in sample": f"{quality['r_squared_in_sample'].median():.1%}",
        "Returns scored": f"{int(quality['returns_scored'].sum()):,}",
    }
    if model._run_results.log_likelihood is not None:
        facts["Log-likelihood, all assets"] = number(float(model.log_likelihood_.sum()))
    return facts


def _moved_sentence(table: pd.DataFrame) -> str:
    far = table["moved"] > CLEARLY * table["standard_error"]
    names = [str(name) for name in table.index[far] if name != ALPHA]
    if not names:
        return f"No loading has moved by more than {CLEARLY:g} of its standard errors."
    moved = _joined([f"{name} by {number(float(table['moved'][name]))}" for name in names])
    return f"Moved by more than {CLEARLY:g} standard errors: {moved}."


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _warnings(model: Any, i: int) -> list[str]:
    """Return what a reader must know of one asset, in whole sentences."""
    if "_run_results" not in model.__dict__:
        return [LOADED]
    if not _covers_enough(model):
        return [
            f"The results cover {span(model.dates_)} alone, too few dates for R² and for how far loadings have moved."
        ]
    notes = []
    counted = model.fit_quality_.attrs["counted_from"].get(model.assets_[i])
    if counted is None or pd.isna(counted):
        notes.append("Warning: the predicted loadings are informative on no date, so there is no R².")
    elif counted > model.dates_[0]:
        notes.append(f"The first loadings are arbitrary: R² counts the dates from {show(counted)} on.")
    if _is_tuned(model) and model.tuned_until_ >= model.last_date_:
        notes.append(IN_SAMPLE)
    row: Mapping[str, Any] = model.parameters_.iloc[i].to_dict()
    if not bool(row.get("converged", True)):
        notes.append(f"Warning: the tuning did not converge ({row.get('reason', '')}).")
    if np.isnan(model.next_["mean"].isel(asset=i)).any():
        notes.append(f"Warning: some loadings are not known: {row.get('reason', '')}.")
    return notes


def _panel_warnings(model: Any) -> list[str]:
    notes = []
    parameters = model.parameters_
    if "converged" in parameters and not parameters["converged"].all():
        failed = parameters.index[~parameters["converged"].astype(bool)]
        notes.append(
            f"Warning: the tuning of {len(failed):,} assets did not converge ({listed(failed)}); see parameters_."
        )
    unknown = np.isnan(model.next_["mean"].to_numpy()).any(axis=1)
    if unknown.any():
        names = model.assets_[unknown]
        notes.append(
            f"Warning: some loadings of {len(names):,} assets are not known ({listed(names)}); see parameters_."
        )
    if _is_tuned(model) and model.tuned_until_ >= model.last_date_:
        notes.append(IN_SAMPLE)
    return notes


def _median(values: Array) -> Array:
    known = np.isfinite(values)
    found = np.full(values.shape[1], np.nan)
    some = known.any(axis=0)
    if some.any():
        found[some] = np.nanmedian(np.where(known, values, np.nan)[:, some], axis=0)
    return found


def _share(where: Any, known: Any) -> Array:
    count = known.sum(axis=0)
    return np.where(count > 0, (where & known).sum(axis=0) / np.maximum(count, 1), np.nan)
