"""Makes the hedge, the hedges of the walk and the trading rule from the options of `pairs`."""

from typing import Any

import pandas as pd

from statefolio.commands.pairs.options import PairsOptions, TradingOptions
from statefolio.commands.pairs.tuning_schedule import tuned_again
from statefolio.exceptions import InputError
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.trading.rules import Bands, Linear, Rule
from statefolio.pairs.trading.walk_forward import usual_hedges

REPEATED_PASSES = 200
"""Most passes of the recipe in each draw and at each tuning of the walk."""
WINDOW = 60
_ONLY_WITH = {"delta": "fixed", "ve": "fixed", "window": "rolling"}
_OF_BANDS = {"entry": 1.0, "leave": 0.0, "stop": None, "longest": None}


def check_hedge_options(options: TradingOptions) -> None:
    """Refuse options that the tuning or the rule does not use.

    Raises
    ------
    InputError
    """
    for name, tuning in _ONLY_WITH.items():
        given = getattr(options, name)
        if given is not None and options.tuning != tuning:
            raise InputError(
                f"--{name} must be left out with --tuning {options.tuning}, got {given:g}. Pass --tuning {tuning}, or "
                f"leave out --{name}."
            )
    if options.rule != "bands":
        for name, default in _OF_BANDS.items():
            if getattr(options, name) != default:
                typed = "exit" if name == "leave" else name
                raise InputError(
                    f"--{typed} must be left out with --rule {options.rule}, which has no such bands, got "
                    f"{getattr(options, name)}. Pass --rule bands, or leave out --{typed}."
                )


def make_hedge(options: TradingOptions) -> Hedge:
    """Return the hedge that the options ask for, not fitted."""
    if options.tuning == "static":
        return StaticHedge("johansen", logs=options.logs)
    if options.tuning == "rolling":
        return RollingHedge(options.window or WINDOW, logs=options.logs)
    if options.tuning == "fixed":
        hedge: Hedge = KalmanHedge("identity", "fixed", logs=options.logs).set_params(**_fixed(options))
        return hedge
    return KalmanHedge("stationary", options.tuning, passes=options.passes, logs=options.logs)


def walked_hedges(options: PairsOptions) -> dict[str, Hedge]:
    """Return the hedges of the walk by name; the one that the options ask for is among them."""
    hedges = usual_hedges()
    for hedge in hedges.values():
        hedge.set_params(logs=options.logs)
    hedges["stationary, adaptive"].set_params(passes=min(options.passes, REPEATED_PASSES))
    if options.window is not None:
        hedges["rolling"].set_params(window=options.window)
    if options.tuning == "fixed":
        hedges["identity"].set_params(**_fixed(options))
    return hedges


def walked_name(tuning: str) -> str:
    """Return the name among `walked_hedges` of the hedge of a tuning."""
    return {"fixed": "identity", "adaptive": "stationary, adaptive", "mle": "stationary, maximum likelihood"}.get(
        tuning, tuning
    )


def make_rule(options: TradingOptions) -> Rule:
    """Return the trading rule."""
    if options.rule != "bands":
        return Linear()
    return Bands(options.entry, options.leave, options.stop, options.longest)


def score_options(options: TradingOptions) -> dict[str, Any]:
    """Return the options of the z-score: of the innovation, or of the spread over a look-back."""
    return {} if options.lookback is None else {"of": "spread", "lookback": options.lookback}


def next_tuning(options: PairsOptions, date: pd.Timestamp) -> str:
    """Describe when a hedge that is tuned up to a date is to be tuned again."""
    return tuned_again(options.tuning, options.retune, date)


def _fixed(options: TradingOptions) -> dict[str, float | None]:
    return {"delta": options.delta, "observation_variance": options.ve}
