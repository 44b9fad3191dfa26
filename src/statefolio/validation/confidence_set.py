"""Computes the model confidence set: the models that are not significantly worse than the best."""

from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from statefolio._options import Kind, Number, Whole, check, check_options
from statefolio.exceptions import DataTypeError, InputError
from statefolio.validation.equal_accuracy import FEWEST

RULES = {
    "size": Number(above=0.0, below=1.0, example=0.1),
    "replications": Whole(at_least=1, example=1000),
    "block_length": Whole(at_least=1, example=10) | None,
    "seed": Whole(at_least=0, example=0),
}
_FRAME = Kind(pd.DataFrame, "a DataFrame (date x model)", "pd.DataFrame({'a': losses_of_a, 'b': losses_of_b})")
COLUMNS = ["p_value", "included", "block_length", "reason"]


def model_confidence_set(
    losses: pd.DataFrame,
    size: float = 0.10,
    replications: int = 1000,
    block_length: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Find the models that are not significantly worse than the best (Hansen, Lunde and Nason), by arch's `MCS`.

    Parameters
    ----------
    losses : DataFrame (T dates, models)
        Dates with a NaN are left out.
    size : float
        1 minus the confidence that the set contains the best model.
    replications : int
        Replications of the stationary bootstrap.
    block_length : int, optional
        Mean length of its blocks in dates. Default: the longest of Politis and White's lengths for the losses
        minus their mean over models.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    DataFrame
        One row per model, in their order: `p_value`, the smallest size at which the model leaves the set;
        `included`; `block_length`; and `reason`, where there is no test. Models with the same losses on every date
        have the same values. The statistic is T_R, the largest t statistic of all pairs.

    References
    ----------
    Hansen, Lunde and Nason (2011), Econometrica 79. Politis and White (2004), Econometric Reviews 23.

    Examples
    --------
    The third of three models is worse:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> noise = np.random.default_rng(2).normal(size=(300, 3))
    >>> losses = pd.DataFrame(noise + [1.0, 1.0, 1.3], columns=["a", "b", "c"])
    >>> sf.validation.model_confidence_set(losses, replications=200)["included"].to_dict()
    {'a': True, 'b': True, 'c': False}
    """
    check_options({"size": size, "replications": replications, "block_length": block_length, "seed": seed}, RULES)
    values = _read(losses)
    count, models = values.shape
    if models > 1 and count < FEWEST:
        return _without(losses.columns, np.nan, f"{count} dates, fewer than the {FEWEST} needed")
    first = [next(i for i in range(j + 1) if np.array_equal(values[:, i], values[:, j])) for j in range(models)]
    distinct = sorted(set(first))
    if len(distinct) < 2:
        reason = "one model" if models == 1 else "the losses are the same on every date"
        return _without(losses.columns, 1.0, reason)
    different = values[:, distinct]
    length = block_length or _block_length(different)
    p_values = dict(zip(distinct, _p_values(different, size, replications, length, seed), strict=True))
    p_value = np.array([p_values[i] for i in first])
    found = {"p_value": p_value, "included": p_value > size, "block_length": length, "reason": ""}
    return pd.DataFrame(found, index=losses.columns)


def _read(losses: Any) -> Any:
    check("losses", losses, _FRAME)
    if not losses.columns.is_unique:
        raise InputError("losses must have a different name for each model, got duplicates. Rename one.")
    try:
        values = losses.dropna().to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError("losses must hold numbers, got other values. Convert them with pd.to_numeric.") from error
    if np.isinf(values).any():
        raise InputError("losses must be finite or NaN, got infinite values. Leave those dates out.")
    return values


def _without(models: pd.Index, p_value: float, reason: str) -> pd.DataFrame:
    found: dict[str, Any] = {"p_value": p_value, "included": True, "block_length": 0, "reason": reason}
    return pd.DataFrame(found, index=models)[COLUMNS]


def _block_length(values: Any) -> int:
    from arch.bootstrap import optimal_block_length

    relative = values - values.mean(axis=1, keepdims=True)
    relative = relative[:, np.ptp(relative, axis=0) > 1e-12 * np.abs(values).max()]
    if relative.shape[1] == 0:
        return 1
    lengths = optimal_block_length(relative)["stationary"].to_numpy()
    longest = float(np.nanmax(lengths, initial=1.0))
    return max(1, ceil(longest))


def _p_values(values: Any, size: float, replications: int, length: int, seed: int) -> Any:
    from arch.bootstrap import MCS

    scaled = (values - values.mean()) / values.std()
    found = MCS(scaled, size=size, reps=replications, block_size=length, method="R", seed=seed)
    with np.errstate(divide="ignore", invalid="ignore"):  # differences that never vary
        found.compute()
    return found.pvalues["Pvalue"].reindex(range(values.shape[1])).to_numpy()
