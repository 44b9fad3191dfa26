"""Limits on portfolio weights, by name."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio._options import Kind, Number, Whole, check_options
from statefolio.exceptions import InputError, StatefolioWarning, UnknownNameError
from statefolio.portfolio.contradictions import Given, contradictory, ends_of, numbers_by_asset, pools_of
from statefolio.portfolio.limit_checks import check_bounds, check_range, check_unique, named_bounds

Range = tuple[float | None, float | None]

RULES = {
    "group_limits": Kind(Mapping, "a mapping from group to (least, most)", "{'tech': (0.0, 0.3)}") | None,
    "factor_limits": Kind(Mapping, "a mapping from factor to (least, most)", "{'MKT': (-0.1, 0.1)}") | None,
    "gross": Number(at_least=0.0, infinite=True, example=1.5) | None,
    "turnover": Number(at_least=0.0, infinite=True, example=0.3) | None,
    "daily_turnover": Number(at_least=0.0, infinite=True, example=0.08) | None,
    "volume_share": Number(at_least=0.0, infinite=True, example=0.05) | None,
    "no_trade_band": Number(at_least=0.0, infinite=True, example=0.005),
    "groups": Kind(pd.Series, "a Series of groups by asset", "pd.Series({'AAPL': 'tech'})") | None,
    "max_holdings": Whole(at_least=1, example=20) | None,
    "exposure_confidence": Number(at_least=0.5, below=1.0, example=0.95) | None,
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Constraints:
    """Limits on weights, as shares of the portfolio's value. A limit that is not given does not apply.

    By default the portfolio is long only and fully invested. Limits that contradict each other whatever the assets and
    the date raise an error here (three holdings of at most 10 % each, fully invested). Limits that named assets satisfy
    one at a time but not together raise a warning. Limits that cannot hold on one date only (positions of at most 10 %
    each, and five assets) are reported by the solver on that date, as are factor limits and turnover.

    Parameters
    ----------
    lower, upper
        Bounds on each weight: one number, or numbers by asset (an asset that is not named gets 0 and 1). An infinite
        number is no bound. A `ModelPolicy` raises an error for a name that the market lacks.
    net
        Sum of the weights: a number, or (least, most) with None for no limit.
    gross
        Largest sum of absolute weights.
    groups, group_limits
        The group of each asset, and the net weight of each group as (least, most). An asset without a group belongs to
        none, so that no group limit applies to it.
    factor_limits
        Exposure of the portfolio to each factor, as (least, most).
    exposure_confidence
        With e.g. 0.95, a factor limit holds with at least this probability under the estimation error of the loadings:
        ``|beta'w| + z sqrt(sum w_i^2 var_i)`` stays within the limit. z is one-sided for a limit with one side and
        two-sided for a limit with two; the errors of different assets are independent. The set of weights stays convex
        (a second-order cone).
    turnover
        Largest sum of absolute changes of weights at a decision; sales and purchases both count. The first purchase of
        a portfolio, whenever nothing is held, is exempt from this limit and the next: from cash, a limit below the net
        weight cannot hold. Assets that a `ModelPolicy` sells because they have no covariance or no forecast are not
        counted.
    daily_turnover
        The same per date on average: at a decision, this number times the dates since the last decision. The first
        decision is exempt. 0.08 is 8 % a day.
    max_holdings
        Largest number of assets with a weight. Branch and bound finds the exact optimum if it ends soon, else the best
        found is returned.
    volume_share
        Largest position as a share of the asset's usual daily dollar volume; needs dollar volumes.
    no_trade_band
        A position that is closer than this to its optimal weight is not traded, and the other weights are optimised
        again. If they then cannot satisfy the constraints, the positions with the largest optimal trades are released.
        At most the distance from `lower` to `upper`, as no position would be traded otherwise.

    Raises
    ------
    InputError
        If a limit contradicts itself or another, or is not a number.
    DataTypeError
        If bounds, groups or limits have the wrong type.
    UnknownNameError
        If there is a limit on a group that no asset belongs to.

    Examples
    --------
    At most 60 % in one asset, at least 20 % and at most 50 % in the two bonds together:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> assets = pd.Index(["stocks", "treasuries", "corporates"])
    >>> limits = sf.Constraints(
    ...     upper=0.6,
    ...     groups=pd.Series({"stocks": "equity", "treasuries": "bond", "corporates": "bond"}),
    ...     group_limits={"bond": (0.2, 0.5)},
    ... )
    >>> uncorrelated = sf.risk.LowRankCovariance(np.zeros((3, 0)), np.zeros((0, 0)), np.array([4e-4, 1e-4, 1e-4]))
    >>> problem = sf.portfolio.Problem(
    ...     assets, uncorrelated, factors=pd.Index([]), previous=np.zeros(3), constraints=limits, trade_cost=np.zeros(3)
    ... )
    >>> [round(float(w), 2) for w in sf.portfolio.MinimumVariance().solve(problem).weights]
    [0.5, 0.25, 0.25]

    Contradictions are reported at once:

    >>> sf.Constraints(lower=0.2, upper=0.1)
    Traceback (most recent call last):
    statefolio.exceptions.InputError: lower must be at most upper, 0.1, got 0.2. Exchange them.
    >>> sf.Constraints(upper=0.1, max_holdings=3)
    Traceback (most recent call last):
    statefolio.exceptions.InputError: max_holdings, upper and net must be able to hold together, got max_holdings=3, \
    upper=0.1 and net=1.0. The weights then sum to at most 0.3. Pass e.g. net=0.3, or change another limit.
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
        check_bounds(self.lower, self.upper)
        check_range("net", self.net, self._net_range)
        check_options(self, RULES)
        for name, limits in (("group_limits", self.group_limits), ("factor_limits", self.factor_limits)):
            for key, between in (limits or {}).items():
                check_range(f"{name}[{key!r}]", between, between)
        self._check_groups()
        self._check_band()
        if self.exposure_confidence is not None and not self.factor_limits:
            raise InputError(
                f"factor_limits must be given with exposure_confidence, got {self.factor_limits!r}. Pass the limits "
                "that hold with this confidence, or leave exposure_confidence out."
            )
        self._check_together()

    @property
    def _net_range(self) -> Any:
        return self.net if isinstance(self.net, tuple) else (self.net, self.net)

    def _check_together(self) -> None:
        """Raise an error for limits that no weights satisfy; warn if named assets satisfy them only one at a time."""
        given = Given(
            pools=pools_of(self.lower, self.upper, self.groups, self.group_limits),
            net=ends_of(self._net_range),
            gross=np.inf if self.gross is None else self.gross,
            max_holdings=np.inf if self.max_holdings is None else self.max_holdings,
            volume_share=np.inf if self.volume_share is None else self.volume_share,
        )
        names, within = contradictory(given)
        if names:
            raise InputError(
                f"{_and(names)} must be able to hold together, got {self._values(names)}. {_reach(given.net, within)}."
            )
        names, within = contradictory(given, together=True) if given.bounds_exclude_zero else ([], within)
        if names:
            warnings.warn(
                f"{_and(names)} cannot hold on a date with all assets whose own bounds exclude 0, got "
                f"{self._values(names)}. {_reach(given.net, within)}, unless these assets are never there together.",
                StatefolioWarning,
                stacklevel=4,
            )

    def _values(self, names: list[str]) -> str:
        """The limits of these names, with their values."""
        found = []
        for name in names:
            option, _, key = name.partition("[")
            value = getattr(self, option)
            if key:
                value = next(between for group, between in value.items() if name == f"{option}[{group!r}]")
            by_asset = isinstance(value, Mapping | pd.Series)
            found.append(f"{name} by asset" if by_asset else f"{name}={shown(value)}")
        return _and(found)

    def _check_band(self) -> None:
        """Raise an error for a band that no trade within the bounds can leave."""
        others = numbers_by_asset(self.lower, 0.0)[1], numbers_by_asset(self.upper, 1.0)[1]
        widest = max(high - low for low, high in (others, *named_bounds(self.lower, self.upper).values()))
        if self.no_trade_band > widest or np.isposinf(self.no_trade_band):
            raise InputError(
                f"no_trade_band must be at most {widest:g}, the distance from lower to upper, got "
                f"{self.no_trade_band!r}: no position would ever be traded. Pass e.g. no_trade_band=0.005 for 0.5 %."
            )

    def _check_groups(self) -> None:
        if self.groups is not None:
            check_unique("groups", self.groups)
        if not self.group_limits:
            return
        if self.groups is None:
            raise InputError("groups must be given with group_limits, got None. Pass a Series of groups by asset.")
        unknown = [name for name in self.group_limits if name not in set(self.groups)]
        if unknown:
            known = sorted(set(self.groups.dropna()))
            raise UnknownNameError(
                f"group_limits must name groups with assets ({listed(known, 9)}), got {unknown[0]!r}. Correct the name."
            )


def _reach(net: tuple[float, float], within: tuple[float, float]) -> str:
    """What net weight the other limits allow, if net is at fault, and what to do."""
    for words, bound, fault in (("least", within[0], net[1] < within[0]), ("most", within[1], net[0] > within[1])):
        if fault:
            away = np.floor if words == "most" else np.ceil
            reached = f"{away(1e4 * bound + (0.1 if words == 'most' else -0.1)) / 1e4 + 0.0:g}"
            return f"The weights then sum to at {words} {reached}. Pass e.g. net={reached}, or change another limit"
    return "Change one of them"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
