"""Options of a tuning, the hyper-parameters it learns, and the filters that they make."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.errors import robustness
from statefolio.kalman.panel import Filter, new_filter
from statefolio.kalman.panel_start import start_of
from statefolio.kalman.specification import CONSTANT, Floats, Specification
from statefolio.kalman.start import DIFFUSE, GIVEN, STATIONARY

_WEEKLY = 50.0

NOBODY, NEW_ASSETS, EVERYBODY = "nobody", "new assets", "everybody"


@dataclass(frozen=True)
class TuningSpec:
    """Options of a tuning; None means that the value is learned."""

    tuning: str
    noise: int
    gaussian: bool
    scales: bool
    reverts: bool
    common: bool
    speeds: int = 1  # of a learned variance: its own speeds are two where the panel's are more than one
    moves: bool = False  # the noise rises with the size of a date's regressors
    dates_per_year: float = 252.0  # in which half-lives of reversion to the panel are measured
    start: tuple[Floats, Floats] | None = None  # (N + 1, K) and (N + 1, K, K); the last for new assets
    from_panel: str = NOBODY  # whose loadings start as those of the panel suggest (panel_start.py)
    before_prediction: bool = False
    state_variance: Floats | None = None  # (K, N + 1)
    observation_variance: Floats | None = None  # (N + 1,)
    phi: Floats | None = None  # (K,)
    mean: Floats | None = None  # (K, N + 1)
    to_panel: bool = False  # loadings revert, from a diffuse start, to the panel's; that of a constant walks
    tails: float | None = None
    memory: float | None = None
    exponents: Floats | None = None  # (J,)
    rise: float | None = None
    fast_memory: float | None = None
    fast_weight: float | None = None
    surprise_scale: float | None = None
    discount: float | None = None
    slow_average: bool = False  # forecasts over several dates lean on the average of the past year (slow_average.py)
    uncertain: bool = False  # covariances count what is not known of the state variances of each asset

    @property
    def tunes_levels(self) -> bool:
        """True where the levels of the assets are tuned too: the solution is closed from a diffuse start."""
        given = self.start is not None or self.observation_variance is not None
        return self.noise == CONSTANT and self.gaussian and not given

    @property
    def tunes_reversion(self) -> bool:
        """False where loadings revert to the panel's and dates are rarer than weekly: persistence has a usual value."""
        return not self.to_panel or self.dates_per_year > _WEEKLY

    @property
    def settled(self) -> bool:
        """True where loadings revert from their stationary distribution."""
        return self.reverts and not self.to_panel

    @property
    def leans(self) -> bool:
        """True where a tuning learns how far forecasts over several dates lean on the average of the past year."""
        return self.slow_average and self.to_panel and self.tuning != "fixed"

    def select(self, columns: NDArray[np.intp]) -> "TuningSpec":
        """Return the options of some columns."""
        names = ("state_variance", "observation_variance", "mean")
        chosen = {name: part[..., columns] for name in names if (part := getattr(self, name)) is not None}
        start = self.start and (self.start[0][columns], self.start[1][columns])
        return replace(self, **chosen, start=start)


@dataclass(frozen=True)
class Learned:
    """Hyper-parameters of a panel, one column per asset; the last column is for an asset not seen yet."""

    spec: Specification
    state_variance: Floats  # (K, N), signal-to-noise where `spec.scales`
    level: Floats  # (N,)
    phi: Floats  # (K, N)
    mean: Floats  # (K, N)
    exponents: Floats  # (J,) of the common volatility levels; none where there is no common volatility
    rise: float  # of the noise with the size of a date's regressors
    pilot_ratio: Floats  # (K,) signal-to-noise of the filter that gives the common volatility level
    standard_error: Floats  # (1 + K, N) of the level and the state variances
    converged: NDArray[np.bool_]  # (N,)
    reason: NDArray[np.str_]  # (N,)
    teaches: NDArray[np.bool_]  # (N,) whether the asset has a residual, and so a part in what the panel shares
    origin: Floats | None = None  # (2, K) means and deviations of the loadings with which assets start that
    from_panel: NDArray[np.bool_] | None = None  # (N,) have the panel's as their start
    likeliest: Floats | None = None  # (K, N) state variances at the maximum, where the filter takes expected ones
    lean: Floats | None = None  # (H, 3, K) of forecasts over several dates (horizon_weights.py)
    error_variance: Floats | None = None  # (K, N) as state_variance, of the errors of the filter (errors.py)

    def with_newcomers(self, count: int) -> "Learned":
        """Append `count` assets that tuning has not seen, with the hyper-parameters of the last column."""
        return self.select(np.concatenate([np.arange(self.level.size), np.full(count, -1)]))

    def select(self, columns: NDArray[np.intp]) -> "Learned":
        """Return the hyper-parameters of some columns."""
        names = ("state_variance", "level", "phi", "mean", "standard_error", "converged", "reason", "teaches")
        chosen = {name: getattr(self, name)[..., columns] for name in names}
        optional = {name: getattr(self, name) for name in ("from_panel", "likeliest", "error_variance")}
        chosen |= {name: part[..., columns] for name, part in optional.items() if part is not None}
        return replace(self, **chosen)


def build(options: TuningSpec, learned: Learned) -> Filter:
    """Build the filter of these hyper-parameters, before its first date."""
    panel_start = None if learned.origin is None else start_of(learned.origin, learned.spec.noise, learned.level[:-1])
    return new_filter(
        learned.spec,
        learned.state_variance[:, :-1],
        learned.level[:-1],
        phi=learned.phi[:, :-1],
        mean=learned.mean[:, :-1],
        start=_start(options) or panel_start,
        kind=start_kinds(options, learned.phi),
        known=None if learned.from_panel is None else learned.from_panel[:-1],
        before_prediction=options.before_prediction,
        error_variance=_of_errors(learned),
    )


def _of_errors(learned: Learned) -> Floats | None:
    """Return the variances of steps (K, N) that errors move with."""
    if learned.error_variance is None:
        return None
    return learned.error_variance[:, :-1] * robustness(learned.spec.tails).steps


def build_pilot(options: TuningSpec, learned: Learned) -> Filter:
    """Build the Gaussian filter of constant variances that gives the common volatility level."""
    plain = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
    level = learned.level[:-1]
    panel_start = None if learned.origin is None else start_of(learned.origin, CONSTANT, level)
    return new_filter(
        plain,
        learned.pilot_ratio[:, None] * level,
        level,
        start=_start(options) or (panel_start if options.from_panel == EVERYBODY else None),
        before_prediction=options.before_prediction,
    )


def _start(options: TuningSpec) -> tuple[Floats, Floats] | None:
    return None if options.start is None else (options.start[0][:-1], options.start[1][:-1])


def start_kinds(options: TuningSpec, phi: Floats) -> NDArray[np.int64]:
    """Return how each state starts: given, stationary or diffuse."""
    if options.start is not None:
        return np.full(phi.shape[0], GIVEN)
    return np.where(options.settled & (phi < 1.0).all(axis=1), STATIONARY, DIFFUSE)
