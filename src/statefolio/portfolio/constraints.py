"""What weights must keep to, by name."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

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
        Boxes: a number, or one by asset (an asset not named takes 0 and 1). Infinite: free.
    net
        What the weights sum to: a number, or (least, most) with None for no limit.
    gross
        Most that absolute weights may sum to.
    groups, group_limits
        The group of each asset, and the net weight that each group named may take: (least, most).
    factor_limits
        Exposure of the portfolio to each factor named: (least, most).
    exposure_confidence
        Where given (.95, say), a factor limit holds with this probability, at least, under the loadings' own error:
        |beta'w| + z sqrt(sum w_i^2 var_i) stays within it. z is of one side where the limit has one side, of both
        where it has two; assets' errors are independent. The set of weights stays convex (a second-order cone).
    turnover
        Most that absolute changes of weights may sum to at a decision, sales and purchases both counted. A first
        portfolio, bought from cash, is exempt from this and the next. What a `ModelPolicy` sells because it is no
        part of the problem (without a covariance or a forecast) comes on top.
    daily_turnover
        The same a date on average: at a decision, this times the dates since the former one. .08 is 8 % a day.
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
        _check_range("net", self.net if isinstance(self.net, tuple) else (self.net, self.net))
        for name, limits in (("group_limits", self.group_limits), ("factor_limits", self.factor_limits)):
            for key, between in (limits or {}).items():
                _check_range(f"{name}[{key!r}]", between)
        for name in ("gross", "turnover", "daily_turnover", "volume_share", "no_trade_band"):
            _check_not_negative(name, getattr(self, name))
        self._check_gross()
        self._check_groups()
        self._check_holdings()

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
        if not self.group_limits:
            return
        if self.groups is None:
            raise InputError("group_limits is given without groups; the group of each asset was expected. Give groups.")
        if not isinstance(self.groups, pd.Series):
            raise DataTypeError(f"groups is a {type(self.groups).__name__}; a Series by asset was expected.")
        unknown = [name for name in self.group_limits if name not in set(self.groups)]
        if unknown:
            raise UnknownNameError(
                f"group_limits names {unknown[0]!r}, and no asset is in it; one of {sorted(set(self.groups))!r} was "
                "expected. Check its spelling."
            )

    def _check_holdings(self) -> None:
        if self.max_holdings is not None and not (
            self.max_holdings >= 1 and self.max_holdings == int(self.max_holdings)
        ):
            raise InputError(f"max_holdings={self.max_holdings!r}; a whole number from 1 on was expected.")
        confidence = self.exposure_confidence
        if confidence is not None and not 0.5 <= confidence < 1.0:
            raise InputError(
                f"exposure_confidence={confidence!r}; a probability from .5 to below 1 was expected. Try .95."
            )


def _check_boxes(lower: "float | pd.Series[float] | Mapping[str, float]", upper: object) -> None:
    for name, bound in (("lower", lower), ("upper", upper)):
        values = pd.Series(bound, dtype=np.float64)
        wrong = np.inf if name == "lower" else -np.inf
        if values.isna().any() or (values == wrong).any():
            raise InputError(
                f"{name} has {int(values.isna().sum())} values that are NaN, or one that is {wrong}; finite numbers "
                f"were expected, or {-wrong} for no bound. Leave assets without a bound of their own out."
            )
    if np.isscalar(lower) and np.isscalar(upper) and lower > upper:  # type: ignore[operator]
        raise InputError(f"lower={lower!r} is above upper={upper!r}; it was expected at or below. Exchange them.")


def _check_range(name: str, between: object) -> None:
    if not isinstance(between, tuple | list) or len(between) != 2:
        raise InputError(f"{name}={between!r}; (least, most) was expected, with None for no limit.")
    least, most = (free if given is None else given for given, free in zip(between, (-np.inf, np.inf), strict=True))
    if not least <= most:
        raise InputError(f"{name}={between!r}; (least, most) was expected, the first at or below the second.")


def _check_not_negative(name: str, given: float | None) -> None:
    if given is not None and not given >= 0.0:
        raise InputError(f"{name}={given!r}; a number, 0 or more, was expected.")
