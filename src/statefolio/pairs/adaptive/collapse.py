"""Detects that adaptive tuning has collapsed: five conditions, each with its threshold.

Each pass sets the measurement variance to the mean squared residual of the pass before it, so that it falls from pass
to pass. Once it is negligible the filter reproduces every price, and statistics of its spread mean nothing.
"""

from dataclasses import dataclass

from statefolio._display.shown import ShownFields
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

SOUND, PERSISTENCE, MEASUREMENT, GAIN, OWN_INPUT, START = range(6)

NO_REVERSION = "persistence"
REASONS = ("", NO_REVERSION, "measurement variance", "gain of one", "spread is its own input", "start covariance")

SMALLEST_MEASUREMENT = 1e-10  # measurement variance, as a share of the price's variance
SMALLEST_NOISE_SHARE = 1e-8  # mean over dates of R / S
SMALLEST_RESIDUAL = 1e-10  # residual variance, as a share of the spread's variance
SMALLEST_START_SHARE = 1e-10  # part of the start covariance in the first innovation's variance


@dataclass(frozen=True, repr=False)
class Collapse(ShownFields):
    """The pass at which adaptive tuning collapsed, and why.

    Attributes
    ----------
    reason : str
        "measurement variance", "gain of one", "spread is its own input", "start covariance" or "persistence".
    at_pass : int
        The first pass that is not sound, counted from 1.
    last_sound : int
        The pass before it; 0 if the first pass collapsed.
    detail : str
        One sentence with the numbers.
    """

    reason: str
    at_pass: int
    last_sound: int
    detail: str


@compiled
def find_collapse(
    persistence, observation_variance, residual_variance, price_variance, spread_variance, noise_share, start_share
):
    """Return SOUND, or the code of the first condition under which a pass has collapsed.

    Parameters
    ----------
    persistence : float
        The estimate of a before it is limited to [-1, 1].
    observation_variance, residual_variance : float
        R of the pass, and its mean squared residual: R of the next pass.
    price_variance, spread_variance : float
        Variances of x_1 and of the filtered spread.
    noise_share, start_share : float
        As in `Fit`.
    """
    if not abs(persistence) < 1.0:
        return PERSISTENCE
    if not min(observation_variance, residual_variance) >= SMALLEST_MEASUREMENT * price_variance:
        return MEASUREMENT
    if not noise_share >= SMALLEST_NOISE_SHARE:
        return GAIN
    if not residual_variance >= SMALLEST_RESIDUAL * spread_variance:
        return OWN_INPUT
    if not start_share >= SMALLEST_START_SHARE:
        return START
    return SOUND


def describe(
    code: int,
    *,
    persistence: float,
    observation_variance: float,
    residual_variance: float,
    price_variance: float,
    spread_variance: float,
    noise_share: float,
    start_share: float,
) -> str:
    """Describe with its numbers how a pass has collapsed; the arguments are those of `find_collapse`."""
    return {
        PERSISTENCE: (
            f"the level's autoregression is {persistence:.6g}, so that 1 - a^2 is not a variance: "
            "the level does not revert, and there is no next pass"
        ),
        MEASUREMENT: (
            f"the measurement variance went from {observation_variance:.3g} to {residual_variance:.3g}, "
            f"{residual_variance / price_variance:.1g} of the price's variance {price_variance:.4g}: "
            "the filter reproduces the price"
        ),
        GAIN: f"the filter attributes only {noise_share:.1g} of an innovation to noise: it reproduces the price",
        OWN_INPUT: (
            f"the variance of the filtered spread minus the level is {residual_variance:.3g}, "
            f"{residual_variance / spread_variance:.1g} of the spread's variance: the spread is its own input"
        ),
        START: (
            f"the start covariance makes up only {start_share:.1g} of the first innovation's variance: "
            "the start of the passes no longer matters"
        ),
    }[code]
