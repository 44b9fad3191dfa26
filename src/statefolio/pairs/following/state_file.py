"""Writes a followed basket to one file and reads it again, whole or not at all.

The file is a zip archive of NumPy arrays without pickled objects: dates, prices, z-scores, the draws of the verdict, a
JSON text with everything else. What a tuning has learned is not kept: the last tuning is repeated from its dates.
"""

import io
import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio._writing import write_whole
from statefolio.exceptions import FileFormatError, InputError
from statefolio.pairs.following.drift import Beginning, SavedVerdict
from statefolio.pairs.following.followed_basket import FollowedBasket
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.prices import Basket
from statefolio.pairs.trading.rules import Bands, Linear

STATE = "basket.state"
"""The usual name of the file, in the folder that `statefolio pairs` writes."""
KIND, VERSION = "statefolio basket", 2
_HEDGES = {kind.__name__: kind for kind in (KalmanHedge, RollingHedge, StaticHedge)}
_RULES = {kind.__name__: kind for kind in (Bands, Linear)}
_PLAIN = (str, int, float, bool, type(None))


def save_basket(basket: FollowedBasket, path: Any) -> None:
    """Write a followed basket to a file; an existing one is replaced whole or not at all.

    Parameters
    ----------
    basket : FollowedBasket
    path : path-like

    Raises
    ------
    InputError
        For a hedge or rule that is not of this library, or has arrays as options.
    OutputError
        If the file cannot be written.
    """
    hedge, rule = basket.hedge, basket.rule
    options = hedge.get_params(deep=False)
    if type(hedge) not in _HEDGES.values() or type(rule) not in _RULES.values():
        raise InputError(
            f"hedge and rule must be of this library to be saved, got {shown(hedge)} and {shown(rule)}. Use e.g. "
            "KalmanHedge() and Bands()."
        )
    odd = [name for name, value in options.items() if not isinstance(value, _PLAIN)]
    if odd or not isinstance(basket.retune, str | int | None):
        raise InputError(
            f"hedge must have plain options to be saved, got {odd[0] if odd else 'retune'}="
            f"{shown(options[odd[0]] if odd else basket.retune)}. Leave it out."
        )
    verdict, beginning = basket.verdict, basket.beginning
    facts = {
        "kind": KIND,
        "version": VERSION,
        "dates": str(basket.basket.dates.dtype),
        "assets": [str(name) for name in basket.basket.assets],
        "hedge": type(hedge).__name__,
        "hedge_options": options,
        "rule": type(rule).__name__,
        "rule_options": vars(rule),
        "start": basket.start.isoformat(),
        "retune": basket.retune,
        "of": basket.of,
        "lookback": basket.lookback,
        "tuned_until": basket.tuned_until.isoformat(),
        "capital": basket.capital,
        "statistic": basket.statistic,
        "began": None if beginning is None else beginning.date.isoformat(),
        "verdict": None
        if verdict is None
        else {
            "level": verdict.level,
            "outcome": verdict.outcome,
            "statistic": verdict.statistic,
            "dates": verdict.dates,
        },
    }
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8),
        dates=basket.basket.dates.to_numpy().astype(np.int64),
        prices=basket.basket.values,
        z=basket.z.to_numpy(dtype=np.float64),
        ratios=basket.ratios.to_numpy(dtype=np.float64),
        whole=basket.whole.to_numpy(dtype=np.float64),
        draws=np.empty(0) if verdict is None else verdict.draws,
        innovations=basket.innovations.to_numpy(dtype=np.float64),
        bands=np.empty((2, 0)) if beginning is None else np.stack([beginning.ratios, beginning.deviations]),
    )
    write_whole(path, buffer.getvalue())


def load_basket(path: Any) -> FollowedBasket:
    """Read a followed basket that `save_basket` wrote.

    Raises
    ------
    FileFormatError
        If the file is missing, damaged or something else.
    """
    try:
        with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        facts = json.loads(arrays["facts"].tobytes().decode())
        if facts["kind"] != KIND:
            raise ValueError
        if facts["version"] not in (1, VERSION):
            raise FileFormatError(
                f"{path} must be a basket of format {VERSION}, got format {facts['version']}. Run `statefolio pairs` "
                "again with this version."
            )
        return _restored(facts, arrays)
    except (OSError, BadZipFile, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(
            f"{path} must be a basket that `statefolio pairs` saved, got a file that cannot be read as one. Name the "
            "folder of its results, or its basket.state."
        ) from error


def _restored(facts: dict[str, Any], arrays: dict[str, Any]) -> FollowedBasket:
    dates = pd.DatetimeIndex(arrays["dates"].view(facts["dates"]), name="date")
    assets = pd.Index(facts["assets"])
    start = pd.Timestamp(facts["start"])
    z = pd.Series(arrays["z"], index=dates[dates >= start], name="z_score")
    hedge: Hedge = _HEDGES[facts["hedge"]](**facts["hedge_options"])
    began, ratios = facts.get("began"), assets[1:]  # neither bands nor innovations in format 1
    beginning = began and Beginning(pd.Timestamp(began), *(pd.Series(each, ratios) for each in arrays["bands"]))
    innovations = arrays.get("innovations", np.full(len(dates), np.nan))
    verdict = None if facts["verdict"] is None else SavedVerdict(arrays["draws"], **facts["verdict"])
    return FollowedBasket(
        hedge,
        _RULES[facts["rule"]](**facts["rule_options"]),
        Basket(arrays["prices"], dates, assets),
        start,
        facts["retune"],
        facts["of"],
        facts["lookback"],
        z,
        pd.Timestamp(facts["tuned_until"]),
        pd.Series(arrays["ratios"], index=assets[1:], name="ratio"),
        pd.Series(arrays["whole"], index=assets, name="weight"),
        float(facts["capital"]),
        float(facts["statistic"]),
        pd.Series(innovations, index=dates, name="innovation"),
        beginning,
        verdict,
    )
