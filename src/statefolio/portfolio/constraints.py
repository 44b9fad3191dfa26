"""What weights must keep to, by name."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._options import is_number, is_whole
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

Range = tuple[float | None, float | None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Constraints:
    """Limits on weights, as shares of the portfolio's value; what is not named is free.

    What contradicts itself whatever the date is refused here. What cannot be kept on some date only (positions of at
    most 10 % each, and five assets) is for the decision of that date to say.

    Parameters
    ----------
    lower, upper
        Boxes: a number, or one by asset (an asset not named takes 0 and 1). Infinite: free. A `ModelPolicy` refuses a
        name that the market lacks.
    net
        What the weights sum to: a number, or (least, most) with None for no limit.
    gross
        Most that absolute weights may sum to.
    groups, group_limits
        The group of each asset, and the net weight that each group named may take: (least, most). An asset without a
        group is in none, and no limit on groups holds it.
    factor_limits
        Exposure of the portfolio to each factor named: (least, most).
    exposure_confidence
        Where given (.95, say), a factor limit holds with this probability, at least, under the loadings' own error:
        |beta'w| + z sqrt(sum w_i^2 var_i) stays within it. z is of one side where the limit has one side, of both
        where it has two; assets' errors are independent. The set of weights stays convex (a second-order cone).
    turnover
        Most that absolute changes of weights may sum to at a decision, sales and purchases both counted. Buying a
        portfolio while nothing is held is exempt from this and the next, whenever it happens: from cash, no limit below
        the net weight could be kept. What a `ModelPolicy` sells because it is no part of the problem (without a
        covariance or a forecast) comes on top.
    daily_turnover
        The same a date on average: at a decision, this times the dates since the former one, of which the first
        decision has none. .08 is 8 % a day.
    max_holdings
        Most assets that may have a weight. Exact by branch and bound where that ends soon, else the best found.
    volume_share
        Most that a position may be of the asset's usual dollar volume of a date; needs volumes.
    no_trade_band
        A position closer than this to the weight wanted is left as it is, and the others are solved for again; where
        they cannot keep to the constraints then, positions with the largest trades wanted are released.

    Raises
    ------
    InputError
        If a limit contradicts itself or another, or is no number.
    UnknownNameError
        If a limit is on a group that no asset is in.
    """

    lower: "float | pd.Series[float] | Mapping[str, float]" = 0.0
    upper: "float | pd.Series[float] | Mapping[str, float]" = 1.0
    net: float | Range = 1.0
    gross: float | None = None
    groups: "pd.Series[str] | None" = None
    group_limits: Mapping[str, Range] | None = None
    factor_limits: Mapping[str, Range] | None = None
    exposure_confidence: float | None = None
    turnover: float | None = None
    daily_turnover: float | None = None
    max_holdings: int | None = None
    volume_share: float | None = None
    no_trade_band: float = 0.0

    def __post_init__(self) -> None:
        _check_boxes(self.lower, self.upper)
        _check_range("net", self.net, self._net)
        for name, limits in (("group_limits", self.group_limits), ("factor_limits", self.factor_limits)):
            for key, between in (limits or {}).items():
                _check_range(f"{name}[{key!r}]", between, between)
        for name in ("gross", "turnover", "daily_turnover", "volume_share", "no_trade_band"):
            given = getattr(self, name)
            if (given is not None or name == "no_trade_band") and not (is_number(given) and given >= 0.0):
                raise InputError(f"{name}={given!r}; a number, 0 or more, was expected.")
        self._check_gross()
        self._check_groups()
        self._check_holdings()
        self._check_confidence()

    @property
    def _net(self) -> object:
        return self.net if isinstance(self.net, tuple) else (self.net, self.net)

    def _check_gross(self) -> None:
        if self.gross is None:
            return
        least, most = self.net if isinstance(self.net, tuple) else (self.net, self.net)
        needed = max(least or 0.0, -(most if most is not None else 0.0), 0.0)
        if needed > self.gross:
            raise InputError(
                f"net={self.net!r} and gross={self.gross!r}; absolute weights sum to no less than weights do. Raise "
                "gross, or lower net."
            )

    def _check_groups(self) -> None:
        if self.groups is not None and not isinstance(self.groups, pd.Series):
            raise DataTypeError(f"groups is a {type(self.groups).__name__}; a Series by asset was expected.")
        if self.groups is not None and not self.groups.index.is_unique:
            raise InputError("groups names an asset twice; each was expected once. Drop one of them.")
        if not self.group_limits:
            return
        if self.groups is None:
            raise InputError("group_limits is given without groups; the group of each asset was expected. Give groups.")
        unknown = [name for name in self.group_limits if name not in set(self.groups)]
        if unknown:
            raise UnknownNameError(
                f"group_limits names {unknown[0]!r}, and no asset is in it; one of "
                f"{sorted(set(self.groups.dropna()))!r} was expected. Check its spelling."
            )

    def _check_holdings(self) -> None:
        most = self.max_holdings
        if most is not None and not (is_whole(most) and most >= 1):
            raise InputError(f"max_holdings={most!r}; a whole number from 1 on was expected.")

    def _check_confidence(self) -> None:
        confidence = self.exposure_confidence
        if confidence is None:
            return
        if not (is_number(confidence) and 0.5 <= confidence < 1.0):
            raise InputError(
                f"exposure_confidence={confidence!r}; a probability from .5 to below 1 was expected. Try .95."
            )
        if not self.factor_limits:
            raise InputError(
                "exposure_confidence is given without factor_limits; exposures to hold with that confidence were "
                "expected. Give factor_limits, or leave it out."
            )


def _check_boxes(lower: object, upper: object) -> None:
    for name, bound in (("lower", lower), ("upper", upper)):
        wrong = np.inf if name == "lower" else -np.inf
        for value in _numbers(name, bound):
            if not is_number(value) or np.isnan(value) or value == wrong:
                raise InputError(
                    f"{name} is or has {value!r}; finite numbers were expected, or {-wrong} for no bound. Leave assets "
                    "without a bound of their own out."
                )
    if is_number(lower) and is_number(upper) and lower > upper:
        raise InputError(f"lower={lower!r} is above upper={upper!r}; it was expected at or below. Exchange them.")


def _numbers(name: str, bound: object) -> list[object]:
    if isinstance(bound, pd.Series) and not bound.index.is_unique:
        raise InputError(f"{name} names an asset twice; each was expected once. Drop one of them.")
    if isinstance(bound, Mapping | pd.Series):
        return list(bound.to_numpy() if isinstance(bound, pd.Series) else bound.values())
    if np.ndim(bound) or bound is None:  # type: ignore[arg-type]
        raise DataTypeError(
            f"{name} is a {type(bound).__name__}; a number, or a Series or mapping by asset, was expected. Name assets."
        )
    return [bound]


def _check_range(name: str, given: object, between: object) -> None:
    """Raise for what is no (least, most); `given` is what the user wrote."""
    if not isinstance(between, tuple | list) or len(between) != 2:
        raise InputError(f"{name}={given!r}; (least, most) was expected, with None for no limit.")
    if not all(end is None or is_number(end) for end in between):
        raise InputError(f"{name}={given!r}; numbers were expected, with None for no limit.")
    least, most = (free if end is None else end for end, free in zip(between, (-np.inf, np.inf), strict=True))
    if not least <= most:
        raise InputError(f"{name}={given!r}; (least, most) was expected, the first at or below the second.")
